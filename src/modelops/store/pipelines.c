/* Pipelines and their versions. */
#include "modelops/store/pipelines.h"

#include "modelops/store/rows.h"

#include <inttypes.h>
#include <stdio.h>

static const struct db_col pipeline_cols[] = {
	DB_COL(pipeline, id, DB_TEXT),
	DB_COL(pipeline, tenant_id, DB_TEXT),
	DB_COL(pipeline, project_id, DB_TEXT),
	DB_COL(pipeline, name, DB_TEXT),
	DB_COL(pipeline, latest_version, DB_INT),
	DB_COL(pipeline, created_at, DB_INT),
};
static const struct db_table pipelines = DB_TABLE("pipelines", "pipeline", pipeline, pipeline_cols);

static const struct db_col version_cols[] = {
	DB_COL(pipeline_version, tenant_id, DB_TEXT),
	DB_COL(pipeline_version, pipeline_id, DB_TEXT),
	DB_COL(pipeline_version, version, DB_INT),
	DB_COL(pipeline_version, spec, DB_TEXT),
	DB_COL(pipeline_version, created_by, DB_TEXT),
	DB_COL(pipeline_version, created_at, DB_INT),
};
static const struct db_table versions =
	DB_TABLE("pipeline_versions", "pipeline version", pipeline_version, version_cols);

int store_pipeline_insert(struct store_tx *tx, const struct pipeline *p, struct mo_err *err)
{
	return db_insert(tx, &pipelines, p, p->name, err);
}

int store_pipeline_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct pipeline **ret, struct mo_err *err)
{
	return db_get_owned(tx, &pipelines, tenant, id, a, (void **)ret, err);
}

int store_pipeline_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct pipeline **ret, struct mo_err *err)
{
	return db_get(tx, &pipelines,
		"WHERE tenant_id = ?1 AND project_id = ?2 AND (id = ?3 OR name = ?3)",
		DB_ARGS(DB_T(tenant), DB_T(project), DB_T(id_or_name)), id_or_name, a, (void **)ret,
		err);
}

int store_pipeline_list(struct store_tx *tx, const char *tenant, const char *project,
	const struct store_page *page, struct mo_arena *a, struct pipeline **ret, size_t *ret_n,
	struct mo_err *err)
{
	return db_page_where(
		tx, &pipelines, "project_id", project, tenant, page, a, (void **)ret, ret_n, err);
}

int store_pipeline_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	return db_delete_owned(tx, &pipelines, tenant, id, err);
}

int store_pipeline_version_add(struct store_tx *tx, const struct pipeline_version *v,
	int64_t *ret_version, struct mo_err *err)
{
	struct pipeline_version row = *v;

	/* The update locks the row, so two adders never get one number. */
	if (db_exec_one(tx,
		    "UPDATE pipelines SET latest_version = latest_version + 1 WHERE id = ?1 AND "
		    "tenant_id = ?2",
		    DB_ARGS(DB_T(v->pipeline_id), DB_T(v->tenant_id)), "pipeline", v->pipeline_id,
		    err) < 0)
		return -1;
	if (db_int_of(tx, "SELECT latest_version FROM pipelines WHERE id = ?1",
		    DB_ARGS(DB_T(v->pipeline_id)), &row.version, err) < 0)
		return -1;
	if (db_insert(tx, &versions, &row, v->pipeline_id, err) < 0)
		return -1;
	*ret_version = row.version;
	return 0;
}

int store_pipeline_version_get(struct store_tx *tx, const char *tenant, const char *pipeline,
	int64_t version, struct mo_arena *a, struct pipeline_version **ret, struct mo_err *err)
{
	char key[24];

	snprintf(key, sizeof(key), "%" PRId64, version);
	if (!tenant)
		return db_get(tx, &versions, "WHERE pipeline_id = ?1 AND version = ?2",
			DB_ARGS(DB_T(pipeline), DB_I(version)), key, a, (void **)ret, err);
	return db_get(tx, &versions, "WHERE pipeline_id = ?1 AND version = ?2 AND tenant_id = ?3",
		DB_ARGS(DB_T(pipeline), DB_I(version), DB_T(tenant)), key, a, (void **)ret, err);
}

int store_pipeline_version_list(struct store_tx *tx, const char *tenant, const char *pipeline,
	int64_t after, int64_t limit, struct mo_arena *a, struct pipeline_version **ret,
	size_t *ret_n, struct mo_err *err)
{
	int64_t before = after > 0 ? after : INT64_MAX;

	if (!tenant)
		return db_list(tx, &versions,
			"WHERE pipeline_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3",
			DB_ARGS(DB_T(pipeline), DB_I(before), DB_I(limit)), a, (void **)ret, ret_n,
			err);
	return db_list(tx, &versions,
		"WHERE pipeline_id = ?1 AND version < ?2 AND tenant_id = ?4 ORDER BY version DESC "
		"LIMIT ?3",
		DB_ARGS(DB_T(pipeline), DB_I(before), DB_I(limit), DB_T(tenant)), a, (void **)ret,
		ret_n, err);
}
