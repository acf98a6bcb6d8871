/* Runs and training jobs: what a person sees of them; how one is made is run_create.c. */
#include "handlers.h"

#include "modelops/domain/run.h"
#include "modelops/domain/state.h"
#include "modelops/store/runs.h"
#include "modelops/wire/run.h"

#include "rows.h"

#include <string.h>

static int list_kind(struct api_req *r, struct store_tx *tx, const char *kind, struct mo_err *err)
{
	struct store_page page;
	struct store_run_filter f = { .kind = kind, .state = query_text(&r->query, "state") };
	struct run *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		req_list_project(r, tx, tenant, &f.project_id, err) < 0 ||
		store_run_list(tx, tenant, &f, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

static int list_runs(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	return list_kind(r, tx, NULL, err);
}

static int list_jobs(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	return list_kind(r, tx, enum_name(&run_kinds, RUN_TRAINING_JOB), err);
}

int run_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list_runs, err);
}

int job_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list_jobs, err);
}

/* The run of the path; under /v1/training-jobs only a training job is one. */
static int find(struct api_req *r, struct store_tx *tx, struct run **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct run *run = NULL;
	bool job = !strncmp(r->route->path, "/v1/training-jobs", 17);
	const char *noun = job ? "training job" : "run";
	if (store_run_get(tx, r->tenant, id, r->arena, &run, err) < 0 ||
		req_in_project(r, run->project_id, noun, id, err) < 0)
		return -1;
	if (job && run->kind != RUN_TRAINING_JOB)
		return mo_fail(err, MO_ENOTFOUND, "no training job '%.80s'", id);
	*ret = run;
	return 0;
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct run *run = NULL;
	return find(r, tx, &run, err) < 0 ? -1 : req_answer(r, run, err);
}

int run_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

int job_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* Only the wish: the controller ends the steps. Asking twice is fine, asking too late is not. */
static int cancel(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct run *run = NULL;
	if (find(r, tx, &run, err) < 0)
		return -1;
	if (state_terminal(&run_states, (int)run->state))
		return mo_fail(err, MO_ECONFLICT, "run '%s' has ended: %s", run->id,
			state_name(&run_states, (int)run->state));
	bool changed = false;
	if (store_run_cancel(tx, run->tenant_id, run->id, &changed, err) < 0 ||
		req_record(r, tx, run->tenant_id, "cancel", "run", run->id, err) < 0)
		return -1;
	run->cancel_requested = true;
	return req_answer(r, run, err);
}

int run_cancel(struct api_req *r, struct mo_err *err)
{
	return req_write(r, cancel, err);
}

int job_cancel(struct api_req *r, struct mo_err *err)
{
	return req_write(r, cancel, err);
}

static int steps(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct run *run = NULL;
	struct run_step *rows = NULL;
	size_t n = 0, skip = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &run, err) < 0 ||
		store_step_list(tx, run->tenant_id, run->id, r->arena, &rows, &n, err) < 0)
		return -1;
	while (page.after && skip < n && strcmp(rows[skip].id, page.after) != 0)
		skip++;
	skip += page.after && skip < n;
	return req_answer_rows(r, rows + skip, n - skip, err);
}

int run_step_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, steps, err);
}

static int events(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct run *run = NULL;
	if (find(r, tx, &run, err) < 0)
		return -1;
	return req_answer_events(r, tx, run->tenant_id, run->id, err);
}

int run_event_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, events, err);
}
