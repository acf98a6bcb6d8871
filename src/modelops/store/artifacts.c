/* Artifacts. */
#include "modelops/store/artifacts.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/domain/object_key.h"
#include "modelops/store/rows.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 1024 };

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

int store_dataset_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct artifact **ret, struct mo_err *err)
{
	bool id = mo_id_valid(id_or_name, strlen(id_or_name), "art");
	const char *tail = db_sql(tx, err,
		"WHERE tenant_id = ?1 AND project_id = ?2 AND %s AND state = 'READY' "
		"ORDER BY id DESC LIMIT 1%s",
		id ? "id = ?3" : "name = ?3 AND kind = 'dataset'",
		db_is_sqlite(tx) ? "" : " FOR SHARE");

	return tail ? db_get(tx, &artifacts, tail,
			      DB_ARGS(DB_T(tenant), DB_T(project), DB_T(id_or_name)), id_or_name, a,
			      (void **)ret, err)
		    : -1;
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

/* The folder of KEY, which is the prefix of a package it may be part of. */
static void folder_of(const char *key, char out[KEY_MAX])
{
	mo_str_copy(out, KEY_MAX, key);
	char *slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
}

static int refuse_version(const struct db_row *row, void *ctx, struct mo_err *err)
{
	const struct artifact *artifact = ctx;

	mo_fail(err, MO_ECONFLICT, "artifact '%s' is part of version %lld of model '%.100s' (%s)",
		artifact->id, (long long)db_int(row, 0), db_text(row, 1), db_text(row, 2));
	return mo_advise(err, "in_use", NULL);
}

static int refuse_run(const struct db_row *row, void *ctx, struct mo_err *err)
{
	const struct artifact *artifact = ctx;

	mo_fail(err, MO_ECONFLICT, "run '%s', which is not over, %s artifact '%s'", db_text(row, 0),
		db_int(row, 1) ? "made" : "reads", artifact->id);
	return mo_advise(err, "in_use", "wait for the run to end, or cancel it");
}

/* -1 when something still needs the bytes of ROW. */
static int check_unused(struct store_tx *tx, const struct artifact *row, struct mo_err *err)
{
	char folder[KEY_MAX], quoted[MO_ID_MAX + 8];

	folder_of(row->object_key, folder);
	if (db_run(tx,
		    "SELECT v.version, m.name, v.id FROM model_versions v JOIN models m ON m.id = "
		    "v.model_id WHERE v.object_prefix = ?1 ORDER BY v.id LIMIT 1",
		    DB_ARGS(DB_T(folder)), refuse_version, (void *)row, NULL, err) < 0)
		return -1;
	/* Steps name their data set by id (run_steps.inputs); live runs are few and indexed. */
	snprintf(quoted, sizeof(quoted), "%%\"%s\"%%", row->id);
	return db_run(tx,
		"SELECT r.id, CASE WHEN r.id = ?1 THEN 1 ELSE 0 END FROM runs r WHERE r.state IN "
		"('PENDING', 'RUNNING') AND r.tenant_id = ?2 AND (r.id = ?1 OR EXISTS (SELECT 1 "
		"FROM run_steps s WHERE s.run_id = r.id AND s.state NOT IN ('SUCCEEDED', "
		"'FAILED', 'CANCELLED', 'SKIPPED') AND s.inputs LIKE ?3)) ORDER BY r.id LIMIT 1",
		DB_ARGS(DB_T(row->run_id ? row->run_id : ""), DB_T(row->tenant_id), DB_T(quoted)),
		refuse_run, (void *)row, NULL, err);
}

/* The update comes first: on Postgres it waits for whoever holds the row (store_dataset_find), and
 * what they wrote is seen then. */
int store_artifact_delete(struct store_tx *tx, const struct artifact *row, struct mo_err *err)
{
	if (db_exec_one(tx,
		    "UPDATE artifacts SET state = 'DELETED', deleted_at = ?3 WHERE id = ?1 AND "
		    "tenant_id = ?2 AND state = 'READY'",
		    DB_ARGS(DB_T(row->id), DB_T(row->tenant_id), DB_I(store_now(tx))), "artifact",
		    row->id, err) < 0)
		return -1;
	return check_unused(tx, row, err);
}

int store_object_needed(struct store_tx *tx, const char *key, bool *ret_needed, struct mo_err *err)
{
	struct object_key k;
	char folder[KEY_MAX];
	int64_t rows = 1;

	folder_of(key, folder);
	if (object_key_parse(key, &k) &&
		db_int_of(tx,
			"SELECT (SELECT count(*) FROM artifacts WHERE object_key = ?1 AND state <> "
			"'DELETED') + (SELECT count(*) FROM model_versions WHERE object_prefix = "
			"?2) + (SELECT count(*) FROM run_logs WHERE attempt_id = ?3 AND object_key "
			"= ?1) + (SELECT count(*) FROM run_steps WHERE attempt_id = ?3 AND (state "
			"IN ('ALLOCATED', 'RUNNING', 'REGISTERING') OR (state = 'SUCCEEDED' AND ?4 "
			"= 'manifest.json'))) + (SELECT 1 - count(*) FROM tenants WHERE id = ?5)",
			DB_ARGS(DB_T(key), DB_T(folder), DB_T(k.attempt), DB_T(k.name),
				DB_T(k.tenant)),
			&rows, err) < 0)
		return -1;
	*ret_needed = rows > 0;
	return 0;
}
