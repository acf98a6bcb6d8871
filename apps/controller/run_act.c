/* One pass over the live runs: each run's own state, then its steps. */
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/run_decide.h"
#include "modelops/domain/state.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

#define TIMED_OUT "max_runtime"

struct run_move {
	struct controller *ctl;
	struct live_run *live;
	enum run_state to;
	const char *reason, *event;
};

static int start_run(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct run_move *m = ctx;
	const struct run *run = m->live->run;
	bool moved;

	if (store_run_move(tx, run->tenant_id, run->id, RUN_RUNNING,
		    SETS(SET_TIME("started_at", store_now(tx))), &moved, err) < 0)
		return -1;
	return moved ? store_event(tx, run->tenant_id, "run", run->id, "RunStarted",
			       "The run started.", err)
		     : mo_fail(err, MO_ECONFLICT, "the run has moved meanwhile");
}

static int end_run(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct run_move *m = ctx;
	const struct run *run = m->live->run;
	bool moved;

	if (store_run_move(tx, run->tenant_id, run->id, m->to,
		    SETS(SET_TIME("finished_at", store_now(tx)), SET_TEXT("reason", m->reason)),
		    &moved, err) < 0)
		return -1;
	if (!moved)
		return mo_fail(err, MO_ECONFLICT, "the run has moved meanwhile");
	const char *text = m->reason
				   ? mo_arena_printf(&m->ctl->arena, "The run ended: %s", m->reason)
				   : "The run succeeded.";
	return text ? store_event(tx, run->tenant_id, "run", run->id, m->event, text, err)
		    : mo_fail(err, MO_ENOMEM, "event");
}

static int expire_run(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct run_move *m = ctx;

	return store_run_expire(tx, m->live->run->id, TIMED_OUT, err);
}

const char *step_reason(struct mo_arena *a, const struct run_step *step)
{
	return mo_arena_printf(
		a, "step '%s': %s", step->name, step->reason ? step->reason : "it failed");
}

static const char *failure_of(struct controller *ctl, const struct live_run *live)
{
	if (mo_streq(live->run->reason, TIMED_OUT))
		return mo_arena_printf(&ctl->arena,
			"the run took longer than its max_runtime of %lld s",
			(long long)live->run->max_runtime_s);
	for (size_t i = 0; i < live->nsteps; i++)
		if (live->steps[i].state == STEP_FAILED)
			return step_reason(&ctl->arena, &live->steps[i]);
	return "a step was skipped";
}

static struct run_view view_of(const struct live_run *live)
{
	const struct run *run = live->run;
	struct run_view v = { .state = run->state,
		.cancel_requested = run->cancel_requested,
		.timed_out = mo_streq(run->reason, TIMED_OUT),
		.now = mo_now(),
		.started_at = run->started_at,
		.waiting_since = run->waiting_since,
		.waited_us = run->waited_us,
		.max_runtime_us = run->max_runtime_s * MO_SECOND };

	for (size_t i = 0; i < live->nsteps; i++)
		v.steps[live->steps[i].state]++;
	return v;
}

struct waiting {
	const struct run *run;
	bool waits;
};

static int note_waiting(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct waiting *w = ctx;

	return store_run_waits(tx, w->run->id, w->waits, err);
}

/* Stops the run's clock while nothing of it runs, and lets it go on. */
static int keep_clock(
	struct controller *ctl, const struct run *run, const struct run_view *v, struct mo_err *err)
{
	struct waiting w = { run, run_waits(v) };

	return w.waits == (run->waiting_since != 0) ? 0 : ctl_write(ctl, note_waiting, &w, err);
}

static int act_on_run(struct controller *ctl, struct live_run *live, struct mo_err *err)
{
	struct run_move m = { .ctl = ctl, .live = live };
	struct run_view v = view_of(live);

	if (keep_clock(ctl, live->run, &v, err) < 0)
		return -1;
	switch (run_decide(&v)) {
	case RUN_ACT_START:
		return ctl_write(ctl, start_run, &m, err);
	case RUN_ACT_TIMEOUT:
		return ctl_write(ctl, expire_run, &m, err);
	case RUN_ACT_SUCCEED:
		m.to = RUN_SUCCEEDED;
		m.event = "RunSucceeded";
		break;
	case RUN_ACT_FAIL:
		m.to = RUN_FAILED;
		m.event = "RunFailed";
		m.reason = failure_of(ctl, live);
		break;
	case RUN_ACT_CANCEL:
		m.to = RUN_CANCELLED;
		m.event = "RunCancelled";
		m.reason = "cancelled";
		break;
	case RUN_ACT_NONE:
		return 0;
	}
	return ctl_write(ctl, end_run, &m, err);
}

static int act_on_step(struct controller *ctl, struct rooms *rooms, struct live_run *live,
	struct run_step *step, struct mo_err *err)
{
	struct step_seen seen;
	struct mo_err mine = { 0 };

	if (step_observe(ctl, rooms, live, step, &seen, err) < 0)
		return -1;
	if (step->state == STEP_RUNNING && step_kind_runs_job(step->kind) &&
		logs_collect(ctl, step, false, &mine) < 0 &&
		ctl_alone(ctl, "log", step->id, &mine, err) < 0)
		return -1; /* the lease; a log that cannot be stored keeps no step from going on */
	struct step_decision d = step_decide(&seen.view);
	return step_act(ctl, &seen, &d, err);
}

/* One step's trouble must not keep the others waiting; losing the lease ends the pass. */
static int each_step(
	struct controller *ctl, struct rooms *rooms, struct live_run *live, struct mo_err *err)
{
	for (size_t i = 0; i < live->nsteps; i++) {
		struct mo_err mine = { 0 };
		if (!state_terminal(&step_states, (int)live->steps[i].state) &&
			act_on_step(ctl, rooms, live, &live->steps[i], &mine) < 0 &&
			ctl_alone(ctl, "step", live->steps[i].id, &mine, err) < 0)
			return -1;
	}
	return 0;
}

struct runs_pass {
	struct rooms *rooms;
	int64_t runs, steps[STEP_CANCELLED + 1];
};

static int pass_one(struct controller *ctl, struct live_run *live, void *ctx, struct mo_err *err)
{
	struct runs_pass *p = ctx;

	p->runs++;
	for (size_t i = 0; i < live->nsteps; i++)
		p->steps[live->steps[i].state]++;
	if (act_on_run(ctl, live, err) < 0)
		return -1;
	return each_step(ctl, p->rooms, live, err);
}

int runs_pass(struct controller *ctl, struct rooms *rooms, struct mo_err *err)
{
	struct runs_pass p = { .rooms = rooms };

	if (each_run(ctl, pass_one, &p, err) < 0)
		return -1;
	for (int s = 0; s <= STEP_CANCELLED; s++)
		metrics_set(ctl, CTL_STEPS, state_name(&step_states, s), NULL, p.steps[s]);
	metrics_set(ctl, CTL_RUNS_LIVE, NULL, NULL, p.runs);
	return 0;
}
