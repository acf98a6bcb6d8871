/* Room in the pools as one pass sees it; the reserving transaction checks again. */
#include "rooms.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/step.h"
#include "modelops/store/pools.h"
#include "modelops/store/runs.h"

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
		store_quota_list(tx, NULL, &quotas, a, &r->quotas, &r->nquotas, err) < 0)
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
		r.at[i].holders =
			mo_arena_alloc(&ctl->pass, (r.nallocs + 1) * sizeof(*r.at[i].holders));
		if (!r.at[i].holders)
			return mo_fail(err, MO_ENOMEM, "pools");
	}
	for (size_t i = 0; i < r.nallocs; i++) {
		struct room *room =
			rooms_find(&r, r.allocs[i].pool_id, strlen(r.allocs[i].pool_id));
		if (room)
			hold(room, &r.allocs[i], l.limits[i]);
	}
	*ret = r;
	return 0;
}

struct room *rooms_find(const struct rooms *rooms, const char *id, size_t len)
{
	for (size_t i = 0; i < rooms->n; i++)
		if (strlen(rooms->at[i].pool->id) == len &&
			memcmp(rooms->at[i].pool->id, id, len) == 0)
			return &rooms->at[i];
	return NULL;
}

/* Another tenant's work goes unnamed. */
static const char *waiting_name(const struct room *room, const char *tenant)
{
	if (!room->waiting[0])
		return NULL;
	return mo_streq(room->waiting_tenant, tenant) ? room->waiting : "other work";
}

static struct fit_room fit_room_of(
	const struct rooms *rooms, const struct room *room, const char *tenant)
{
	struct fit_room f = { .pool = room->pool,
		.used = room->used,
		.tenant_max = -1,
		.holders = room->holders,
		.holder_count = room->nholders,
		.waiting = waiting_name(room, tenant) };

	for (size_t i = 0; i < rooms->nallocs; i++)
		if (mo_streq(rooms->allocs[i].tenant_id, tenant) &&
			mo_streq(rooms->allocs[i].pool_id, room->pool->id))
			f.tenant_used += rooms->allocs[i].shares;
	for (size_t i = 0; i < rooms->nquotas; i++)
		if (mo_streq(rooms->quotas[i].tenant_id, tenant) &&
			mo_streq(rooms->quotas[i].pool_id, room->pool->id))
			f.tenant_max = rooms->quotas[i].max_shares;
	return f;
}

struct room *rooms_choose(const struct rooms *rooms, struct room *const *candidates, size_t count,
	const char *tenant, int64_t shares, struct fit_answer *ret_answer)
{
	struct fit_room rows[ROOMS_CHOICE_MAX];

	MO_ASSERT(count <= ROOMS_CHOICE_MAX);
	if (count == 0) {
		*ret_answer = (struct fit_answer){ .fit = FIT_NEVER, .text = "its pool is gone" };
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		rows[i] = fit_room_of(rooms, candidates[i], tenant);
	int at = fit_any_of(rows, count, shares, ret_answer);
	return at < 0 ? NULL : candidates[at];
}

void rooms_wait(
	struct room *room, const char *tenant, const char *owner, int64_t shares, enum fit why)
{
	room->pending += shares;
	if (why != FIT_POOL || room->waiting[0])
		return;
	mo_str_copy(room->waiting, sizeof(room->waiting), owner);
	mo_str_copy(room->waiting_tenant, sizeof(room->waiting_tenant), tenant);
}

void rooms_take(struct room *room, int64_t shares)
{
	room->used += shares;
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
