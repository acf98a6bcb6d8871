/* Acts on steps: each is one transaction or one call of the executor, and may be repeated. */
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct act {
	struct controller *ctl;
	struct step_seen *seen;
	const struct step_decision *d;
	char attempt_id[MO_ID_MAX], alloc_id[MO_ID_MAX];
	const char *reason;
	enum step_state to;
};

static int event(
	struct store_tx *tx, struct act *a, const char *type, const char *text, struct mo_err *err)
{
	const struct run_step *step = a->seen->step;

	if (!text)
		return mo_fail(err, MO_ENOMEM, "event");
	return store_event(tx, step->tenant_id, "run", step->run_id, type, text, err);
}

#define EVENT(tx, a, type, fmt, ...) \
	event(tx, a, type, mo_arena_printf(&(a)->ctl->arena, fmt, __VA_ARGS__), err)

/* A move that finds the row elsewhere means that somebody else acted: the next pass sees it. */
static int moved_or(bool moved, const struct run_step *step, struct mo_err *err)
{
	return moved ? 0 : mo_fail(err, MO_ECONFLICT, "step '%s' has moved meanwhile", step->name);
}

static int queue(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_QUEUED,
		    SETS(SET_TIME("queued_at", store_now(tx))), &moved, err) < 0)
		return -1;
	return moved_or(moved, step, err);
}

static int skip(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_SKIPPED,
		    SETS(SET_TIME("finished_at", store_now(tx)),
			    SET_TEXT("reason", "a step it needs did not succeed")),
		    &moved, err) < 0)
		return -1;
	return moved_or(moved, step, err);
}

/* Quota, room, attempt id and state: together or not at all. */
static int reserve(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	const struct pool *pool = a->seen->room->pool;
	struct allocation alloc = { .id = a->alloc_id,
		.tenant_id = step->tenant_id,
		.project_id = step->project_id,
		.pool_id = pool->id,
		.shares = step->shares,
		.owner_kind = ALLOC_OWNER_STEP,
		.owner_id = a->attempt_id,
		.resource_id = step->run_id };
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_ALLOCATED,
		    SETS(SET_TEXT("attempt_id", a->attempt_id),
			    SET_INT("attempt", step->attempt + 1), SET_TEXT("pool_id", pool->id),
			    SET_TEXT("detail", NULL), SET_INT("progress_ppm", 0),
			    SET_INT("eta_s", -1), SET_TIME("not_before", 0)),
		    &moved, err) < 0 ||
		moved_or(moved, step, err) < 0)
		return -1;
	if (store_allocation_reserve(tx, &alloc, err) < 0)
		return -1;
	return EVENT(tx, a, "StepAllocated",
		"Step '%s' got %lld shares of pool '%s', attempt %lld.", step->name,
		(long long)step->shares, pool->name, (long long)step->attempt + 1);
}

static int note(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	return store_step_set(tx, a->seen->step->tenant_id, a->seen->step->id,
		SETS(SET_TEXT("detail", a->reason)), err);
}

/* Says why a step waits, once. */
static int say(struct controller *ctl, struct step_seen *seen, const char *text, struct mo_err *err)
{
	struct act a = { .ctl = ctl, .seen = seen, .reason = text };

	if (mo_streq(seen->step->detail, text))
		return 0;
	return ctl_write(ctl, note, &a, err);
}

static int wait_for_room(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	char text[FIT_TEXT + 64];

	if (seen->awaited)
		rooms_wait(seen->awaited, &seen->wish, &seen->fit);
	if (seen->fit.fit == FIT_SUSPENDED)
		return say(ctl, seen, seen->fit.text, err);
	snprintf(text, sizeof(text), "waiting for %lld share%s: %s", (long long)seen->step->shares,
		seen->step->shares == 1 ? "" : "s", seen->fit.text);
	return say(ctl, seen, text, err);
}

/* Nothing runs, by our failure: decided as of a lost job, so the shares go back meanwhile. */
static int could_not_start(struct controller *ctl, struct step_seen *seen, const struct mo_err *why,
	struct mo_err *err)
{
	ctl_failed(ctl, "start", seen->step->attempt_id, why);
	mo_str_copy(seen->why, sizeof(seen->why), why->msg);
	seen->view.state = STEP_ALLOCATED;
	seen->view.job = JOB_LOST;
	struct step_decision d = step_decide(&seen->view);
	return step_act(ctl, seen, &d, err);
}

