/* Artifacts. */
#include "modelops/store/artifacts.h"

#include "modelops/base/check.h"
#include "modelops/store/rows.h"

static const struct db_col cols[] = {
	DB_COL(artifact, id, DB_TEXT),
	DB_COL(artifact, tenant_id, DB_TEXT),
	DB_COL(artifact, project_id, DB_TEXT),
	DB_COL(artifact, name, DB_TEXT),
	DB_COL_ENUM(artifact, kind, artifact_kinds),
	DB_COL_ENUM(artifact, state, artifact_states),
	DB_COL(artifact, object_key, DB_TEXT),
	DB_COL(artifact, size, DB_INT),
	DB_COL(artifact, sha256, DB_TEXT),
	DB_COL(artifact, content_type, DB_TEXT),
	DB_COL(artifact, created_by, DB_TEXT),
	DB_COL(artifact, run_id, DB_TEXT),
	DB_COL(artifact, step, DB_TEXT),
	DB_COL(artifact, created_at, DB_INT),
};
static const struct db_table artifacts = DB_TABLE("artifacts", "artifact", artifact, cols);

int store_artifact_insert(struct store_tx *tx, const struct artifact *r, struct mo_err *err)
{
	return db_insert(tx, &artifacts, r, r->id, err);
}

int store_artifact_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct artifact **ret, struct mo_err *err)
{
	if (!tenant)
		return db_get(tx, &artifacts, "WHERE id = ?1 AND state <> 'DELETED'",
			DB_ARGS(DB_T(id)), id, a, (void **)ret, err);
	return db_get(tx, &artifacts, "WHERE id = ?1 AND tenant_id = ?2 AND state <> 'DELETED'",
		DB_ARGS(DB_T(id), DB_T(tenant)), id, a, (void **)ret, err);
}

int store_artifact_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct artifact **ret, struct mo_err *err)
{
	return db_get(tx, &artifacts,
		"WHERE tenant_id = ?1 AND project_id = ?2 AND (id = ?3 OR name = ?3) AND state = "
		"'READY' "
		"ORDER BY id DESC LIMIT 1",
		DB_ARGS(DB_T(tenant), DB_T(project), DB_T(id_or_name)), id_or_name, a, (void **)ret,
		err);
}

int store_artifact_list(struct store_tx *tx, const char *tenant, const struct artifact_filter *f,
	const struct store_page *page, struct mo_arena *a, struct artifact **ret, size_t *ret_n,
	struct mo_err *err)
{
	struct db_arg args[6] = { DB_T(page->after ? page->after : "zzzz"), DB_I(page->limit) };
	const struct db_filter filters[] = { { "tenant_id", tenant },
		{ "project_id", f->project_id }, { "name", f->name }, { "run_id", f->run_id } };
	size_t n = 2;
	const char *where = db_filters(tx, filters, MO_COUNT(filters), args, &n, err);

	if (!where)
		return -1;
	return db_list(tx, &artifacts,
		db_sql(tx, err, "WHERE id < ?1%s AND state = 'READY' ORDER BY id DESC LIMIT ?2",
			where),
		args, n, a, (void **)ret, ret_n, err);
}

int store_artifact_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	const char *sql =
		tenant ? "UPDATE artifacts SET state = 'DELETED' WHERE id = ?1 AND state = 'READY' "
			 "AND "
			 "tenant_id = ?2"
		       : "UPDATE artifacts SET state = 'DELETED' WHERE id = ?1 AND state = 'READY'";
	struct db_arg args[] = { DB_T(id), DB_T(tenant) };

	return db_exec_one(tx, sql, args, tenant ? 2 : 1, "artifact", id, err);
}
