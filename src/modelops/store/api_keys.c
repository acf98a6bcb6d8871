/* API keys. */
#include "modelops/store/api_keys.h"

#include "modelops/store/rows.h"

static const struct db_col cols[] = {
	DB_COL(api_key, id, DB_TEXT),
	DB_COL(api_key, tenant_id, DB_TEXT),
	DB_COL(api_key, principal_id, DB_TEXT),
	DB_COL(api_key, name, DB_TEXT),
	DB_COL(api_key, role, DB_TEXT),
	DB_COL(api_key, project_id, DB_TEXT),
	DB_COL(api_key, scopes, DB_TEXT),
	DB_COL(api_key, secret_hash, DB_TEXT),
	DB_COL(api_key, created_at, DB_INT),
	DB_COL(api_key, expires_at, DB_TIME),
	DB_COL(api_key, revoked_at, DB_TIME),
	DB_COL(api_key, last_used_at, DB_TIME),
};
static const struct db_table keys = DB_TABLE("api_keys", "API key", api_key, cols);

int store_api_key_insert(struct store_tx *tx, const struct api_key *k, struct mo_err *err)
{
	return db_insert(tx, &keys, k, k->id, err);
}

int store_api_key_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct api_key **ret, struct mo_err *err)
{
	return db_get_owned(tx, &keys, tenant, id, a, (void **)ret, err);
}

int store_api_key_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct api_key **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &keys, tenant, page, a, (void **)ret, ret_n, err);
}

int store_api_key_revoke(
	struct store_tx *tx, const char *tenant, const char *id, int64_t at, struct mo_err *err)
{
	const char *sql =
		tenant ? "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1 "
			 "AND "
			 "tenant_id = ?3"
		       : "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
	struct db_arg args[] = { DB_T(id), DB_I(at), DB_T(tenant) };

	return db_exec_one(tx, sql, args, tenant ? 3 : 2, "API key", id, err);
}

int store_api_key_used(struct store_tx *tx, const char *id, int64_t at, struct mo_err *err)
{
	return db_exec(tx, "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1",
		DB_ARGS(DB_T(id), DB_I(at)), NULL, err);
}
