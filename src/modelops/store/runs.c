/* Runs, their metrics and log chunks. */
#include "modelops/store/runs.h"

#include "modelops/store/move.h"
#include "modelops/store/records.h"
#include "modelops/store/rows.h"
#include "modelops/store/work_tables.h"

#include <stdio.h>

int store_run_insert(struct store_tx *tx, const struct run *row, struct mo_err *err)
{
	if (db_insert(tx, &db_runs, row, row->name, err) < 0)
		return -1;
	return store_change(tx, "run", row->tenant_id, row->id, err);
}

int store_run_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct run **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_runs, tenant, id, a, (void **)ret, err);
}

int store_run_list(struct store_tx *tx, const char *tenant, const struct store_run_filter *f,
	const struct store_page *page, struct mo_arena *a, struct run **ret_rows, size_t *ret_n,
	struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "id <", page->after);
	db_where_text(&w, "project_id =", f ? f->project_id : NULL);
	db_where_text(&w, "kind =", f ? f->kind : NULL);
	db_where_text(&w, "state =", f ? f->state : NULL);
	db_where_text(&w, "pipeline_id =", f ? f->pipeline_id : NULL);
	db_where_text(&w, "name =", f ? f->name : NULL);
	return db_list_page(tx, &db_runs, &w, "ORDER BY id DESC", page->limit, a, (void **)ret_rows,
		ret_n, err);
}

int store_run_live(struct store_tx *tx, const char *after, char (*ret_ids)[MO_ID_MAX], size_t max,
	size_t *ret_n, struct mo_err *err)
{
	return db_ids(tx,
		"SELECT id FROM runs WHERE state IN ('PENDING', 'RUNNING') AND id > ?1 "
		"ORDER BY id LIMIT ?2",
		DB_ARGS(DB_T(after ? after : ""), DB_I((int64_t)max)), ret_ids, max, ret_n, err);
}

int store_run_live_count(
	struct store_tx *tx, const char *tenant, int64_t limit, int64_t *ret, struct mo_err *err)
{
	/* No plain equality: the planner takes runs_live then, not the tenant's whole history. */
	return db_int_of(tx,
		"SELECT count(*) FROM (SELECT id FROM runs WHERE state IN ('PENDING', 'RUNNING') "
		"AND tenant_id || '' = ?1 LIMIT ?2) AS live",
		DB_ARGS(DB_T(tenant), DB_I(limit)), ret, err);
}

int store_run_cancel(struct store_tx *tx, const char *tenant, const char *id, bool *ret_changed,
	struct mo_err *err)
{
	int64_t changed;
	const char *sql = tenant ? "UPDATE runs SET cancel_requested = 1 WHERE id = ?1 AND "
				   "cancel_requested = 0 AND "
				   "state IN ('PENDING', 'RUNNING') AND tenant_id = ?2"
				 : "UPDATE runs SET cancel_requested = 1 WHERE id = ?1 AND "
				   "cancel_requested = 0 AND "
				   "state IN ('PENDING', 'RUNNING')";
	struct db_arg args[] = { DB_T(id), DB_T(tenant) };

	if (db_exec(tx, sql, args, tenant ? 2 : 1, &changed, err) < 0)
		return -1;
	*ret_changed = changed > 0;
	return changed ? db_tell(tx, &db_runs, id, "run", "id", err) : 0;
}

int store_run_expire(struct store_tx *tx, const char *id, const char *reason, struct mo_err *err)
{
	if (db_exec(tx,
		    "UPDATE runs SET cancel_requested = 1, reason = ?2 WHERE id = ?1 AND state IN "
		    "('PENDING', 'RUNNING')",
		    DB_ARGS(DB_T(id), DB_T(reason)), NULL, err) < 0)
		return -1;
	return db_tell(tx, &db_runs, id, "run", "id", err);
}

int store_run_move(struct store_tx *tx, const char *tenant, const char *id, enum run_state to,
	const struct store_set *sets, size_t nsets, bool *ret_moved, struct mo_err *err)
{
	bool moved;

	if (db_move(tx, &db_runs, &run_states, tenant, id, (int)to, sets, nsets, &moved, err) < 0)
		return -1;
	*ret_moved = moved;
	return moved ? db_tell(tx, &db_runs, id, "run", "id", err) : 0;
}

