/* Share limits of tenants in pools. */
#include "handlers.h"

#include "modelops/domain/pool.h"
#include "modelops/domain/quota.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/pools.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/tenancy.h"

#include "rows.h"

#include <stdio.h>
#include <string.h>

/* "TENANT/POOL": limits have no id of their own. */
static const char *cursor(struct api_req *r, const void *row)
{
	const struct quota *quota = row;
	return mo_arena_printf(r->arena, "%s/%s", quota->tenant_id, quota->pool_id);
}

static bool before(const struct quota *quota, const char *after)
{
	char key[2 * MO_ID_MAX + 2];
	snprintf(key, sizeof(key), "%s/%s", quota->tenant_id, quota->pool_id);
	return strcmp(key, after) <= 0;
}

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page, all = { .limit = 10000 };
	struct quota *rows = NULL;
	size_t n = 0, skip = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_quota_list(tx, tenant, &all, r->arena, &rows, &n, err) < 0)
		return -1;
	while (page.after && skip < n && before(&rows[skip], page.after))
		skip++;
	return req_answer_rows_by(r, rows + skip, n - skip, cursor, err);
}

int quota_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int find(struct api_req *r, struct store_tx *tx, struct tenant **ret_tenant,
	struct pool **ret_pool, struct mo_err *err)
{
	return store_tenant_find(tx, req_param(r, "tenant_id"), r->arena, ret_tenant, err) < 0
		       ? -1
		       : store_pool_find(tx, req_param(r, "pool_id"), r->arena, ret_pool, err);
}

static int put(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct quota *in = r->in;
	struct tenant *tenant = NULL;
	struct pool *pool = NULL;
	struct quota *made = NULL;
	if (find(r, tx, &tenant, &pool, err) < 0)
		return -1;
	struct quota quota = {
		.tenant_id = tenant->id,
		.pool_id = pool->id,
		.max_shares = in->max_shares,
		.created_at = store_now(tx),
		.updated_at = store_now(tx),
	};
	if (store_quota_put(tx, &quota, err) < 0 ||
		store_quota_get(tx, tenant->id, pool->id, r->arena, &made, err) < 0 ||
		req_record(r, tx, tenant->id, "update", "quota", pool->id, err) < 0)
		return -1;
	return req_answer(r, made ? made : &quota, err);
}

int quota_put(struct api_req *r, struct mo_err *err)
{
	return req_write(r, put, err);
}

static int remove_quota(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct tenant *tenant = NULL;
	struct pool *pool = NULL;
	if (find(r, tx, &tenant, &pool, err) < 0 ||
		store_quota_delete(tx, tenant->id, pool->id, err) < 0 ||
		req_record(r, tx, tenant->id, "delete", "quota", pool->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int quota_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_quota, err);
}
