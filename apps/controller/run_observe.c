/* Observes live runs and their steps: rows, the executor, room in the pools. */
#include "live.h"
#include "modelops/artifact/exit_code.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/state.h"
#include "modelops/store/runs.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

struct load {
	struct mo_arena *arena;
	const char *id;
	struct live_run live;
};

static int read_run(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct load *l = ctx;

	l->live = (struct live_run){ 0 };
	if (store_run_get(tx, NULL, l->id, l->arena, &l->live.run, err) < 0)
		return -1;
	return store_step_list(
		tx, l->live.run->tenant_id, l->id, l->arena, &l->live.steps, &l->live.nsteps, err);
}

struct each {
	int (*fn)(struct controller *ctl, struct live_run *live, void *ctx, struct mo_err *err);
	void *ctx;
};

static int one_run(struct controller *ctl, const char *id, void *ctx, struct mo_err *err)
{
	const struct each *each = ctx;
	struct load l = { .arena = &ctl->arena, .id = id };

	if (store_read(ctl->store, read_run, &l, err) < 0)
		return -1;
	if (state_terminal(&run_states, (int)l.live.run->state))
		return 0; /* it ended since the page was read */
	return each->fn(ctl, &l.live, each->ctx, err);
}

int each_run(struct controller *ctl,
	int (*fn)(struct controller *ctl, struct live_run *live, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	static const struct live_kind kind = { "run", store_run_live, one_run };
	struct each each = { fn, ctx };

	return each_live(ctl, &kind, &each, err);
}

static const struct run_step *step_named(const struct live_run *live, const char *name, size_t len)
{
	for (size_t i = 0; i < live->nsteps; i++)
		if (strlen(live->steps[i].name) == len &&
			memcmp(live->steps[i].name, name, len) == 0)
			return &live->steps[i];
	return NULL;
}

static void observe_needs(const struct live_run *live, const char *needs, struct step_view *v)
{
	v->needs_succeeded = true;
	for (const char *at = needs ? needs : ""; *at;) {
		size_t n = strcspn(at, " ");
		const struct run_step *need = step_named(live, at, n);
		v->needs_succeeded = v->needs_succeeded && need && need->state == STEP_SUCCEEDED;
		if (!need || (state_terminal(&step_states, (int)need->state) &&
				     need->state != STEP_SUCCEEDED))
			v->needs_failed = true;
		at += n + (at[n] == ' ');
	}
}

static enum step_job job_of(const struct exec_status *st, bool cancel)
{
	switch (st->state) {
	case EXEC_ABSENT:
		return JOB_ABSENT;
	case EXEC_STARTING:
		return JOB_STARTING;
	case EXEC_RUNNING:
		return JOB_RUNNING;
	case EXEC_LOST:
		return JOB_LOST;
	default:
		break;
	}
	if (st->timed_out)
		return JOB_TIMED_OUT;
	if (st->exit_code == WORKLOAD_OK && !st->init_phase)
		return JOB_SUCCEEDED;
	if (st->exit_code == WORKLOAD_WRONG_INPUT)
		return JOB_USER_ERROR;
	bool ours = st->exit_code == WORKLOAD_UNREACHABLE || st->exit_code == WORKLOAD_NOT_FOUND;
	/* Stopped, but not because its run is cancelled: by a controller that was shutting down
	 * and did not live to say so in the row. */
	return ours || (st->stopped && !cancel) ? JOB_LOST : JOB_FAILED;
}

/* What ended by our failure says why itself; what was lost leaves it to the decision. */
static void explain_loss(struct step_seen *seen)
{
	if (seen->view.job != JOB_LOST || seen->exec.state != EXEC_EXITED)
		return;
	snprintf(seen->why, sizeof(seen->why), "%s",
		seen->exec.stopped ? "the platform was stopped while it ran" : seen->exec.reason);
}

/* Pools the step may use: of its any_of those that are still there, or its own. */
static size_t candidates(
	const struct rooms *rooms, const struct run_step *step, struct room *out[ROOMS_CHOICE_MAX])
{
	size_t n = 0;

	for (const char *at = step->any_of ? step->any_of : step->pool_id; at && *at;) {
		size_t len = strcspn(at, " ");
		struct room *room = rooms_find(rooms, at, len);
		if (room && n < ROOMS_CHOICE_MAX)
			out[n++] = room;
		at += len + (at[len] == ' ');
	}
	return n;
}

static void observe_room(struct rooms *rooms, struct step_seen *seen)
{
	struct room *list[ROOMS_CHOICE_MAX];
	size_t n = candidates(rooms, seen->step, list);

	seen->wish = (struct room_wish){ .tenant = seen->step->tenant_id,
		.owner = seen->step->run_id,
		.shares = seen->step->shares,
		.ends_at = seen->step->max_runtime_s
				   ? seen->view.now + seen->step->max_runtime_s * MO_SECOND
				   : 0,
		.since = seen->step->queued_at };
	seen->room = rooms_choose(rooms, list, n, &seen->wish, &seen->fit);
	seen->awaited = n ? list[seen->fit.at] : NULL;
	seen->view.no_pool = n == 0;
	seen->view.fits = seen->room != NULL;
}

int step_observe(struct controller *ctl, struct rooms *rooms, struct live_run *live,
	struct run_step *step, struct step_seen *ret, struct mo_err *err)
{
	struct step_view *v = &ret->view;

	*ret = (struct step_seen){ .live = live, .step = step };
	*v = (struct step_view){ .kind = step->kind,
		.state = step->state,
		.cancel = live->run->cancel_requested,
		.now = mo_now(),
		.not_before = step->not_before,
		.suspended = rooms_suspended(rooms, step->tenant_id),
		.attempt = step->attempt,
		.max_attempts = step->max_attempts,
		.lost_attempts = step->lost_attempts };
	if (step->state == STEP_BLOCKED) {
		observe_needs(live, step->needs, v);
		return 0;
	}
	if (step->state == STEP_QUEUED && v->suspended) {
		ret->fit = fit_suspended();
		return 0;
	}
	if (!step_kind_runs_job(step->kind))
		return inline_observe(ctl, ret, err);
	if (step->state == STEP_QUEUED) {
		if (v->now < v->not_before)
			watch_wake(ctl, v->not_before - v->now);
		if (!v->cancel && v->now >= v->not_before)
			observe_room(rooms, ret);
		return 0;
	}
	if (executor_observe(ctl->ex, step->attempt_id ? step->attempt_id : "", &ret->exec, err) <
		0)
		return -1;
	watch_add(ctl, step->attempt_id ? step->attempt_id : "", &ret->exec);
	watch_wake(ctl, MO_SECOND); /* its log */
	v->job = job_of(&ret->exec, v->cancel);
	explain_loss(ret);
	v->job_ran = ret->exec.started_at != 0;
	if (step->state == STEP_REGISTERING && !v->cancel) {
		if (outputs_check(ctl, step, &ret->outputs, err) < 0)
			return -1;
		v->outputs = ret->outputs.state;
	}
	return 0;
}
