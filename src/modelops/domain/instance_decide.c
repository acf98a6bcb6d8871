/* Decisions about serving instances. */
#include "modelops/base/time.h"
#include "modelops/domain/deployment_decide.h"

int64_t instance_backoff_us(int64_t restarts)
{
	return restarts >= 6 ? MO_MINUTE : MO_SECOND << (restarts > 0 ? restarts : 0);
}

static bool alive(const struct instance_view *v)
{
	return v->proc == PROC_STARTING || v->proc == PROC_RUNNING;
}

static enum instance_act decide_starting(const struct instance_view *v)
{
	if (!v->wanted)
		return alive(v) ? INSTANCE_ACT_DRAIN : INSTANCE_ACT_GONE;
	if (!v->has_shares)
		return v->fits ? INSTANCE_ACT_RESERVE : INSTANCE_ACT_WAIT;
	if (v->proc == PROC_ABSENT)
		return INSTANCE_ACT_START;
	if (!alive(v))
		return INSTANCE_ACT_FAIL;
	if (v->listening)
		return INSTANCE_ACT_READY;
	bool too_long = v->start_limit_us > 0 && v->now - v->starting_since >= v->start_limit_us;
	return too_long ? INSTANCE_ACT_FAIL : INSTANCE_ACT_NONE;
}

static enum instance_act decide_draining(const struct instance_view *v)
{
	if (!alive(v))
		return INSTANCE_ACT_GONE;
	return v->now - v->draining_since >= v->drain_us ? INSTANCE_ACT_STOP : INSTANCE_ACT_NONE;
}

static enum instance_act decide_failed(const struct instance_view *v)
{
	if (alive(v))
		return INSTANCE_ACT_STOP;
	if (v->holds)
		return INSTANCE_ACT_RELEASE;
	if (!v->wanted)
		return INSTANCE_ACT_GONE;
	return v->now >= v->not_before ? INSTANCE_ACT_RESTART : INSTANCE_ACT_NONE;
}

enum instance_act instance_decide(const struct instance_view *v)
{
	switch (v->state) {
	case INSTANCE_STARTING:
		return decide_starting(v);
	case INSTANCE_READY:
		if (!alive(v))
			return v->wanted ? INSTANCE_ACT_FAIL : INSTANCE_ACT_GONE;
		return v->wanted ? INSTANCE_ACT_NONE : INSTANCE_ACT_DRAIN;
	case INSTANCE_DRAINING:
		return decide_draining(v);
	case INSTANCE_FAILED:
		return decide_failed(v);
	default:
		return INSTANCE_ACT_NONE;
	}
}

const char *instance_act_name(enum instance_act act)
{
	static const char *const names[] = { "none", "reserve", "wait", "start", "ready", "fail",
		"release", "restart", "drain", "stop", "gone" };
	return names[act];
}
