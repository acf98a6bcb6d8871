/* Runs, their steps, metrics and log chunks. */
#ifndef MODELOPS_STORE_RUNS_H
#define MODELOPS_STORE_RUNS_H

#include "modelops/base/id.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/store/moves.h"

int store_run_insert(struct store_tx *tx, const struct run *row, struct mo_err *err);
int store_run_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct run **ret, struct mo_err *err);

struct store_run_filter {
	const char *project_id, *kind, *state, *pipeline_id, *name;
};
int store_run_list(struct store_tx *tx, const char *tenant, const struct store_run_filter *f,
	const struct store_page *page, struct mo_arena *a, struct run **ret_rows, size_t *ret_n,
	struct mo_err *err);

/* Oldest first: ids of PENDING and RUNNING runs of all tenants after id AFTER (NULL: from the
 * first), MAX at most. Not the rows: their documents are large. */
int store_run_live(struct store_tx *tx, const char *after, char (*ret_ids)[MO_ID_MAX], size_t max,
	size_t *ret_n, struct mo_err *err);

/* How many runs of TENANT are PENDING or RUNNING; counts no further than LIMIT. */
int store_run_live_count(
	struct store_tx *tx, const char *tenant, int64_t limit, int64_t *ret, struct mo_err *err);

/* Asks for cancellation of a live run; *ret_changed false when it is over or was asked already. */
int store_run_cancel(struct store_tx *tx, const char *tenant, const char *id, bool *ret_changed,
	struct mo_err *err);

/* The platform asks for the end of a live run, and REASON says why. */
int store_run_expire(struct store_tx *tx, const char *id, const char *reason, struct mo_err *err);

int store_run_move(struct store_tx *tx, const char *tenant, const char *id, enum run_state to,
	const struct store_set *sets, size_t nsets, bool *ret_moved, struct mo_err *err);

/* Starts (WAITS) or ends the time in which the run does nothing but wait for shares. */
int store_run_waits(struct store_tx *tx, const char *id, bool waits, struct mo_err *err);

int store_step_insert(struct store_tx *tx, const struct run_step *row, struct mo_err *err);
int store_step_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct run_step **ret, struct mo_err *err);
int store_step_find(struct store_tx *tx, const char *tenant, const char *run_id, const char *name,
	struct mo_arena *a, struct run_step **ret, struct mo_err *err);

/* The step whose current attempt this is. */
int store_step_of_attempt(struct store_tx *tx, const char *tenant, const char *attempt_id,
	struct mo_arena *a, struct run_step **ret, struct mo_err *err);

/* All steps of a run, in order of idx. */
int store_step_list(struct store_tx *tx, const char *tenant, const char *run_id, struct mo_arena *a,
	struct run_step **ret_rows, size_t *ret_n, struct mo_err *err);

int store_step_move(struct store_tx *tx, const char *tenant, const char *id, enum step_state to,
	const struct store_set *sets, size_t nsets, bool *ret_moved, struct mo_err *err);
int store_step_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err);

/* What the workload says of a running attempt; *ret_changed false when the attempt is not the
 * current live one. */
int store_step_progress(struct store_tx *tx, const char *attempt_id, int64_t progress_ppm,
	int64_t eta_s, const char *detail, bool *ret_changed, struct mo_err *err);

/* The same (run, step, key, iteration) again replaces the value. */
int store_run_metric_put(struct store_tx *tx, const struct run_metric *row, struct mo_err *err);

/* Forgets what STEP of RUN_ID has reported: the next attempt reports anew. */
int store_run_metric_clear(
	struct store_tx *tx, const char *run_id, const char *step, struct mo_err *err);

/* In order of (step, key, iteration). STEP and KEY may be NULL. */
struct store_metric_cursor { /* the last row seen; step NULL: from the start */
	const char *step, *key;
	int64_t iteration;
};
int store_run_metric_list(struct store_tx *tx, const char *tenant, const char *run_id,
	const char *step, const char *key, const struct store_metric_cursor *after, int64_t limit,
	struct mo_arena *a, struct run_metric **ret_rows, size_t *ret_n, struct mo_err *err);

/* A chunk that is there already is left alone. */
int store_run_log_put(struct store_tx *tx, const struct run_log *row, struct mo_err *err);

/* Oldest first; STEP_ID and ATTEMPT_ID may be NULL. */
int store_run_log_list(struct store_tx *tx, const char *tenant, const char *run_id,
	const char *step_id, const char *attempt_id, struct mo_arena *a, struct run_log **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* Chunks and bytes recorded of an attempt: where appending goes on. */
int store_run_log_end(struct store_tx *tx, const char *attempt_id, int64_t *ret_chunks,
	int64_t *ret_bytes, struct mo_err *err);

#endif
