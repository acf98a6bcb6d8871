/* Room in the pools as one pass sees it; the reserving transaction checks again. */
#include "rooms.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/step.h"
#include "modelops/store/overview.h"
#include "modelops/store/pools.h"
#include "modelops/store/runs.h"
#include "modelops/store/tenants.h"

#include <stdio.h>
#include <string.h>

enum { POOLS_MAX = 1000, ALLOCS_MAX = 100000, QUOTAS_MAX = 100000 };

struct load {
	struct controller *ctl;
	struct rooms *rooms;
	int64_t *limits; /* of each allocation, microseconds; 0: none */
};

static int read_limits(struct store_tx *tx, struct load *l, struct mo_err *err)
{
	struct rooms *r = l->rooms;
	struct run_step *step;

	l->limits = mo_arena_zalloc(&l->ctl->pass, (r->nallocs + 1) * sizeof(*l->limits));
	if (!l->limits)
		return mo_fail(err, MO_ENOMEM, "allocations");
	for (size_t i = 0; i < r->nallocs; i++) {
		struct mo_err none = { 0 };
		mo_arena_reset(&l->ctl->arena); /* a step comes with its documents */
		if (r->allocs[i].owner_kind == ALLOC_OWNER_STEP &&
			store_step_of_attempt(
				tx, NULL, r->allocs[i].owner_id, &l->ctl->arena, &step, &none) == 0)
			l->limits[i] = step->max_runtime_s * MO_SECOND;
	}
	return 0;
}

static int read_all(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct load *l = ctx;
	struct rooms *r = l->rooms;
	struct mo_arena *a = &l->ctl->pass;
	struct store_page pools = { .limit = POOLS_MAX }, allocs = { .limit = ALLOCS_MAX },
			  quotas = { .limit = QUOTAS_MAX };

	if (store_pool_list(tx, &pools, a, &r->pools, &r->n, err) < 0 ||
		store_allocation_list(
			tx, NULL, NULL, true, &allocs, a, &r->allocs, &r->nallocs, err) < 0 ||
		store_quota_list(tx, NULL, &quotas, a, &r->quotas, &r->nquotas, err) < 0 ||
		store_tenant_suspended(tx, a, &r->suspended, &r->nsuspended, err) < 0)
		return -1;
	return read_limits(tx, l, err);
}

static void hold(struct room *room, const struct allocation *a, int64_t limit)
{
	int64_t from = a->bound_at ? a->bound_at : a->reserved_at;

	room->used += a->shares;
	room->holders[room->nholders++] =
		(struct fit_holder){ a->shares, limit ? from + limit : 0 };
}

struct room *rooms_find(const struct rooms *rooms, const char *id, size_t len)
{
	for (size_t i = 0; i < rooms->n; i++)
		if (strlen(rooms->at[i].pool->id) == len &&
			memcmp(rooms->at[i].pool->id, id, len) == 0)
			return &rooms->at[i];
	return NULL;
}

bool rooms_suspended(const struct rooms *rooms, const char *tenant)
{
	for (size_t i = 0; i < rooms->nsuspended; i++)
		if (mo_streq(rooms->suspended[i].id, tenant))
			return true;
	return false;
}

struct fit_answer rooms_refused(const struct mo_err *why)
{
	struct fit_answer a = { .fit = FIT_POOL };

	if (mo_streq(why->slug, "tenant_suspended"))
		return fit_suspended();
	mo_str_copy(a.text, sizeof(a.text), why->msg);
	return a;
}

/* Who goes before WISH here, or NULL; another tenant's work goes unnamed. */
static const char *waiting_name(const struct room *room, const struct room_wish *wish)
{
	bool own = mo_streq(room->waiting, wish->owner);

	if (!room->waiting[0] || room->waiting_since > wish->since ||
		(room->waiting_since == wish->since && own))
		return NULL;
	return mo_streq(room->waiting_tenant, wish->tenant) ? room->waiting : "other work";
}

static struct fit_room fit_room_of(
	const struct rooms *rooms, const struct room *room, const struct room_wish *wish)
{
	struct fit_room f = { .pool = room->pool,
		.used = room->used,
		.tenant_max = -1,
		.holders = room->holders,
		.holder_count = room->nholders,
		.waiting = waiting_name(room, wish),
		.waiting_at = room->waiting_at,
		.ends_at = wish->ends_at };

	for (size_t i = 0; i < rooms->nallocs; i++)
		if (mo_streq(rooms->allocs[i].tenant_id, wish->tenant) &&
			mo_streq(rooms->allocs[i].pool_id, room->pool->id))
			f.tenant_used += rooms->allocs[i].shares;
	for (size_t i = 0; i < rooms->nquotas; i++)
		if (mo_streq(rooms->quotas[i].tenant_id, wish->tenant) &&
			mo_streq(rooms->quotas[i].pool_id, room->pool->id))
			f.tenant_max = rooms->quotas[i].max_shares;
	return f;
}

