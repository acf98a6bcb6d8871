/* Dashboards. */
#include "modelops/store/dashboards.h"

#include "modelops/store/rows.h"

static const struct db_col cols[] = {
	DB_COL(dashboard, id, DB_TEXT),
	DB_COL(dashboard, tenant_id, DB_TEXT),
	DB_COL_ENUM(dashboard, scope, dashboard_scopes),
	DB_COL(dashboard, name, DB_TEXT),
	DB_COL(dashboard, title, DB_TEXT),
	DB_COL(dashboard, builtin, DB_BOOL),
	DB_COL(dashboard, version, DB_INT),
	DB_COL(dashboard, definition, DB_TEXT),
	DB_COL(dashboard, created_at, DB_INT),
	DB_COL(dashboard, updated_at, DB_INT),
};
static const struct db_table dashboards = DB_TABLE("dashboards", "dashboard", dashboard, cols);

int store_dashboard_insert(struct store_tx *tx, const struct dashboard *d, struct mo_err *err)
{
	return db_insert(tx, &dashboards, d, d->name, err);
}

/* The rows F may see, as SQL; ?1 is the tenant. */
static const char *visible(
	struct store_tx *tx, const struct dashboard_filter *f, struct mo_err *err)
{
	const char *scope = f->scope < 0                  ? ""
			    : f->scope == DASHBOARD_ADMIN ? " AND scope = 'admin'"
							  : " AND scope = 'user'";
	const char *own =
		f->tenant ? "tenant_id = ?1" : "(tenant_id IS NOT NULL OR ?1 IS NOT NULL)";
	const char *shared =
		f->admin ? "tenant_id IS NULL" : "(tenant_id IS NULL AND scope = 'user')";

	return db_sql(tx, err, "(%s OR %s)%s", own, shared, scope);
}

int store_dashboard_get(struct store_tx *tx, const struct dashboard_filter *f, const char *id,
	struct mo_arena *a, struct dashboard **ret, struct mo_err *err)
{
	const char *where = visible(tx, f, err);

	return where ? db_get(tx, &dashboards, db_sql(tx, err, "WHERE %s AND id = ?2", where),
			       DB_ARGS(DB_T(f->tenant), DB_T(id)), id, a, (void **)ret, err)
		     : -1;
}

int store_dashboard_list(struct store_tx *tx, const struct dashboard_filter *f,
	const struct store_page *page, struct mo_arena *a, struct dashboard **ret, size_t *ret_n,
	struct mo_err *err)
{
	const char *where = visible(tx, f, err);

	return where ? db_list(tx, &dashboards,
			       db_sql(tx, err, "WHERE %s AND id < ?2 ORDER BY id DESC LIMIT ?3",
				       where),
			       DB_ARGS(DB_T(f->tenant), DB_T(page->after ? page->after : "zzzz"),
				       DB_I(page->limit)),
			       a, (void **)ret, ret_n, err)
		     : -1;
}

int store_dashboard_update(struct store_tx *tx, const struct dashboard *d, struct mo_err *err)
{
	int64_t changed;

	if (d->builtin)
		return mo_fail(err, MO_EDENIED, "dashboard '%s' is built in and cannot be changed",
			d->name);
	if (db_exec(tx,
		    "UPDATE dashboards SET name = ?3, title = ?4, definition = ?5, updated_at = "
		    "?6, version = version + 1 "
		    "WHERE id = ?1 AND version = ?2 AND builtin = 0 AND "
		    "coalesce(tenant_id, '') = ?7",
		    DB_ARGS(DB_T(d->id), DB_I(d->version), DB_T(d->name), DB_T(d->title),
			    DB_T(d->definition), DB_I(d->updated_at),
			    DB_T(d->tenant_id ? d->tenant_id : "")),
		    &changed, err) < 0)
		return -1;
	return changed ? 0
		       : mo_fail(err, MO_EPRECOND, "dashboard '%s' was changed meanwhile", d->name);
}

int store_dashboard_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	return db_delete(tx,
		"DELETE FROM dashboards WHERE id = ?1 AND builtin = 0 AND coalesce(tenant_id, '') "
		"= ?2",
		DB_ARGS(DB_T(id), DB_T(tenant ? tenant : "")), "dashboard", id, err);
}

int store_dashboard_seed(struct store_tx *tx, const struct dashboard *d, struct mo_err *err)
{
	int64_t changed, there;

	if (db_lock(tx, "dashboards", err) < 0 ||
		db_exec(tx,
			"UPDATE dashboards SET title = ?3, definition = ?4, updated_at = ?5, "
			"version = version + 1 "
			"WHERE builtin = 1 AND scope = ?1 AND name = ?2 AND (definition <> ?4 OR "
			"title <> ?3)",
			DB_ARGS(DB_T(enum_name(&dashboard_scopes, (int)d->scope)), DB_T(d->name),
				DB_T(d->title), DB_T(d->definition), DB_I(d->updated_at)),
			&changed, err) < 0 ||
		db_int_of(tx,
			"SELECT count(*) FROM dashboards WHERE builtin = 1 AND scope = ?1 AND name "
			"= ?2",
			DB_ARGS(DB_T(enum_name(&dashboard_scopes, (int)d->scope)), DB_T(d->name)),
			&there, err) < 0)
		return -1;
	return there ? 0 : db_insert(tx, &dashboards, d, d->name, err);
}
