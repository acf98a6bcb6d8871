/* Acts on deployments, and the pass over all of them. */
#include "deployments.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/state.h"
#include "modelops/store/deployments.h"
#include "modelops/store/records.h"

#include <stdio.h>

struct act {
	struct controller *ctl;
	struct live_deployment *live;
	enum deployment_state to;
	const char *reason;
};

static int event(struct store_tx *tx, const struct act *a, const char *type, const char *text,
	struct mo_err *err)
{
	return store_event(
		tx, a->live->dep->tenant_id, "deployment", a->live->dep->id, type, text, err);
}

/* -> STATE unless it is there already. */
static int move_to(struct store_tx *tx, const struct deployment *dep, enum deployment_state to,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	bool moved;

	if (dep->state == to)
		return nsets ? store_deployment_set(tx, dep->tenant_id, dep->id, sets, nsets, err)
			     : 0;
	if (store_deployment_move(tx, dep->tenant_id, dep->id, to, sets, nsets, &moved, err) < 0)
		return -1;
	return moved ? 0 : mo_fail(err, MO_ECONFLICT, "the deployment has moved meanwhile");
}

static bool has_instance(
	const struct live_deployment *live, const struct revision *rev, int64_t idx)
{
	for (size_t i = 0; i < live->nins; i++)
		if (mo_streq(live->inss[i].revision_id, rev->id) && live->inss[i].idx == idx)
			return true;
	return false;
}

static int add_instances(struct store_tx *tx, const struct live_deployment *live,
	const struct revision *rev, struct mo_err *err)
{
	for (int64_t i = 0; i < rev->replicas; i++) {
		char id[MO_ID_MAX];
		if (has_instance(live, rev, i))
			continue;
		struct instance row = { .id = mo_id_new("ins", id),
			.tenant_id = rev->tenant_id,
			.deployment_id = rev->deployment_id,
			.revision_id = rev->id,
			.idx = i,
			.state = INSTANCE_STARTING,
			.created_at = store_now(tx) };
		if (store_instance_insert(tx, &row, err) < 0)
			return -1;
	}
	return 0;
}

static int roll(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct live_deployment *live = a->live;

	if (!live->next) /* only what is missing of the serving one, e.g. after a restart */
		return add_instances(tx, live, live->current, err);
	if (move_to(tx, live->dep, DEPLOYMENT_ROLLING, NO_SETS, err) < 0)
		return -1;
	return add_instances(tx, live, live->next, err);
}

static int retire_others(struct store_tx *tx, const struct act *a, struct mo_err *err)
{
	bool moved;

	for (size_t i = 0; i < a->live->nrevs; i++) {
		const struct revision *rev = &a->live->revs[i];
		if (rev == a->live->next ||
			(rev->state != REVISION_READY && rev->state != REVISION_STARTING))
			continue;
		if (store_revision_move(tx, rev->tenant_id, rev->id, REVISION_DRAINING,
			    SETS(SET_INT("weight", 0)), &moved, err) < 0)
			return -1;
	}
	return 0;
}

static int promote(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct revision *next = a->live->next;
	enum deployment_state to = next->replicas ? DEPLOYMENT_READY : DEPLOYMENT_IDLE;
	bool moved;

	if (store_revision_move(tx, next->tenant_id, next->id, REVISION_READY,
		    SETS(SET_INT("weight", 100)), &moved, err) < 0)
		return -1;
	if (!moved)
		return mo_fail(err, MO_ECONFLICT, "the revision has moved meanwhile");
	if (retire_others(tx, a, err) < 0 ||
		move_to(tx, a->live->dep, to,
			SETS(SET_TEXT("current_revision_id", next->id), SET_TEXT("reason", NULL),
				SET_TIME("updated_at", store_now(tx))),
			err) < 0)
		return -1;
	return event(tx, a, "RevisionServes", "The new revision serves; the old one drains.", err);
}

