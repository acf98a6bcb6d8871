/* Decisions about deployments. */
#include "modelops/domain/deployment_decide.h"

static bool hopeless(const struct deployment_view *v)
{
	return v->next.state == REVISION_FAILED || v->next.max_restarts >= ROLLOUT_MAX_RESTARTS ||
	       (v->rollout_deadline > 0 && v->now >= v->rollout_deadline);
}

static enum deployment_act decide_rollout(const struct deployment_view *v)
{
	if (v->next.replicas == 0)
		return DEPLOYMENT_ACT_PROMOTE;
	if (v->next.ready >= v->next.replicas)
		return DEPLOYMENT_ACT_PROMOTE;
	if (hopeless(v))
		return DEPLOYMENT_ACT_ABANDON;
	/* idempotent: makes the instances that are missing */
	return v->state != DEPLOYMENT_ROLLING || v->next.live < v->next.replicas
		       ? DEPLOYMENT_ACT_ROLL
		       : DEPLOYMENT_ACT_NONE;
}

static enum deployment_act want(
	const struct deployment_view *v, enum deployment_state state, enum deployment_act act)
{
	return v->state == state ? DEPLOYMENT_ACT_NONE : act;
}

enum deployment_act deployment_decide(const struct deployment_view *v)
{
	if (v->state == DEPLOYMENT_DELETING) {
		bool lives = v->current.live + v->next.live + v->old_live > 0;
		return lives ? DEPLOYMENT_ACT_DRAIN : DEPLOYMENT_ACT_REMOVE;
	}
	if (v->next.exists)
		return decide_rollout(v);
	if (!v->current.exists)
		return DEPLOYMENT_ACT_NONE; /* FAILED before anything served: a new spec is needed
					     */
	if (v->current.replicas == 0)
		return want(v, DEPLOYMENT_IDLE, DEPLOYMENT_ACT_IDLE);
	if (v->current.live < v->current.replicas)
		return DEPLOYMENT_ACT_ROLL;
	if (v->current.ready >= v->current.replicas)
		return want(v, DEPLOYMENT_READY, DEPLOYMENT_ACT_READY);
	return want(v, DEPLOYMENT_DEGRADED, DEPLOYMENT_ACT_DEGRADED);
}

const char *deployment_act_name(enum deployment_act act)
{
	static const char *const names[] = { "none", "roll", "promote", "abandon", "ready",
		"degraded", "idle", "drain", "remove" };
	return names[act];
}