struct room *rooms_choose(const struct rooms *rooms, struct room *const *candidates, size_t count,
	const struct room_wish *wish, struct fit_answer *ret_answer)
{
	struct fit_room rows[ROOMS_CHOICE_MAX];

	MO_ASSERT(count <= ROOMS_CHOICE_MAX);
	if (rooms_suspended(rooms, wish->tenant)) {
		*ret_answer = fit_suspended();
		return NULL;
	}
	if (count == 0) {
		*ret_answer = (struct fit_answer){ .fit = FIT_NEVER, .text = "its pool is gone" };
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		rows[i] = fit_room_of(rooms, candidates[i], wish);
	int at = fit_any_of(rows, count, wish->shares, ret_answer);
	return at < 0 ? NULL : candidates[at];
}

static void remember(
	struct room *room, const struct room_wish *wish, const struct fit_answer *answer)
{
	if (!fit_holds(answer) || (room->waiting[0] && room->waiting_since <= wish->since))
		return;
	mo_str_copy(room->waiting, sizeof(room->waiting), wish->owner);
	mo_str_copy(room->waiting_tenant, sizeof(room->waiting_tenant), wish->tenant);
	room->waiting_since = wish->since;
	room->waiting_at = answer->fit == FIT_OK ? mo_now() : answer->earliest_at;
}

void rooms_wait(struct room *room, const struct room_wish *wish, const struct fit_answer *answer)
{
	if (answer->fit == FIT_SUSPENDED)
		return;
	room->pending += wish->shares;
	remember(room, wish, answer);
}

static int more_holders(struct controller *ctl, struct room *room, struct mo_err *err)
{
	size_t max = 2 * room->max_holders;
	struct fit_holder *more = mo_arena_alloc(&ctl->pass, max * sizeof(*more));

	if (!more)
		return mo_fail(err, MO_ENOMEM, "holders of pool '%s'", room->pool->name);
	memcpy(more, room->holders, room->nholders * sizeof(*more));
	room->holders = more;
	room->max_holders = max;
	return 0;
}

int rooms_take(
	struct controller *ctl, struct room *room, const struct room_wish *wish, struct mo_err *err)
{
	if (room->nholders == room->max_holders && more_holders(ctl, room, err) < 0)
		return -1;
	room->used += wish->shares;
	room->holders[room->nholders++] = (struct fit_holder){ wish->shares, wish->ends_at };
	if (room->waiting_since == wish->since && mo_streq(room->waiting, wish->owner))
		room->waiting[0] = '\0';
	return 0;
}

/* One that fits now counts too: jobs are acted on before it. Its tenant's quota is its own matter.
 */
static int take_waiting(void *ctx, const struct store_waiting *w, struct mo_err *err)
{
	struct rooms *r = ctx;
	struct room_wish wish = { .tenant = w->tenant_id,
		.owner = w->deployment_id,
		.shares = w->shares,
		.since = w->since };
	struct room *room = rooms_find(r, w->pool_id, strlen(w->pool_id));

	(void)err;
	if (!room || rooms_suspended(r, w->tenant_id))
		return 0;
	struct fit_room f = fit_room_of(r, room, &wish);
	struct fit_answer answer = pool_fit(&f, w->shares);
	remember(room, &wish, &answer);
	return 0;
}

static int read_waiting(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_instance_waiting(tx, take_waiting, ctx, err);
}

int rooms_load(struct controller *ctl, struct rooms *ret, struct mo_err *err)
{
	struct rooms r = { 0 };
	struct load l = { ctl, &r, NULL };

	if (store_read(ctl->store, read_all, &l, err) < 0)
		return -1;
	r.at = mo_arena_zalloc(&ctl->pass, (r.n + 1) * sizeof(*r.at));
	if (!r.at)
		return mo_fail(err, MO_ENOMEM, "pools");
	for (size_t i = 0; i < r.n; i++) {
		r.at[i].pool = &r.pools[i];
		r.at[i].max_holders = r.nallocs + 1;
		r.at[i].holders =
			mo_arena_alloc(&ctl->pass, r.at[i].max_holders * sizeof(*r.at[i].holders));
		if (!r.at[i].holders)
			return mo_fail(err, MO_ENOMEM, "pools");
	}
	for (size_t i = 0; i < r.nallocs; i++) {
		struct room *room =
			rooms_find(&r, r.allocs[i].pool_id, strlen(r.allocs[i].pool_id));
		if (room)
			hold(room, &r.allocs[i], l.limits[i]);
	}
	if (store_read(ctl->store, read_waiting, &r, err) < 0)
		return -1;
	*ret = r;
	return 0;
}

void rooms_metrics(struct controller *ctl, const struct rooms *rooms)
{
	for (size_t i = 0; i < rooms->n; i++) {
		const struct room *room = &rooms->at[i];
		metrics_set(ctl, CTL_POOL_SHARES, room->pool->name, "capacity",
			room->pool->capacity_shares);
		metrics_set(ctl, CTL_POOL_SHARES, room->pool->name, "used", room->used);
		metrics_set(ctl, CTL_POOL_PENDING, room->pool->name, NULL, room->pending);
	}
}
