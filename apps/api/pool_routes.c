/* Pools, their capacity, and who holds shares of them. */
#include "handlers.h"

#include "modelops/domain/allocation.h"
#include "modelops/domain/fit.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/quota.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/overview.h"
#include "modelops/store/pools.h"
#include "modelops/wire/pool.h"

#include "rows.h"

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct pool *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 || store_pool_list(tx, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int pool_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int find(struct api_req *r, struct store_tx *tx, struct pool **ret, struct mo_err *err)
{
	return store_pool_find(tx, req_param(r, "id"), r->arena, ret, err);
}

static int answer(struct api_req *r, const struct pool *pool, struct mo_err *err)
{
	r->etag = pool->updated_at;
	return req_answer(r, pool, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pool *pool = NULL;
	if (store_pool_get(tx, req_param(r, "id"), r->arena, &pool, err) < 0)
		return -1;
	return answer(r, pool, err);
}

int pool_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pool pool = *(const struct pool *)r->in;
	if (pool_validate(&pool, r->arena, err) < 0)
		return -1;
	pool.id = req_new_id(r, "pool");
	pool.created_at = pool.updated_at = store_now(tx);
	if (store_pool_insert(tx, &pool, err) < 0 ||
		req_record(r, tx, TENANT_PLATFORM_ID, "create", "pool", pool.id, err) < 0)
		return -1;
	return answer(r, &pool, err);
}

int pool_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

static int patch(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pool *pool = NULL;
	if (find(r, tx, &pool, err) < 0 || req_if_match(r, pool->updated_at, err) < 0)
		return -1;
	if (pool->max_shares_per_pod == pool_default_max_shares(pool))
		pool->max_shares_per_pod = 0; /* it goes with the capacity */
	if (req_patch(r, pool, NULL, err) < 0 || pool_validate(pool, r->arena, err) < 0)
		return -1;
	pool->updated_at = store_now(tx);
	if (store_pool_update(tx, pool, err) < 0 ||
		req_record(r, tx, TENANT_PLATFORM_ID, "update", "pool", pool->id, err) < 0)
		return -1;
	return answer(r, pool, err);
}

int pool_patch(struct api_req *r, struct mo_err *err)
{
	return req_write(r, patch, err);
}

static int remove_pool(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pool *pool = NULL;
	if (find(r, tx, &pool, err) < 0)
		return -1;
	if (store_pool_retire(tx, pool, err) < 0 ||
		req_record(r, tx, TENANT_PLATFORM_ID, "delete", "pool", pool->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int pool_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_pool, err);
}

/* When one more share is free if every holder uses its whole limit. */
static int earliest_start(struct api_req *r, struct store_tx *tx, const struct pool *pool,
	const struct pool_usage *usage, struct wire_capacity *c, struct mo_err *err)
{
	struct fit_holder *holders = NULL;
	size_t n = 0;
	if (usage->used < pool->capacity_shares)
		return 0;
	if (store_pool_holders(tx, pool->id, r->arena, &holders, &n, err) < 0)
		return -1;
	struct fit_room room = { .pool = pool,
		.used = usage->used,
		.tenant_max = -1,
		.holders = holders,
		.holder_count = n };
	struct fit_answer answer = pool_fit(&room, 1);
	c->earliest_start_at = answer.earliest_at;
	c->reason = answer.earliest_at ? NULL : mo_arena_strdup(r->arena, answer.text);
	return 0;
}

static int capacity(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pool *pool = NULL;
	struct pool_usage usage;
	struct store_queued queued;
	struct quota *quota = NULL;
	const char *tenant = r->actor.tenant_id;
	if (find(r, tx, &pool, err) < 0 ||
		store_pool_usage(tx, pool->id, tenant, &usage, err) < 0 ||
		store_pool_queued(tx, pool->id, &queued, err) < 0 ||
		store_quota_get(tx, tenant, pool->id, r->arena, &quota, err) < 0)
		return -1;
	int64_t room = pool->capacity_shares - usage.used;
	struct wire_capacity c = {
		.pool_id = pool->id,
		.name = pool->name,
		.capacity_shares = pool->capacity_shares,
		.used_shares = usage.used,
		.free_shares = room > 0 ? room : 0,
		.queued_steps = queued.steps,
		.queued_shares = queued.shares,
		.tenant_used_shares = usage.by_tenant,
		.tenant_max_shares = quota ? quota->max_shares : -1,
	};
	if (earliest_start(r, tx, pool, &usage, &c, err) < 0)
		return -1;
	return req_answer(r, &c, err);
}

int pool_capacity(struct api_req *r, struct mo_err *err)
{
	return req_read(r, capacity, err);
}

static int allocations(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct allocation *rows = NULL;
	struct pool *pool = NULL;
	size_t n = 0;
	const char *tenant = NULL, *ref = query_text(&r->query, "pool_id");
	bool live = query_number(&r->query, "live", 0) != 0;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		(ref && store_pool_get(tx, ref, r->arena, &pool, err) < 0) ||
		store_allocation_list(tx, tenant, pool ? pool->id : NULL, live, &page, r->arena,
			&rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int allocation_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, allocations, err);
}
