/* Acts on serving instances: each is one transaction or one call of the executor, and may be
 * repeated. */
#include "deployments.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/deployments.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"

#include <stdio.h>

/* An instance that was ready for this long starts its count of restarts anew. */
static const int64_t healthy_for = 5 * MO_MINUTE;

struct act {
	struct controller *ctl;
	struct instance_seen *seen;
	char alloc_id[MO_ID_MAX], new_id[MO_ID_MAX];
	const char *reason;
};

static int moved_or(bool moved, struct mo_err *err)
{
	return moved ? 0 : mo_fail(err, MO_ECONFLICT, "the instance has moved meanwhile");
}

static int move(struct store_tx *tx, const struct act *a, enum instance_state to,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	const struct instance *ins = a->seen->ins;
	bool moved;

	if (store_instance_move(tx, ins->tenant_id, ins->id, to, sets, nsets, &moved, err) < 0)
		return -1;
	return moved_or(moved, err);
}

static int reserve(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct instance *ins = a->seen->ins;
	struct allocation alloc = { .id = a->alloc_id,
		.tenant_id = ins->tenant_id,
		.project_id = a->seen->live->dep->project_id,
		.pool_id = a->seen->rev->pool_id,
		.shares = a->seen->rev->shares,
		.owner_kind = ALLOC_OWNER_INSTANCE,
		.owner_id = ins->id,
		.resource_id = ins->deployment_id };

	return store_allocation_reserve(tx, &alloc, err);
}

static int note(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	return store_instance_set(tx, a->seen->ins->tenant_id, a->seen->ins->id,
		SETS(SET_TEXT("reason", a->reason)), err);
}

static int say(struct act *a, const char *text, struct mo_err *err)
{
	if (mo_streq(a->seen->ins->reason, text))
		return 0;
	a->reason = text;
	return ctl_write(a->ctl, note, a, err);
}

static int wait_for_room(struct act *a, struct mo_err *err)
{
	char text[FIT_TEXT + 64];

	if (a->seen->room)
		rooms_wait(a->seen->room, &a->seen->wish, &a->seen->fit);
	if (a->seen->fit.fit == FIT_SUSPENDED)
		return say(a, a->seen->fit.text, err);
	snprintf(text, sizeof(text), "waiting for %lld share%s: %s",
		(long long)a->seen->rev->shares, a->seen->rev->shares == 1 ? "" : "s",
		a->seen->fit.text);
	return say(a, text, err);
}

static int start(struct act *a, struct mo_err *err)
{
	struct instance_seen *seen = a->seen;
	struct exec_spec spec = { .id = seen->ins->id,
		.kind = EXEC_INSTANCE,
		.program = "serving",
		.log_cap = a->ctl->cfg->log_cap,
		.shares = (int)seen->rev->shares };
	struct mo_err mine = { 0 };

	ctl_point();
	if (env_of_instance(a->ctl, seen->live->dep, seen->rev, seen->ins, &spec.env, &mine) == 0 &&
		executor_start(a->ctl->ex, &spec, &mine) == 0) {
		ctl_point();
		watch_wake(a->ctl, 0); /* the next tick begins to watch it */
		return 0;
	}
	*err = mine;
	say(a, mine.msg, &mine);
	return -1;
}

static int reserve_and_start(struct act *a, struct mo_err *err)
{
	struct mo_err mine = { 0 };

	mo_id_new("alc", a->alloc_id);
	if (ctl_write(a->ctl, reserve, a, &mine) < 0) {
		if (mine.code != MO_EQUOTA) {
			*err = mine;
			return -1;
		}
		a->seen->fit = rooms_refused(&mine);
		return wait_for_room(a, err);
	}
	if (a->seen->room && rooms_take(a->ctl, a->seen->room, &a->seen->wish, err) < 0)
		return -1;
	return start(a, err);
}

static int bind(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct instance *ins = a->seen->ins;

	if (a->seen->alloc &&
		store_allocation_bind(tx, ins->id, ctl_store_time(tx, a->seen->exec.started_at),
			ctl_seen_time(tx, &a->seen->exec, a->seen->view.now), err) < 0)
		return -1;
	return store_instance_set(tx, ins->tenant_id, ins->id,
		SETS(SET_TIME("started_at", store_now(tx)), SET_TEXT("reason", NULL)), err);
}

static int ready(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	return move(tx, a, INSTANCE_READY,
		SETS(SET_TEXT("address", a->seen->exec.address),
			SET_TIME("ready_at", store_now(tx)), SET_TEXT("reason", NULL)),
		err);
}

static int release(
	struct store_tx *tx, const struct act *a, enum alloc_reason reason, struct mo_err *err)
{
	return store_allocation_release(
		tx, a->seen->ins->id, reason, ctl_store_time(tx, a->seen->exec.ended_at), err);
}

