/* What every tenant-owned noun does alike: get, find, page, delete. */
#include "modelops/store/rows.h"

#include "modelops/base/str.h"

#include <string.h>

/* Two texts per query, so that the planner sees a plain equality: with a tenant and without. */
int db_get_owned(struct store_tx *tx, const struct db_table *t, const char *tenant, const char *id,
	struct mo_arena *a, void **ret, struct mo_err *err)
{
	if (!tenant)
		return db_get(tx, t, "WHERE id = ?1", DB_ARGS(DB_T(id)), id, a, ret, err);
	return db_get(tx, t, "WHERE id = ?1 AND tenant_id = ?2", DB_ARGS(DB_T(id), DB_T(tenant)),
		id, a, ret, err);
}

int db_find_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *id_or_name, struct mo_arena *a, void **ret, struct mo_err *err)
{
	if (!tenant)
		return db_get(
			tx, t, "WHERE id = ?1", DB_ARGS(DB_T(id_or_name)), id_or_name, a, ret, err);
	return db_get(tx, t, "WHERE (id = ?1 OR name = ?1) AND tenant_id = ?2",
		DB_ARGS(DB_T(id_or_name), DB_T(tenant)), id_or_name, a, ret, err);
}

int db_find_in_project(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *project_id, const char *prefix, const char *ref, struct mo_arena *a, void **ret,
	struct mo_err *err)
{
	const char *column = mo_id_valid(ref, strlen(ref), prefix) ? "id" : "name";

	if (!tenant)
		return db_get(tx, t, db_sql(tx, err, "WHERE project_id = ?1 AND %s = ?2", column),
			DB_ARGS(DB_T(project_id), DB_T(ref)), ref, a, ret, err);
	return db_get(tx, t,
		db_sql(tx, err, "WHERE project_id = ?1 AND %s = ?2 AND tenant_id = ?3", column),
		DB_ARGS(DB_T(project_id), DB_T(ref), DB_T(tenant)), ref, a, ret, err);
}

/* Sorts after every id in every collation: no prefix begins with z. */
static const char *before(const struct store_page *page)
{
	return page->after ? page->after : "zzzz";
}

int db_page_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const struct store_page *page, struct mo_arena *a, void **ret, size_t *ret_n,
	struct mo_err *err)
{
	if (!tenant)
		return db_list(tx, t, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
			DB_ARGS(DB_T(before(page)), DB_I(page->limit)), a, ret, ret_n, err);
	return db_list(tx, t, "WHERE id < ?1 AND tenant_id = ?3 ORDER BY id DESC LIMIT ?2",
		DB_ARGS(DB_T(before(page)), DB_I(page->limit), DB_T(tenant)), a, ret, ret_n, err);
}

int db_page_where(struct store_tx *tx, const struct db_table *t, const char *column,
	const char *value, const char *tenant, const struct store_page *page, struct mo_arena *a,
	void **ret, size_t *ret_n, struct mo_err *err)
{
	if (!value)
		return db_page_owned(tx, t, tenant, page, a, ret, ret_n, err);
	if (!tenant)
		return db_list(tx, t,
			db_sql(tx, err, "WHERE id < ?1 AND %s = ?3 ORDER BY id DESC LIMIT ?2",
				column),
			DB_ARGS(DB_T(before(page)), DB_I(page->limit), DB_T(value)), a, ret, ret_n,
			err);
	return db_list(tx, t,
		db_sql(tx, err,
			"WHERE id < ?1 AND %s = ?3 AND tenant_id = ?4 ORDER BY id DESC LIMIT ?2",
			column),
		DB_ARGS(DB_T(before(page)), DB_I(page->limit), DB_T(value), DB_T(tenant)), a, ret,
		ret_n, err);
}

const char *db_filters(struct store_tx *tx, const struct db_filter *filters, size_t count,
	struct db_arg *args, size_t *n, struct mo_err *err)
{
	const char *where = "";

	for (size_t i = 0; where && i < count; i++) {
		if (!filters[i].value)
			continue;
		args[(*n)++] = DB_T(filters[i].value);
		where = db_sql(tx, err, "%s AND %s = ?%zu", where, filters[i].column, *n);
	}
	return where;
}

int db_exec_one(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	const char *noun, const char *key, struct mo_err *err)
{
	int64_t changed;

	if (db_exec(tx, sql, args, nargs, &changed, err) < 0)
		return -1;
	return changed ? 0 : mo_fail(err, MO_ENOTFOUND, "no %s '%.80s'", noun, key);
}

int db_delete(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	const char *noun, const char *key, struct mo_err *err)
{
	struct mo_err mine = { 0 };

	if (db_exec_one(tx, sql, args, nargs, noun, key, &mine) == 0)
		return 0;
	if (mo_streq(mine.slug, "reference_violation")) {
		mo_fail(&mine, MO_ECONFLICT, "%s '%.80s' still has things that belong to it", noun,
			key);
		mo_advise(&mine, "in_use", "delete those first");
	}
	if (err)
		*err = mine;
	return -1;
}

int db_delete_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *id, struct mo_err *err)
{
	if (!tenant)
		return db_delete(tx, db_sql(tx, err, "DELETE FROM %s WHERE id = ?1", t->name),
			DB_ARGS(DB_T(id)), t->noun, id, err);
	return db_delete(tx,
		db_sql(tx, err, "DELETE FROM %s WHERE id = ?1 AND tenant_id = ?2", t->name),
		DB_ARGS(DB_T(id), DB_T(tenant)), t->noun, id, err);
}

struct ids {
	char (*at)[MO_ID_MAX];
	size_t n, max;
};

static int add_id(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct ids *ids = ctx;

	if (ids->n == ids->max)
		return mo_fail(err, MO_EINTERNAL, "more than %zu ids", ids->max);
	if (mo_str_copy(ids->at[ids->n], MO_ID_MAX, db_text(row, 0)) < 0)
		return mo_fail(err, MO_EINTERNAL, "'%.80s' is no id", db_text(row, 0));
	ids->n++;
	return 0;
}

int db_ids(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	char (*ret)[MO_ID_MAX], size_t max, size_t *ret_n, struct mo_err *err)
{
	struct ids ids = { .at = ret, .max = max };

	if (db_run(tx, sql, args, nargs, add_id, &ids, NULL, err) < 0)
		return -1;
	*ret_n = ids.n;
	return 0;
}
