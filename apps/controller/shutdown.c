/* SIGTERM: jobs and instances are stopped, and their rows say that it was us: steps are queued
 * again with the attempt not counted, instances are GONE; the next start goes on from there. */
#include "deployments.h"
#include "modelops/base/id.h"
#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/deployments.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "runs.h"

#include <poll.h>
#include <string.h>

#define REASON "shutdown"

/* What was told to stop: an attempt or an instance. */
struct asked {
	char id[MO_ID_MAX];
	bool is_step;
};

struct stopping {
	struct controller *ctl;
	struct asked *at; /* in ctl->pass */
	size_t n, cap;
	const char *id; /* the one that is recorded */
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

static int ask(struct stopping *s, const char *id, bool is_step, struct mo_err *err)
{
	executor_stop(s->ctl->ex, id, s->ctl->cfg->stop_grace, NULL);
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct asked *more = mo_arena_alloc(&s->ctl->pass, cap * sizeof(*more));
		if (!more)
			return mo_fail(err, MO_ENOMEM, "%zu processes to stop", s->n);
		if (s->n)
			memcpy(more, s->at, s->n * sizeof(*more));
		s->at = more;
		s->cap = cap;
	}
	s->at[s->n].is_step = is_step;
	return mo_str_copy(s->at[s->n++].id, MO_ID_MAX, id);
}

/* Steps that end by themselves meanwhile keep their row: the next start sees how they ended. */
static int ask_run(struct controller *ctl, struct live_run *live, void *ctx, struct mo_err *err)
{
	for (size_t i = 0; i < live->nsteps; i++) {
		const struct run_step *step = &live->steps[i];
		struct exec_status st = { 0 };
		if (!has_job(step))
			continue;
		executor_observe(ctl->ex, step->attempt_id, &st, NULL);
		if (st.state != EXEC_EXITED && st.state != EXEC_LOST &&
			ask(ctx, step->attempt_id, true, err) < 0)
			return -1;
	}
	return 0;
}

static int ask_deployment(
	struct controller *ctl, struct live_deployment *live, void *ctx, struct mo_err *err)
{
	(void)ctl;
	for (size_t i = 0; i < live->nins; i++)
		if (ask(ctx, live->inss[i].id, false, err) < 0)
			return -1;
	return 0;
}

static bool any_alive(struct stopping *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (alive(s->ctl, s->at[i].id))
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
			    SET_TEXT("pool_id", step->any_of ? NULL : step->pool_id),
			    SET_INT("attempt", step->attempt > 0 ? step->attempt - 1 : 0),
			    SET_TEXT("detail", "the platform was stopped; it starts again"),
			    SET_INT("progress_ppm", 0), SET_INT("eta_s", -1),
			    SET_TIME("queued_at", store_now(tx)), SET_TIME("started_at", 0)),
		    &moved, err) < 0)
		return -1;
	if (!moved)
		return 0;
	if (store_run_metric_clear(tx, step->run_id, step->name, err) < 0)
		return -1;
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

static int load_step(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct stopping *s = ctx;

	return store_step_of_attempt(tx, NULL, s->id, &s->ctl->arena, &s->step, err);
}

static int load_instance(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct stopping *s = ctx;

	return store_instance_get(tx, NULL, s->id, &s->ctl->arena, &s->ins, err);
}

static int record_one(struct stopping *s, const struct asked *asked, struct mo_err *err)
{
	mo_arena_reset(&s->ctl->arena);
	s->id = asked->id;
	if (store_read(s->ctl->store, asked->is_step ? load_step : load_instance, s, err) < 0)
		return -1;
	return asked->is_step ? record_step(s, s->step, err) : record_instance(s, s->ins, err);
}

/* Everything is recorded that can be; the last failure is what is told. */
static int record_all(struct stopping *s, struct mo_err *err)
{
	int status = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct mo_err mine = { 0 };
		if (record_one(s, &s->at[i], &mine) < 0) {
			*err = mine;
			status = -1;
		}
	}
	return status;
}

int shutdown_all(struct controller *ctl, struct mo_err *err)
{
	struct stopping s = { .ctl = ctl };

	mo_arena_reset(&ctl->pass);
	if (each_run(ctl, ask_run, &s, err) < 0 ||
		each_deployment(ctl, ask_deployment, &s, err) < 0)
		return -1;
	int64_t deadline = mo_mono() + ctl->cfg->stop_grace + 10 * MO_SECOND;
	while (any_alive(&s) && mo_mono() < deadline)
		poll(NULL, 0, 20);
	return record_all(&s, err);
}
