/* SIGTERM: jobs and instances are stopped, and their rows say that it was us: steps are queued
 * again with the attempt not counted, instances are GONE; the next start goes on from there. */
#include "deployments.h"
#include "modelops/base/log.h"
#include "modelops/base/time.h"
#include "modelops/store/deployments.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "runs.h"

#include <poll.h>

#define REASON "shutdown"

struct stopping {
	struct controller *ctl;
	struct live_run *runs;
	size_t nruns;
	struct live_deployment *deps;
	size_t ndeps;
	struct run_step *step;
	struct instance *ins;
	int64_t ended_at;
};

static bool has_job(const struct run_step *step)
{
	return step->attempt_id && step_kind_runs_job(step->kind) &&
	       (step->state == STEP_ALLOCATED || step->state == STEP_RUNNING);
}

static bool alive(struct controller *ctl, const char *id)
{
	struct exec_status st;

	return executor_observe(ctl->ex, id, &st, NULL) == 0 &&
	       (st.state == EXEC_STARTING || st.state == EXEC_RUNNING);
}

/* Steps that end by themselves meanwhile keep their row: the next start sees how they ended. */
static void ask_all(struct stopping *s)
{
	for (size_t i = 0; i < s->nruns; i++)
		for (size_t j = 0; j < s->runs[i].nsteps; j++) {
			struct run_step *step = &s->runs[i].steps[j];
			if (!has_job(step))
				continue;
			struct exec_status st = { 0 };
			executor_observe(s->ctl->ex, step->attempt_id, &st, NULL);
			if (st.state == EXEC_EXITED || st.state == EXEC_LOST)
				step->attempt_id = NULL;
			else
				executor_stop(s->ctl->ex, step->attempt_id, s->ctl->cfg->stop_grace,
					NULL);
		}
	for (size_t i = 0; i < s->ndeps; i++)
		for (size_t j = 0; j < s->deps[i].nins; j++)
			executor_stop(
				s->ctl->ex, s->deps[i].inss[j].id, s->ctl->cfg->stop_grace, NULL);
}

static bool any_alive(struct stopping *s)
{
	for (size_t i = 0; i < s->nruns; i++)
		for (size_t j = 0; j < s->runs[i].nsteps; j++)
			if (has_job(&s->runs[i].steps[j]) &&
				alive(s->ctl, s->runs[i].steps[j].attempt_id))
				return true;
	for (size_t i = 0; i < s->ndeps; i++)
		for (size_t j = 0; j < s->deps[i].nins; j++)
			if (alive(s->ctl, s->deps[i].inss[j].id))
				return true;
	return false;
}

static int requeue(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct stopping *s = ctx;
	const struct run_step *step = s->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_QUEUED,
		    SETS(SET_TEXT("reason", REASON), SET_TEXT("attempt_id", NULL),
			    SET_INT("attempt", step->attempt > 0 ? step->attempt - 1 : 0),
			    SET_TEXT("detail", "the platform was stopped; it starts again"),
			    SET_INT("progress_ppm", 0), SET_INT("eta_s", -1),
			    SET_TIME("queued_at", store_now(tx)), SET_TIME("started_at", 0)),
		    &moved, err) < 0)
		return -1;
	if (!moved)
		return 0;
	return store_allocation_release(
		tx, step->attempt_id, ALLOC_PLATFORM, ctl_store_time(tx, s->ended_at), err);
}

static int record_step(struct stopping *s, struct run_step *step, struct mo_err *err)
{
	struct exec_status st;

	if (executor_observe(s->ctl->ex, step->attempt_id, &st, err) < 0)
		return -1;
	if (st.state == EXEC_EXITED && st.exit_code == 0 && !st.init_phase)
		return 0; /* it was just done */
	s->step = step;
	s->ended_at = st.ended_at;
	if (logs_collect(s->ctl, step, true, err) < 0 || ctl_write(s->ctl, requeue, s, err) < 0)
		return -1;
	return executor_forget(s->ctl->ex, step->attempt_id, err);
}

static int to_gone(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct stopping *s = ctx;
	bool moved;

	if (store_instance_move(tx, s->ins->tenant_id, s->ins->id, INSTANCE_GONE,
		    SETS(SET_TEXT("reason", REASON), SET_TEXT("address", NULL)), &moved, err) < 0)
		return -1;
	return store_allocation_release(
		tx, s->ins->id, ALLOC_COMPLETED, ctl_store_time(tx, s->ended_at), err);
}

static int record_instance(struct stopping *s, struct instance *ins, struct mo_err *err)
{
	struct exec_status st;

	if (executor_observe(s->ctl->ex, ins->id, &st, err) < 0)
		return -1;
	s->ins = ins;
	s->ended_at = st.ended_at;
	if (ctl_write(s->ctl, to_gone, s, err) < 0)
		return -1;
	return executor_forget(s->ctl->ex, ins->id, err);
}

/* Everything is recorded that can be; the first failure is what is told. */
static int record_all(struct stopping *s, struct mo_err *err)
{
	struct mo_err mine = { 0 };
	int status = 0;

	for (size_t i = 0; i < s->nruns; i++)
		for (size_t j = 0; j < s->runs[i].nsteps; j++)
			if (has_job(&s->runs[i].steps[j]) &&
				record_step(s, &s->runs[i].steps[j], &mine) < 0)
				status = -1;
	for (size_t i = 0; i < s->ndeps; i++)
		for (size_t j = 0; j < s->deps[i].nins; j++)
			if (record_instance(s, &s->deps[i].inss[j], &mine) < 0)
				status = -1;
	if (status < 0)
		*err = mine;
	return status;
}

int shutdown_all(struct controller *ctl, struct mo_err *err)
{
	struct stopping s = { .ctl = ctl };

	mo_arena_reset(&ctl->arena);
	if (live_runs(ctl, &s.runs, &s.nruns, err) < 0 ||
		live_deployments(ctl, &s.deps, &s.ndeps, err) < 0)
		return -1;
	ask_all(&s);
	int64_t deadline = mo_mono() + ctl->cfg->stop_grace + 10 * MO_SECOND;
	while (any_alive(&s) && mo_mono() < deadline)
		poll(NULL, 0, 20);
	return record_all(&s, err);
}