int store_run_waits(struct store_tx *tx, const char *id, bool waits, struct mo_err *err)
{
	/* Nobody follows it, so nobody is told. */
	if (waits)
		return db_exec(tx,
			"UPDATE runs SET waiting_since = ?2 WHERE id = ?1 AND waiting_since IS "
			"NULL",
			DB_ARGS(DB_T(id), DB_I(store_now(tx))), NULL, err);
	return db_exec(tx,
		"UPDATE runs SET waited_us = waited_us + ?2 - waiting_since, waiting_since = NULL "
		"WHERE id = ?1 AND waiting_since IS NOT NULL",
		DB_ARGS(DB_T(id), DB_I(store_now(tx))), NULL, err);
}

int store_run_metric_put(struct store_tx *tx, const struct run_metric *row, struct mo_err *err)
{
	return db_exec(tx,
		"INSERT INTO run_metrics (run_id, step, key, iteration, tenant_id, value, at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (run_id, step, key, iteration) "
		"DO UPDATE SET value = excluded.value, at = excluded.at",
		DB_ARGS(DB_T(row->run_id), DB_T(row->step), DB_T(row->key), DB_I(row->iteration),
			DB_T(row->tenant_id), DB_D(row->value), DB_I(row->at)),
		NULL, err);
}

int store_run_metric_clear(
	struct store_tx *tx, const char *run_id, const char *step, struct mo_err *err)
{
	return db_exec(tx, "DELETE FROM run_metrics WHERE run_id = ?1 AND step = ?2",
		DB_ARGS(DB_T(run_id), DB_T(step)), NULL, err);
}

int store_run_metric_list(struct store_tx *tx, const char *tenant, const char *run_id,
	const char *step, const char *key, const struct store_metric_cursor *after, int64_t limit,
	struct mo_arena *a, struct run_metric **ret_rows, size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };
	char tail[128] = "";
	size_t n = 0;

	db_where_text(&w, "run_id =", run_id);
	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "step =", step);
	db_where_text(&w, "key =", key);
	if (after && after->step) {
		n = (size_t)snprintf(tail, sizeof(tail),
			"AND (step, key, iteration) > (?%zu, ?%zu, ?%zu) ", w.n + 1, w.n + 2,
			w.n + 3);
		w.args[w.n++] = DB_T(after->step);
		w.args[w.n++] = DB_T(after->key);
		w.args[w.n++] = DB_I(after->iteration);
	}
	snprintf(tail + n, sizeof(tail) - n, "ORDER BY step, key, iteration");
	return db_list_page(tx, &db_run_metrics, &w, tail, limit, a, (void **)ret_rows, ret_n, err);
}

int store_run_log_put(struct store_tx *tx, const struct run_log *row, struct mo_err *err)
{
	return db_exec(tx,
		"INSERT INTO run_logs (attempt_id, chunk, tenant_id, run_id, step_id, object_key, "
		"size, at) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (attempt_id, chunk) DO "
		"NOTHING",
		DB_ARGS(DB_T(row->attempt_id), DB_I(row->chunk), DB_T(row->tenant_id),
			DB_T(row->run_id), DB_T(row->step_id), DB_T(row->object_key),
			DB_I(row->size), DB_I(row->at)),
		NULL, err);
}

int store_run_log_list(struct store_tx *tx, const char *tenant, const char *run_id,
	const char *step_id, const char *attempt_id, struct mo_arena *a, struct run_log **ret_rows,
	size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "run_id =", run_id);
	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "step_id =", step_id);
	db_where_text(&w, "attempt_id =", attempt_id);
	return db_list_where(tx, &db_run_logs, &w, "ORDER BY at, attempt_id, chunk", a,
		(void **)ret_rows, ret_n, err);
}

struct log_end {
	int64_t chunks, bytes;
};

static int take_end(const struct db_row *row, void *ctx, struct mo_err *err)
{
	*(struct log_end *)ctx = (struct log_end){ db_int(row, 0), db_int(row, 1) };
	return 0;
}

int store_run_log_end(struct store_tx *tx, const char *attempt_id, int64_t *ret_chunks,
	int64_t *ret_bytes, struct mo_err *err)
{
	struct log_end end = { 0, 0 };

	/* The sum of bigints is numeric on Postgres. */
	if (db_run(tx,
		    "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM run_logs WHERE "
		    "attempt_id = ?1",
		    DB_ARGS(DB_T(attempt_id)), take_end, &end, NULL, err) < 0)
		return -1;
	*ret_chunks = end.chunks;
	*ret_bytes = end.bytes;
	return 0;
}