static int abandon(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct revision *next = a->live->next;
	bool moved;

	if (store_revision_move(tx, next->tenant_id, next->id, REVISION_FAILED,
		    SETS(SET_INT("weight", 0)), &moved, err) < 0 ||
		move_to(tx, a->live->dep, a->to,
			SETS(SET_TEXT("reason", a->reason), SET_TIME("updated_at", store_now(tx))),
			err) < 0)
		return -1;
	return event(tx, a, "RolloutFailed", a->reason, err);
}

static int settle(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct live_deployment *live = a->live;
	/* The reason of a rollout that failed stays until there is a newer generation. */
	bool keep = live->nrevs && live->revs[0].state == REVISION_FAILED;
	const char *reason = keep ? live->dep->reason : a->reason;

	return move_to(tx, live->dep, a->to,
		SETS(SET_TEXT("reason", reason), SET_TIME("updated_at", store_now(tx))), err);
}

static int drain(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	bool moved;

	for (size_t i = 0; i < a->live->nrevs; i++) {
		const struct revision *rev = &a->live->revs[i];
		if (rev->state != REVISION_READY && rev->state != REVISION_STARTING)
			continue;
		if (store_revision_move(tx, rev->tenant_id, rev->id, REVISION_DRAINING,
			    SETS(SET_INT("weight", 0)), &moved, err) < 0)
			return -1;
	}
	return 0;
}

static int remove_rows(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	return store_deployment_delete(tx, a->live->dep->tenant_id, a->live->dep->id, err);
}

static const char *instance_trouble(const struct live_deployment *live, const struct revision *rev)
{
	for (size_t i = 0; i < live->nins; i++)
		if (mo_streq(live->inss[i].revision_id, rev->id) && live->inss[i].reason)
			return live->inss[i].reason;
	return "not all instances are ready";
}

static bool anything_to_drain(const struct live_deployment *live)
{
	for (size_t i = 0; i < live->nrevs; i++)
		if (live->revs[i].state == REVISION_READY ||
			live->revs[i].state == REVISION_STARTING)
			return true;
	return false;
}

int deployment_act(struct controller *ctl, struct live_deployment *live, enum deployment_act act,
	struct mo_err *err)
{
	struct act a = { .ctl = ctl, .live = live };

	switch (act) {
	case DEPLOYMENT_ACT_NONE:
		return 0;
	case DEPLOYMENT_ACT_ROLL:
		return ctl_write(ctl, roll, &a, err);
	case DEPLOYMENT_ACT_PROMOTE:
		return ctl_write(ctl, promote, &a, err);
	case DEPLOYMENT_ACT_ABANDON:
		a.to = live->current ? DEPLOYMENT_DEGRADED : DEPLOYMENT_FAILED;
		a.reason = mo_arena_printf(&ctl->arena, "the rollout of generation %lld failed: %s",
			(long long)live->next->number, instance_trouble(live, live->next));
		if (!a.reason)
			return mo_fail(err, MO_ENOMEM, "reason");
		return ctl_write(ctl, abandon, &a, err);
	case DEPLOYMENT_ACT_READY:
		a.to = DEPLOYMENT_READY;
		return ctl_write(ctl, settle, &a, err);
	case DEPLOYMENT_ACT_DEGRADED:
		a.to = DEPLOYMENT_DEGRADED;
		a.reason = instance_trouble(live, live->current);
		return ctl_write(ctl, settle, &a, err);
	case DEPLOYMENT_ACT_IDLE:
		a.to = DEPLOYMENT_IDLE;
		return ctl_write(ctl, settle, &a, err);
	case DEPLOYMENT_ACT_DRAIN:
		return anything_to_drain(live) ? ctl_write(ctl, drain, &a, err) : 0;
	case DEPLOYMENT_ACT_REMOVE:
		return ctl_write(ctl, remove_rows, &a, err);
	}
	return 0;
}

struct gone {
	const struct revision *rev;
};

static int to_gone(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct gone *g = ctx;
	bool moved;

	return store_revision_move(
		tx, g->rev->tenant_id, g->rev->id, REVISION_GONE, NO_SETS, &moved, err);
}