static int start(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	const struct run_step *step = seen->step;
	struct exec_spec spec = { .id = step->attempt_id,
		.kind = EXEC_JOB,
		.program = "trainer",
		.max_runtime_us = step->max_runtime_s * MO_SECOND,
		.log_cap = ctl->cfg->log_cap,
		.shares = (int)step->shares };
	struct mo_err mine = { 0 };

	ctl_point();
	if (env_of_step(ctl, step, &spec.env, &mine) < 0) { /* the API is not up yet */
		*err = mine;
		say(ctl, seen, mine.msg, &mine); /* people see why it does not start */
		return -1;
	}
	if (executor_start(ctl->ex, &spec, &mine) < 0)
		return could_not_start(ctl, seen, &mine, err);
	ctl_point();
	watch_wake(ctl, 0); /* the next tick begins to watch it */
	return 0;
}

static int reserve_and_start(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	struct act a = { .ctl = ctl, .seen = seen };
	struct mo_err mine = { 0 };

	mo_id_new("att", a.attempt_id);
	mo_id_new("alc", a.alloc_id);
	if (ctl_write(ctl, reserve, &a, &mine) < 0) {
		if (mine.code != MO_EQUOTA) {
			*err = mine;
			return -1;
		}
		seen->fit = rooms_refused(&mine);
		return wait_for_room(ctl, seen, err);
	}
	if (rooms_take(ctl, seen->room, &seen->wish, err) < 0)
		return -1;
	seen->step->state = STEP_ALLOCATED;
	seen->step->attempt++;
	seen->step->attempt_id = mo_arena_strdup(&ctl->arena, a.attempt_id);
	if (!seen->step->attempt_id)
		return mo_fail(err, MO_ENOMEM, "attempt");
	return start(ctl, seen, err);
}

static int bind(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_RUNNING,
		    SETS(SET_TIME("started_at", store_now(tx))), &moved, err) < 0 ||
		moved_or(moved, step, err) < 0 ||
		store_allocation_bind(tx, step->attempt_id,
			ctl_store_time(tx, a->seen->exec.started_at),
			ctl_seen_time(tx, &a->seen->exec, a->seen->view.now), err) < 0)
		return -1;
	return EVENT(tx, a, "StepRunning", "Step '%s' runs.", step->name);
}

static int to_registering(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_REGISTERING, NO_SETS, &moved, err) <
		0)
		return -1;
	return moved_or(moved, step, err);
}

static int release(struct store_tx *tx, struct act *a, struct mo_err *err)
{
	const struct run_step *step = a->seen->step;

	if (!step->attempt_id)
		return 0;
	return store_allocation_release(tx, step->attempt_id, a->d->release,
		ctl_store_time(tx, a->seen->exec.ended_at), err);
}

static int retry(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	int64_t lost = a->d->release == ALLOC_PLATFORM; /* an attempt of ours, not of the user's */
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_QUEUED,
		    SETS(SET_INT("attempt", step->attempt - lost),
			    SET_INT("lost_attempts", step->lost_attempts + lost),
			    SET_TIME("not_before", store_now(tx) + a->d->delay_us),
			    SET_TEXT("reason", a->reason), SET_TEXT("attempt_id", NULL),
			    SET_TEXT("pool_id", step->any_of ? NULL : step->pool_id),
			    SET_TEXT("detail", "waiting for the next attempt"),
			    SET_INT("progress_ppm", 0), SET_INT("eta_s", -1),
			    SET_TIME("queued_at", store_now(tx))),
		    &moved, err) < 0 ||
		moved_or(moved, step, err) < 0 || release(tx, a, err) < 0 ||
		store_run_metric_clear(tx, step->run_id, step->name, err) < 0)
		return -1;
	return EVENT(tx, a, "StepRetried",
		"Attempt %lld of step '%s' (%s) failed (%s); it is tried again.",
		(long long)step->attempt, step->name, step->attempt_id, a->reason);
}

