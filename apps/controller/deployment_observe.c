/* Observes deployments: rows, the executor, room in the pools. */
#include "deployments.h"
#include "live.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/deployments.h"

#include <string.h>

struct load {
	struct mo_arena *arena;
	const char *id;
	struct live_deployment live;
};

static void find_roles(struct live_deployment *live)
{
	for (size_t i = 0; i < live->nrevs; i++)
		if (mo_streq(live->revs[i].id, live->dep->current_revision_id))
			live->current = &live->revs[i];
	if (live->nrevs && live->revs[0].state == REVISION_STARTING &&
		(!live->current || live->revs[0].number > live->current->number))
		live->next = &live->revs[0];
}

static int read_one(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct load *l = ctx;
	struct live_deployment *live = &l->live;

	*live = (struct live_deployment){ 0 };
	if (store_deployment_get(tx, NULL, l->id, l->arena, &live->dep, err) < 0 ||
		store_revision_live(tx, l->id, live->dep->current_revision_id, l->arena,
			&live->revs, &live->nrevs, err) < 0 ||
		store_instance_list(tx, live->dep->tenant_id, l->id, true, NULL, l->arena,
			&live->inss, &live->nins, err) < 0)
		return -1;
	find_roles(live);
	return 0;
}

struct each {
	int (*fn)(struct controller *ctl, struct live_deployment *live, void *ctx,
		struct mo_err *err);
	void *ctx;
};

static int one_deployment(struct controller *ctl, const char *id, void *ctx, struct mo_err *err)
{
	const struct each *each = ctx;
	struct load l = { .arena = &ctl->arena, .id = id };

	if (store_read(ctl->store, read_one, &l, err) < 0)
		return -1;
	return each->fn(ctl, &l.live, each->ctx, err);
}

int each_deployment(struct controller *ctl,
	int (*fn)(struct controller *ctl, struct live_deployment *live, void *ctx,
		struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	static const struct live_kind kind = { "deployment", store_deployment_live,
		one_deployment };
	struct each each = { fn, ctx };

	return each_live(ctl, &kind, &each, err);
}

static struct revision_count count_of(
	const struct live_deployment *live, const struct revision *rev)
{
	struct revision_count c = { .exists = rev != NULL };

	if (!rev)
		return c;
	c.state = rev->state;
	c.replicas = rev->replicas;
	for (size_t i = 0; i < live->nins; i++) {
		const struct instance *ins = &live->inss[i];
		if (!mo_streq(ins->revision_id, rev->id))
			continue;
		c.live++;
		c.starting += ins->state == INSTANCE_STARTING;
		c.ready += ins->state == INSTANCE_READY;
		c.failed += ins->state == INSTANCE_FAILED;
		/* A failed one that is about to restart has had one more failure than restarts. */
		int64_t restarts = ins->restarts + (ins->state == INSTANCE_FAILED);
		if (restarts > c.max_restarts)
			c.max_restarts = restarts;
	}
	return c;
}

struct deployment_view deployment_view_of(const struct live_deployment *live)
{
	struct deployment_view v = { .state = live->dep->state,
		.now = mo_now(),
		.current = count_of(live, live->current),
		.next = count_of(live, live->next) };

	v.old_live = (int64_t)live->nins - v.current.live - v.next.live;
	return v;
}

bool revision_wants(const struct live_deployment *live, const struct revision *rev)
{
	if (live->dep->state == DEPLOYMENT_DELETING || !rev)
		return false;
	return rev == live->next || (rev == live->current && rev->state == REVISION_READY);
}

static enum instance_proc proc_of(enum exec_state state)
{
	static const enum instance_proc procs[] = { [EXEC_ABSENT] = PROC_ABSENT,
		[EXEC_STARTING] = PROC_STARTING,
		[EXEC_RUNNING] = PROC_RUNNING,
		[EXEC_EXITED] = PROC_EXITED,
		[EXEC_LOST] = PROC_LOST };

	return procs[state];
}

static void observe_shares(const struct rooms *rooms, struct instance_seen *seen)
{
	for (size_t i = 0; i < rooms->nallocs; i++)
		if (mo_streq(rooms->allocs[i].owner_id, seen->ins->id))
			seen->alloc = &rooms->allocs[i];
	if (!seen->rev || !seen->rev->pool_id) {
		seen->view.has_shares = true;
		return;
	}
	seen->view.has_shares = seen->view.holds = seen->alloc != NULL;
	if (seen->alloc && rooms_suspended(rooms, seen->ins->tenant_id))
		seen->view.wanted = false; /* drained; the one that follows it waits */
	if (seen->alloc)                   /* what it waited for its shares is not its start */
		seen->view.starting_since = seen->alloc->reserved_at;
	if (seen->view.has_shares || seen->ins->state != INSTANCE_STARTING)
		return;
	seen->room = rooms_find(rooms, seen->rev->pool_id, strlen(seen->rev->pool_id));
	seen->wish = (struct room_wish){ .tenant = seen->ins->tenant_id,
		.owner = seen->ins->deployment_id,
		.shares = seen->rev->shares,
		.since = seen->live->dep->created_at };
	struct room *fits =
		rooms_choose(rooms, &seen->room, seen->room ? 1 : 0, &seen->wish, &seen->fit);
	seen->view.fits = fits != NULL;
}

int instance_observe(struct controller *ctl, struct rooms *rooms, struct live_deployment *live,
	struct instance *ins, struct instance_seen *ret, struct mo_err *err)
{
	struct instance_view *v = &ret->view;

	*ret = (struct instance_seen){ .live = live, .ins = ins };
	for (size_t i = 0; i < live->nrevs; i++)
		if (mo_streq(live->revs[i].id, ins->revision_id))
			ret->rev = &live->revs[i];
	if (executor_observe(ctl->ex, ins->id, &ret->exec, err) < 0)
		return -1;
	watch_add(ctl, ins->id, &ret->exec);
	if (ins->not_before > mo_now())
		watch_wake(ctl, ins->not_before - mo_now());
	*v = (struct instance_view){ .state = ins->state,
		.wanted = revision_wants(live, ret->rev) && ins->idx < ret->rev->replicas,
		.proc = proc_of(ret->exec.state),
		.listening = ret->exec.state == EXEC_RUNNING && ret->exec.address[0],
		.now = mo_now(),
		.not_before = ins->not_before,
		.drain_us = ctl->cfg->drain,
		.draining_since = ins->not_before - ctl->cfg->drain, /* written so by the drain */
		.starting_since = ins->created_at,
		.start_limit_us = ctl->cfg->start_limit,
		.restarts = ins->restarts };
	observe_shares(rooms, ret);
	return 0;
}
