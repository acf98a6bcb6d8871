/* Prepared statements of one connection: found by the pointer of their text, kept in the order of
 * their use. */
#include "modelops/store/statements.h"

#include "modelops/base/check.h"

#include <stdlib.h>

void statements_init(struct statements *s)
{
	mo_map_init(&s->by_sql, STATEMENTS_MAX);
	mo_list_init(&s->used);
}

struct statement *statements_get(struct statements *s, const char *sql)
{
	struct statement *st = mo_map_get(&s->by_sql, (const char *)&sql, sizeof(sql));

	if (st) {
		mo_list_remove(&st->node);
		mo_list_push(&s->used, &st->node);
	}
	return st;
}

struct statement *statements_oldest(struct statements *s)
{
	return mo_list_empty(&s->used) ? NULL : MO_LIST_ENTRY(s->used.next, struct statement, node);
}

struct statement *statements_full(struct statements *s)
{
	return s->by_sql.used < STATEMENTS_MAX ? NULL : statements_oldest(s);
}

struct statement *statements_add(struct statements *s, const char *sql)
{
	struct statement *st = calloc(1, sizeof(*st));

	if (st && mo_map_set(&s->by_sql, (const char *)&sql, sizeof(sql), st, NULL) < 0) {
		free(st);
		return NULL;
	}
	if (st) {
		st->sql = sql;
		mo_list_push(&s->used, &st->node);
	}
	return st;
}

void statements_remove(struct statements *s, struct statement *st)
{
	mo_map_remove(&s->by_sql, (const char *)&st->sql, sizeof(st->sql));
	mo_list_remove(&st->node);
	free(st);
}

void statements_free(struct statements *s)
{
	MO_ASSERT(mo_list_empty(&s->used));
	mo_map_free(&s->by_sql);
}