static int release_failed(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct act *a = ctx;
	bool lost = a->seen->view.proc == PROC_LOST || a->seen->view.proc == PROC_ABSENT;

	return release(tx, a, lost ? ALLOC_PLATFORM : ALLOC_FAILED, err);
}

/* One that still runs is stopped next, and keeps its shares until it is gone. */
static int fail(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct instance *ins = a->seen->ins;
	bool runs = a->seen->view.proc == PROC_STARTING || a->seen->view.proc == PROC_RUNNING;

	if (move(tx, a, INSTANCE_FAILED,
		    SETS(SET_TEXT("reason", a->reason), SET_TEXT("address", NULL),
			    SET_TIME("not_before",
				    store_now(tx) + instance_backoff_us(ins->restarts))),
		    err) < 0 ||
		(!runs && release_failed(tx, a, err) < 0))
		return -1;
	const char *text = mo_arena_printf(
		&a->ctl->arena, "Instance %lld failed: %s", (long long)ins->idx, a->reason);
	return text ? store_event(tx, ins->tenant_id, "deployment", ins->deployment_id,
			      "InstanceFailed", text, err)
		    : mo_fail(err, MO_ENOMEM, "event");
}

/* A new row: the id names the process and its allocation, and neither is used twice. */
static int restart(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;
	const struct instance *ins = a->seen->ins;
	bool was_healthy = ins->ready_at && ins->not_before - ins->ready_at > healthy_for;
	struct instance row = { .id = a->new_id,
		.tenant_id = ins->tenant_id,
		.deployment_id = ins->deployment_id,
		.revision_id = ins->revision_id,
		.idx = ins->idx,
		.state = INSTANCE_STARTING,
		.restarts = was_healthy ? 1 : ins->restarts + 1,
		.reason = ins->reason,
		.created_at = store_now(tx) };

	if (move(tx, a, INSTANCE_GONE, NO_SETS, err) < 0)
		return -1;
	return store_instance_insert(tx, &row, err);
}

static int drain(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	return move(tx, a, INSTANCE_DRAINING,
		SETS(SET_TIME("not_before", store_now(tx) + a->ctl->cfg->drain)), err);
}

static int gone(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct act *a = ctx;

	if (move(tx, a, INSTANCE_GONE, SETS(SET_TEXT("address", NULL)), err) < 0)
		return -1;
	return release(tx, a, ALLOC_COMPLETED, err);
}

static const char *failure_of(const struct instance_seen *seen)
{
	if (seen->exec.reason[0])
		return seen->exec.reason;
	if (seen->exec.state == EXEC_EXITED)
		return "it ended by itself";
	if (seen->exec.state == EXEC_ABSENT)
		return "its process is gone";
	return "it was not ready in time";
}

static int forget_after(struct act *a, int status)
{
	struct mo_err mine = { 0 };

	if (status == 0)
		executor_forget(a->ctl->ex, a->seen->ins->id, &mine); /* else the sweep does */
	ctl_point();
	return status;
}

int instance_act(struct controller *ctl, struct instance_seen *seen, enum instance_act act,
	struct mo_err *err)
{
	struct act a = { .ctl = ctl, .seen = seen };

	if (seen->exec.state == EXEC_RUNNING && seen->ins->started_at == 0 &&
		seen->ins->state == INSTANCE_STARTING && ctl_write(ctl, bind, &a, err) < 0)
		return -1;
	switch (act) {
	case INSTANCE_ACT_NONE:
		return 0;
	case INSTANCE_ACT_RESERVE:
		return reserve_and_start(&a, err);
	case INSTANCE_ACT_WAIT:
		return wait_for_room(&a, err);
	case INSTANCE_ACT_START:
		return start(&a, err);
	case INSTANCE_ACT_READY:
		return ctl_write(ctl, ready, &a, err);
	case INSTANCE_ACT_FAIL:
		a.reason = failure_of(seen);
		return ctl_write(ctl, fail, &a, err);
	case INSTANCE_ACT_RELEASE:
		return ctl_write(ctl, release_failed, &a, err);
	case INSTANCE_ACT_RESTART:
		mo_id_new("ins", a.new_id);
		return forget_after(&a, ctl_write(ctl, restart, &a, err));
	case INSTANCE_ACT_DRAIN:
		return ctl_write(ctl, drain, &a, err);
	case INSTANCE_ACT_STOP:
		return executor_stop(ctl->ex, seen->ins->id, ctl->cfg->stop_grace, err);
	case INSTANCE_ACT_GONE:
		return forget_after(&a, ctl_write(ctl, gone, &a, err));
	}
	return 0;
}