static int end(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, a->to,
		    SETS(SET_TIME("finished_at", store_now(tx)), SET_TEXT("reason", a->reason),
			    SET_TEXT("detail", NULL), SET_INT("eta_s", -1)),
		    &moved, err) < 0 ||
		moved_or(moved, step, err) < 0 || release(tx, a, err) < 0)
		return -1;
	return EVENT(tx, a, a->to == STEP_FAILED ? "StepFailed" : "StepCancelled",
		"Step '%s' %s: %s", step->name, a->to == STEP_FAILED ? "failed" : "was cancelled",
		a->reason);
}

/* Why an attempt is over, for people: what was found, else what the decision says. */
static const char *reason_of(
	struct controller *ctl, const struct step_seen *seen, const struct step_decision *d)
{
	if (seen->why[0])
		return seen->why;
	if (seen->view.job == JOB_TIMED_OUT)
		return mo_arena_printf(&ctl->arena, "it ran longer than its max_runtime of %lld s",
			(long long)seen->step->max_runtime_s);
	if (seen->view.outputs == OUTPUTS_BAD)
		return seen->outputs.why;
	if (d->why)
		return d->why;
	return seen->exec.reason[0] ? seen->exec.reason : "it failed";
}

static int tell_gap(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct run_step *step = a->seen->step;

	return EVENT(tx, a, "LogIncomplete",
		"The log of attempt %lld of step '%s' is incomplete, its end could not be stored: "
		"%s",
		(long long)step->attempt, step->name, a->reason);
}

/* The log's end is stored, or given up and that said in an event. */
static int finish_log(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	struct mo_err gap = { 0 };
	struct act a = { .ctl = ctl, .seen = seen, .reason = gap.msg };

	if (!seen->step->attempt_id)
		return 0;
	if (logs_finish(ctl, seen->step, &gap, err) < 0)
		return -1;
	return gap.code == MO_OK ? 0 : ctl_write(ctl, tell_gap, &a, err);
}

/* The attempt is over: its log first, then the row, then its folder. */
static int finish(struct controller *ctl, struct step_seen *seen, const struct step_decision *d,
	int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err), enum step_state to,
	struct mo_err *err)
{
	struct act a = { .ctl = ctl, .seen = seen, .d = d, .to = to };

	a.reason = reason_of(ctl, seen, d);
	if (!a.reason)
		return mo_fail(err, MO_ENOMEM, "reason");
	if (finish_log(ctl, seen, err) < 0)
		return -1;
	int status = fn ? ctl_write(ctl, fn, &a, err) : step_complete(ctl, seen, err);
	if (status < 0 || !seen->step->attempt_id)
		return status;
	logs_forget(ctl, seen->step->attempt_id);
	struct mo_err mine = { 0 };
	executor_forget(ctl->ex, seen->step->attempt_id, &mine); /* else the sweep does */
	ctl_point();
	return 0;
}

int step_act(struct controller *ctl, struct step_seen *seen, const struct step_decision *d,
	struct mo_err *err)
{
	struct act a = { .ctl = ctl, .seen = seen, .d = d };

	switch (d->act) {
	case STEP_ACT_QUEUE:
		return ctl_write(ctl, queue, &a, err);
	case STEP_ACT_SKIP:
		return ctl_write(ctl, skip, &a, err);
	case STEP_ACT_RESERVE:
		return reserve_and_start(ctl, seen, err);
	case STEP_ACT_WAIT:
		return wait_for_room(ctl, seen, err);
	case STEP_ACT_START:
		return start(ctl, seen, err);
	case STEP_ACT_BIND:
		return ctl_write(ctl, bind, &a, err);
	case STEP_ACT_INLINE:
		return inline_act(ctl, seen, err);
	case STEP_ACT_REGISTER:
		return ctl_write(ctl, to_registering, &a, err);
	case STEP_ACT_STOP:
		return executor_stop(ctl->ex, seen->step->attempt_id, ctl->cfg->stop_grace, err);
	case STEP_ACT_COMPLETE:
		return finish(ctl, seen, d, NULL, STEP_SUCCEEDED, err);
	case STEP_ACT_RETRY:
		return finish(ctl, seen, d, retry, STEP_QUEUED, err);
	case STEP_ACT_FAIL:
		return finish(ctl, seen, d, end, STEP_FAILED, err);
	case STEP_ACT_CANCEL:
		return finish(ctl, seen, d, end, STEP_CANCELLED, err);
	case STEP_ACT_NONE:
		break;
	}
	return 0;
}
