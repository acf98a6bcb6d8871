/* Decisions about runs. */
#include "modelops/domain/run_decide.h"

static int in_work(const struct run_view *v)
{
	return v->steps[STEP_BLOCKED] + v->steps[STEP_QUEUED] + v->steps[STEP_ALLOCATED] +
	       v->steps[STEP_RUNNING] + v->steps[STEP_REGISTERING];
}

/* All steps are over. */
static enum run_act outcome(const struct run_view *v)
{
	if (v->steps[STEP_FAILED])
		return RUN_ACT_FAIL;
	if (v->steps[STEP_CANCELLED])
		return v->timed_out ? RUN_ACT_FAIL : RUN_ACT_CANCEL;
	return v->steps[STEP_SKIPPED] ? RUN_ACT_FAIL : RUN_ACT_SUCCEED;
}

bool run_waits(const struct run_view *v)
{
	int works = v->steps[STEP_ALLOCATED] + v->steps[STEP_RUNNING] + v->steps[STEP_REGISTERING];

	return v->state == RUN_RUNNING && v->steps[STEP_QUEUED] > 0 && works == 0;
}

static int64_t ran(const struct run_view *v)
{
	int64_t until = v->waiting_since ? v->waiting_since : v->now;

	return until - v->started_at - v->waited_us;
}

enum run_act run_decide(const struct run_view *v)
{
	if (v->state == RUN_PENDING) {
		if (v->cancel_requested)
			return in_work(v) ? RUN_ACT_NONE : RUN_ACT_CANCEL;
		return RUN_ACT_START;
	}
	if (v->state != RUN_RUNNING)
		return RUN_ACT_NONE;
	if (!in_work(v))
		return outcome(v);
	if (!v->cancel_requested && v->max_runtime_us > 0 && ran(v) >= v->max_runtime_us)
		return RUN_ACT_TIMEOUT;
	return RUN_ACT_NONE;
}

const char *run_act_name(enum run_act act)
{
	static const char *const names[] = { "none", "start", "timeout", "succeed", "fail",
		"cancel" };
	return names[act];
}