/* A drained revision without instances is GONE. */
static int retire_empty(
	struct controller *ctl, const struct live_deployment *live, struct mo_err *err)
{
	for (size_t i = 0; i < live->nrevs; i++) {
		bool lives = false;
		if (live->revs[i].state != REVISION_DRAINING)
			continue;
		for (size_t j = 0; j < live->nins; j++)
			lives = lives || mo_streq(live->inss[j].revision_id, live->revs[i].id);
		struct gone g = { &live->revs[i] };
		if (!lives && ctl_write(ctl, to_gone, &g, err) < 0)
			return -1;
	}
	return 0;
}

static int one_instance(struct controller *ctl, struct rooms *rooms, struct live_deployment *live,
	struct instance *ins, struct mo_err *err)
{
	struct instance_seen seen;

	if (instance_observe(ctl, rooms, live, ins, &seen, err) < 0)
		return -1;
	return instance_act(ctl, &seen, instance_decide(&seen.view), err);
}

/* What is wrong now is what people should read, not what was wrong first. */
static bool reason_is_old(const struct live_deployment *live)
{
	return live->dep->state == DEPLOYMENT_DEGRADED && live->current && !live->next &&
	       live->revs[0].state != REVISION_FAILED &&
	       !mo_streq(live->dep->reason, instance_trouble(live, live->current));
}

/* What keeps the rollout, for who looks at the deployment and not at its instances. */
static const char *rollout_waits_for(const struct live_deployment *live)
{
	for (size_t i = 0; i < live->nins; i++)
		if (mo_streq(live->inss[i].revision_id, live->next->id) &&
			live->inss[i].state != INSTANCE_READY && live->inss[i].reason)
			return live->inss[i].reason;
	return NULL;
}

static int write_reason(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct live_deployment *live = ctx;

	return store_deployment_set(tx, live->dep->tenant_id, live->dep->id,
		SETS(SET_TEXT("reason", rollout_waits_for(live))), err);
}

static int say_rollout(struct controller *ctl, struct live_deployment *live, struct mo_err *err)
{
	bool rolls = live->next && (live->dep->state == DEPLOYMENT_PENDING ||
					   live->dep->state == DEPLOYMENT_ROLLING);

	if (!rolls || mo_streq(live->dep->reason, rollout_waits_for(live)))
		return 0;
	return ctl_write(ctl, write_reason, live, err);
}

static int one(struct controller *ctl, struct rooms *rooms, struct live_deployment *live,
	struct mo_err *err)
{
	if (live->dep->state != DEPLOYMENT_DELETING &&
		(!live->nrevs || live->revs[0].number < live->dep->generation))
		return revision_make(ctl, live, err);
	struct deployment_view v = deployment_view_of(live);
	enum deployment_act act = deployment_decide(&v);
	if (act == DEPLOYMENT_ACT_NONE && reason_is_old(live))
		act = DEPLOYMENT_ACT_DEGRADED;
	if (deployment_act(ctl, live, act, err) < 0 ||
		(act == DEPLOYMENT_ACT_NONE && say_rollout(ctl, live, err) < 0))
		return -1;
	for (size_t i = 0; i < live->nins; i++) {
		struct mo_err mine = { 0 };
		if (one_instance(ctl, rooms, live, &live->inss[i], &mine) < 0 &&
			ctl_alone(ctl, "instance", live->inss[i].id, &mine, err) < 0)
			return -1;
	}
	return retire_empty(ctl, live, err);
}

struct deployments_pass {
	struct rooms *rooms;
	int64_t instances[INSTANCE_FAILED + 1];
};

static int pass_one(
	struct controller *ctl, struct live_deployment *live, void *ctx, struct mo_err *err)
{
	struct deployments_pass *p = ctx;

	for (size_t i = 0; i < live->nins; i++)
		p->instances[live->inss[i].state]++;
	return one(ctl, p->rooms, live, err);
}

int deployments_pass(struct controller *ctl, struct rooms *rooms, struct mo_err *err)
{
	struct deployments_pass p = { .rooms = rooms };

	if (each_deployment(ctl, pass_one, &p, err) < 0)
		return -1;
	for (int s = 0; s <= INSTANCE_FAILED; s++)
		metrics_set(
			ctl, CTL_INSTANCES, state_name(&instance_states, s), NULL, p.instances[s]);
	return 0;
}
