/* Shared by the nouns' headers. TENANT is a tenant id; NULL means all tenants (platform admin
 * lists, controller, agent). Rows and their texts are allocated in A. Another tenant's row answers
 * like an absent one: MO_ENOTFOUND. Lists come newest first unless said; PAGE->after is the cursor
 * of the last row shown. Text filters that are NULL do not filter. Inserts take every member of the
 * row, ids and times too. */
#ifndef MODELOPS_STORE_MOVES_H
#define MODELOPS_STORE_MOVES_H

#include "modelops/store/store.h"

#include <stddef.h>

/* A column that a move or an update sets. COLUMN is a member of the noun's struct; another name is
 * our bug. */
enum store_set_type { STORE_SET_TEXT, STORE_SET_INT, STORE_SET_TIME };
struct store_set {
	const char *column;
	enum store_set_type type;
	const char *text; /* NULL clears */
	int64_t number;   /* a time of 0 clears */
};

#define SET_TEXT(column, value) ((struct store_set){ (column), STORE_SET_TEXT, (value), 0 })
#define SET_INT(column, value)  ((struct store_set){ (column), STORE_SET_INT, NULL, (value) })
#define SET_TIME(column, value) ((struct store_set){ (column), STORE_SET_TIME, NULL, (value) })

/* Two arguments: the array and its length. SETS(SET_TEXT("reason", r), SET_TIME("finished_at",
 * now)) */
#define SETS(...) \
	(const struct store_set[]){ __VA_ARGS__ }, \
		sizeof((const struct store_set[]){ __VA_ARGS__ }) / sizeof(struct store_set)
#define NO_SETS NULL, 0

/* Every store_X_move(tx, tenant, id, to, SETS(...), &moved, err) is one UPDATE ... WHERE state IN
 * (what domain's table lets move to TO). moved is false when the row is absent, another tenant's or
 * in a state that may not: no error, nothing changed. Every store_X_set changes columns other than
 * the state; MO_ENOTFOUND when there is no such row. */

#endif
