/* Tenants, projects, principals, role bindings. */
#include "modelops/store/tenants.h"

#include "modelops/store/rows.h"

static const struct db_col tenant_cols[] = {
	DB_COL(tenant, id, DB_TEXT),
	DB_COL(tenant, name, DB_TEXT),
	DB_COL_ENUM(tenant, state, tenant_states),
	DB_COL(tenant, price_plan_id, DB_TEXT),
	DB_COL(tenant, created_at, DB_INT),
	DB_COL(tenant, updated_at, DB_INT),
};
static const struct db_table tenants = DB_TABLE("tenants", "tenant", tenant, tenant_cols);

static const struct db_col project_cols[] = {
	DB_COL(project, id, DB_TEXT),
	DB_COL(project, tenant_id, DB_TEXT),
	DB_COL(project, name, DB_TEXT),
	DB_COL(project, created_at, DB_INT),
};
static const struct db_table projects = DB_TABLE("projects", "project", project, project_cols);

static const struct db_col principal_cols[] = {
	DB_COL(principal, id, DB_TEXT),
	DB_COL(principal, tenant_id, DB_TEXT),
	DB_COL_ENUM(principal, kind, principal_kinds),
	DB_COL(principal, name, DB_TEXT),
	DB_COL(principal, limited, DB_BOOL),
	DB_COL(principal, created_at, DB_INT),
};
static const struct db_table principals =
	DB_TABLE("principals", "principal", principal, principal_cols);

static const struct db_col binding_cols[] = {
	DB_COL(role_binding, id, DB_TEXT),
	DB_COL(role_binding, tenant_id, DB_TEXT),
	DB_COL(role_binding, principal_id, DB_TEXT),
	DB_COL(role_binding, role, DB_TEXT),
	DB_COL(role_binding, project_id, DB_TEXT),
	DB_COL(role_binding, created_at, DB_INT),
};
static const struct db_table bindings =
	DB_TABLE("role_bindings", "role binding", role_binding, binding_cols);

int store_tenant_insert(struct store_tx *tx, const struct tenant *t, struct mo_err *err)
{
	return db_insert(tx, &tenants, t, t->name, err);
}

int store_tenant_get(struct store_tx *tx, const char *id, struct mo_arena *a, struct tenant **ret,
	struct mo_err *err)
{
	return db_get(tx, &tenants, "WHERE id = ?1", DB_ARGS(DB_T(id)), id, a, (void **)ret, err);
}

int store_tenant_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct tenant **ret, struct mo_err *err)
{
	return db_get(tx, &tenants, "WHERE id = ?1 OR name = ?1", DB_ARGS(DB_T(id_or_name)),
		id_or_name, a, (void **)ret, err);
}

int store_tenant_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct tenant **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &tenants,
		"WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT "
		"?3",
		DB_ARGS(DB_T(tenant), DB_T(page->after), DB_I(page->limit)), a, (void **)ret, ret_n,
		err);
}

int store_tenant_suspended(struct store_tx *tx, struct mo_arena *a, struct tenant **ret,
	size_t *ret_n, struct mo_err *err)
{
	return db_list(
		tx, &tenants, "WHERE state = 'SUSPENDED'", NULL, 0, a, (void **)ret, ret_n, err);
}

int store_tenant_update(struct store_tx *tx, const struct tenant *t, struct mo_err *err)
{
	return db_exec_one(tx,
		"UPDATE tenants SET name = ?2, state = ?3, price_plan_id = ?4, updated_at = ?5 "
		"WHERE id = ?1",
		DB_ARGS(DB_T(t->id), DB_T(t->name), DB_T(enum_name(&tenant_states, (int)t->state)),
			DB_T(t->price_plan_id), DB_I(t->updated_at)),
		"tenant", t->id, err);
}

int store_tenant_delete(struct store_tx *tx, const char *id, struct mo_err *err)
{
	return db_delete(
		tx, "DELETE FROM tenants WHERE id = ?1", DB_ARGS(DB_T(id)), "tenant", id, err);
}

int store_project_insert(struct store_tx *tx, const struct project *p, struct mo_err *err)
{
	return db_insert(tx, &projects, p, p->name, err);
}

int store_project_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct project **ret, struct mo_err *err)
{
	return db_get_owned(tx, &projects, tenant, id, a, (void **)ret, err);
}

int store_project_find(struct store_tx *tx, const char *tenant, const char *id_or_name,
	struct mo_arena *a, struct project **ret, struct mo_err *err)
{
	return db_find_owned(tx, &projects, tenant, id_or_name, a, (void **)ret, err);
}

int store_project_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct project **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &projects, tenant, page, a, (void **)ret, ret_n, err);
}

int store_project_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	return db_delete_owned(tx, &projects, tenant, id, err);
}

int store_principal_insert(struct store_tx *tx, const struct principal *p, struct mo_err *err)
{
	return db_insert(tx, &principals, p, p->name, err);
}

int store_principal_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct principal **ret, struct mo_err *err)
{
	return db_get_owned(tx, &principals, tenant, id, a, (void **)ret, err);
}

int store_principal_find(struct store_tx *tx, const char *tenant, const char *id_or_name,
	struct mo_arena *a, struct principal **ret, struct mo_err *err)
{
	return db_find_owned(tx, &principals, tenant, id_or_name, a, (void **)ret, err);
}

int store_principal_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct principal **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &principals, tenant, page, a, (void **)ret, ret_n, err);
}

int store_principal_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	return db_delete_owned(tx, &principals, tenant, id, err);
}

int store_role_binding_insert(struct store_tx *tx, const struct role_binding *b, struct mo_err *err)
{
	if (db_insert(tx, &bindings, b, b->role, err) < 0)
		return -1;
	return db_exec_one(tx, "UPDATE principals SET limited = 1 WHERE id = ?1 AND tenant_id = ?2",
		DB_ARGS(DB_T(b->principal_id), DB_T(b->tenant_id)), "principal", b->principal_id,
		err);
}

int store_role_binding_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct role_binding **ret, struct mo_err *err)
{
	return db_get_owned(tx, &bindings, tenant, id, a, (void **)ret, err);
}

int store_role_binding_list(struct store_tx *tx, const char *tenant, const char *principal,
	const struct store_page *page, struct mo_arena *a, struct role_binding **ret, size_t *ret_n,
	struct mo_err *err)
{
	return db_page_where(tx, &bindings, "principal_id", principal, tenant, page, a,
		(void **)ret, ret_n, err);
}

int store_role_binding_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	return db_delete_owned(tx, &bindings, tenant, id, err);
}
