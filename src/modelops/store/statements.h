/* Inside the store: the prepared statements of one connection, least recently used first out. */
#ifndef MODELOPS_STORE_STATEMENTS_H
#define MODELOPS_STORE_STATEMENTS_H

#include "modelops/base/list.h"
#include "modelops/base/map.h"

enum { STATEMENTS_MAX = 1024 };

/* A statement; the driver's handle is one of HANDLE and NUMBER. */
struct statement {
	struct mo_list node; /* private */
	const char *sql;     /* interned: the same text is the same pointer */
	void *handle;
	uint64_t number;
};

struct statements {
	struct mo_map by_sql;
	struct mo_list used; /* the oldest in front */
};

void statements_init(struct statements *s);

/* The statement of SQL, which is now the last used; NULL when it is not there. */
struct statement *statements_get(struct statements *s, const char *sql);

/* The statement that has to leave (the driver ends it, then statements_remove) before another is
 * added; NULL while there is room. */
struct statement *statements_full(struct statements *s);

/* Room for SQL's statement, to be filled; NULL when memory is out. */
struct statement *statements_add(struct statements *s, const char *sql);

void statements_remove(struct statements *s, struct statement *st);

/* The oldest, or NULL: to end them all. */
struct statement *statements_oldest(struct statements *s);

void statements_free(struct statements *s); /* all are removed */

#endif
