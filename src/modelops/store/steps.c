/* Steps of runs. */
#include "modelops/store/move.h"
#include "modelops/store/rows.h"
#include "modelops/store/runs.h"
#include "modelops/store/work_tables.h"

static int tell(struct store_tx *tx, const char *step_id, struct mo_err *err)
{
	return db_tell(tx, &db_run_steps, step_id, "run", "run_id", err);
}

int store_step_insert(struct store_tx *tx, const struct run_step *row, struct mo_err *err)
{
	return db_insert(tx, &db_run_steps, row, row->name, err);
}

int store_step_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct run_step **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_run_steps, tenant, id, a, (void **)ret, err);
}

int store_step_find(struct store_tx *tx, const char *tenant, const char *run_id, const char *name,
	struct mo_arena *a, struct run_step **ret, struct mo_err *err)
{
	if (!tenant)
		return db_get(tx, &db_run_steps, "WHERE run_id = ?1 AND name = ?2",
			DB_ARGS(DB_T(run_id), DB_T(name)), name, a, (void **)ret, err);
	return db_get(tx, &db_run_steps, "WHERE run_id = ?1 AND name = ?2 AND tenant_id = ?3",
		DB_ARGS(DB_T(run_id), DB_T(name), DB_T(tenant)), name, a, (void **)ret, err);
}

int store_step_of_attempt(struct store_tx *tx, const char *tenant, const char *attempt_id,
	struct mo_arena *a, struct run_step **ret, struct mo_err *err)
{
	if (!tenant)
		return db_get(tx, &db_run_steps, "WHERE attempt_id = ?1", DB_ARGS(DB_T(attempt_id)),
			attempt_id, a, (void **)ret, err);
	return db_get(tx, &db_run_steps, "WHERE attempt_id = ?1 AND tenant_id = ?2",
		DB_ARGS(DB_T(attempt_id), DB_T(tenant)), attempt_id, a, (void **)ret, err);
}

int store_step_list(struct store_tx *tx, const char *tenant, const char *run_id, struct mo_arena *a,
	struct run_step **ret_rows, size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "run_id =", run_id);
	db_where_text(&w, "tenant_id =", tenant);
	return db_list_where(
		tx, &db_run_steps, &w, "ORDER BY idx", a, (void **)ret_rows, ret_n, err);
}

int store_step_move(struct store_tx *tx, const char *tenant, const char *id, enum step_state to,
	const struct store_set *sets, size_t nsets, bool *ret_moved, struct mo_err *err)
{
	bool moved;

	if (db_move(tx, &db_run_steps, &step_states, tenant, id, (int)to, sets, nsets, &moved,
		    err) < 0)
		return -1;
	*ret_moved = moved;
	return moved ? tell(tx, id, err) : 0;
}

int store_step_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	if (db_set(tx, &db_run_steps, tenant, id, sets, nsets, err) < 0)
		return -1;
	return tell(tx, id, err);
}

int store_step_progress(struct store_tx *tx, const char *attempt_id, int64_t progress_ppm,
	int64_t eta_s, const char *detail, bool *ret_changed, struct mo_err *err)
{
	int64_t changed;

	/* ALLOCATED too: the job may speak before the controller has seen it start. */
	if (db_exec(tx,
		    "UPDATE run_steps SET progress_ppm = ?2, eta_s = ?3, detail = coalesce(?4, "
		    "detail) "
		    "WHERE attempt_id = ?1 AND state IN ('ALLOCATED', 'RUNNING')",
		    DB_ARGS(DB_T(attempt_id), DB_I(progress_ppm), DB_I(eta_s), DB_T(detail)),
		    &changed, err) < 0)
		return -1;
	*ret_changed = changed > 0;
	return 0;
}
