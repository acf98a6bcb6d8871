/* State moves and updates of columns, and filters of lists, made from column tables. */
#include "modelops/store/move.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/store/records.h"

#include <stdio.h>
#include <string.h>

enum { SETS_MAX = 16, SQL_TEXT = 1024 };

static struct db_arg arg_of(const struct db_table *t, const struct store_set *s)
{
	bool known = false;

	for (size_t i = 0; i < t->ncols; i++)
		known = known || mo_streq(t->cols[i].name, s->column);
	MO_ASSERT(known);
	switch (s->type) {
	case STORE_SET_TEXT:
		return DB_T(s->text);
	case STORE_SET_TIME:
		return DB_AT(s->number);
	default:
		return DB_I(s->number);
	}
}

/* "a = ?3, b = ?4" from parameter FIRST on. */
static void print_sets(char out[SQL_TEXT], const struct db_table *t, const struct store_set *sets,
	size_t nsets, size_t first, struct db_arg *args)
{
	size_t n = 0;

	MO_ASSERT(nsets <= SETS_MAX);
	out[0] = '\0';
	for (size_t i = 0; i < nsets; i++) {
		args[i] = arg_of(t, &sets[i]);
		n += (size_t)snprintf(out + n, SQL_TEXT - n, "%s%s = ?%zu", i ? ", " : "",
			sets[i].column, first + i);
		MO_ASSERT(n < SQL_TEXT);
	}
}

int db_move(struct store_tx *tx, const struct db_table *t, const struct state_table *states,
	const char *tenant, const char *id, int to, const struct store_set *sets, size_t nsets,
	bool *ret_moved, struct mo_err *err)
{
	struct db_arg args[SETS_MAX + 3] = { DB_T(id), DB_T(state_name(states, to)) };
	char text[SQL_TEXT], owner[40] = "";
	size_t n = 2 + nsets;
	int64_t changed;

	print_sets(text, t, sets, nsets, 3, args + 2);
	if (tenant) {
		args[n++] = DB_T(tenant);
		snprintf(owner, sizeof(owner), " AND tenant_id = ?%zu", n);
	}
	const char *from = db_states_in(tx, states, state_sources(states, to), err);
	if (!from)
		return -1;
	const char *sql =
		db_sql(tx, err, "UPDATE %s SET state = ?2%s%s WHERE id = ?1 AND state IN (%s)%s",
			t->name, nsets ? ", " : "", text, from, owner);
	if (!sql || db_exec(tx, sql, args, n, &changed, err) < 0)
		return -1;
	*ret_moved = changed > 0;
	return 0;
}

int db_set(struct store_tx *tx, const struct db_table *t, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	struct db_arg args[SETS_MAX + 2] = { DB_T(id) };
	char text[SQL_TEXT], owner[40] = "";
	size_t n = 1 + nsets;
	int64_t changed;

	MO_ASSERT(nsets > 0);
	print_sets(text, t, sets, nsets, 2, args + 1);
	if (tenant) {
		args[n++] = DB_T(tenant);
		snprintf(owner, sizeof(owner), " AND tenant_id = ?%zu", n);
	}
	const char *sql = db_sql(tx, err, "UPDATE %s SET %s WHERE id = ?1%s", t->name, text, owner);
	if (!sql || db_exec(tx, sql, args, n, &changed, err) < 0)
		return -1;
	return changed ? 0 : mo_fail(err, MO_ENOTFOUND, "no %s '%.80s'", t->noun, id);
}

struct told {
	char id[MO_ID_MAX], tenant[MO_ID_MAX];
	bool found;
};

static int take_told(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct told *told = ctx;

	told->found = mo_str_copy(told->id, sizeof(told->id), db_text(row, 0)) == 0 &&
		      mo_str_copy(told->tenant, sizeof(told->tenant), db_text(row, 1)) == 0;
	return 0;
}

int db_tell(struct store_tx *tx, const struct db_table *t, const char *id, const char *noun,
	const char *id_column, struct mo_err *err)
{
	struct told told = { .found = false };

	if (db_run(tx,
		    db_sql(tx, err, "SELECT %s, tenant_id FROM %s WHERE id = ?1", id_column,
			    t->name),
		    DB_ARGS(DB_T(id)), take_told, &told, NULL, err) < 0)
		return -1;
	return told.found ? store_change(tx, noun, told.tenant, told.id, err) : 0;
}

static void add(struct db_where *w, const char *condition, struct db_arg arg)
{
	size_t n = strlen(w->sql);

	MO_ASSERT(w->n < DB_WHERE_ARGS);
	w->args[w->n++] = arg;
	n += (size_t)snprintf(w->sql + n, sizeof(w->sql) - n, "%s%s ?%zu", n ? " AND " : "WHERE ",
		condition, w->n);
	MO_ASSERT(n < sizeof(w->sql));
}

void db_where_text(struct db_where *w, const char *condition, const char *value)
{
	if (value)
		add(w, condition, DB_T(value));
}

void db_where_int(struct db_where *w, const char *condition, int64_t value)
{
	add(w, condition, DB_I(value));
}

int db_list_where(struct store_tx *tx, const struct db_table *t, const struct db_where *w,
	const char *tail, struct mo_arena *a, void **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(
		tx, t, db_sql(tx, err, "%s %s", w->sql, tail), w->args, w->n, a, ret, ret_n, err);
}

/* The limit is an argument: as text of the statement, each page size would be one of its own. */
int db_list_page(struct store_tx *tx, const struct db_table *t, struct db_where *w,
	const char *tail, int64_t limit, struct mo_arena *a, void **ret, size_t *ret_n,
	struct mo_err *err)
{
	MO_ASSERT(w->n < DB_WHERE_ARGS);
	w->args[w->n++] = DB_I(limit);
	return db_list(tx, t, db_sql(tx, err, "%s %s LIMIT ?%zu", w->sql, tail, w->n), w->args,
		w->n, a, ret, ret_n, err);
}
