/* GPU pools and quotas. */
#include "modelops/store/pools.h"

#include "modelops/store/rows.h"

static const struct db_col pool_cols[] = {
	DB_COL(pool, id, DB_TEXT),
	DB_COL(pool, name, DB_TEXT),
	DB_COL(pool, card_model, DB_TEXT),
	DB_COL_ENUM(pool, mode, pool_modes),
	DB_COL(pool, profile, DB_TEXT),
	DB_COL(pool, gpu_resource_name, DB_TEXT),
	DB_COL_ENUM(pool, mig_strategy, mig_strategies),
	DB_COL(pool, capacity_shares, DB_INT),
	DB_COL(pool, timeslice_replicas, DB_INT),
	DB_COL(pool, max_shares_per_pod, DB_INT),
	DB_COL(pool, node_selector, DB_TEXT),
	DB_COL(pool, tolerations, DB_TEXT),
	DB_COL(pool, price_class, DB_TEXT),
	DB_COL(pool, default_max_runtime_s, DB_INT),
	DB_COL(pool, allow_cpu_on_gpu, DB_BOOL),
	DB_COL(pool, created_at, DB_INT),
	DB_COL(pool, updated_at, DB_INT),
	DB_COL(pool, retired_at, DB_TIME),
};
static const struct db_table pools = DB_TABLE("gpu_pools", "pool", pool, pool_cols);

static const struct db_col quota_cols[] = {
	DB_COL(quota, tenant_id, DB_TEXT),
	DB_COL(quota, pool_id, DB_TEXT),
	DB_COL(quota, max_shares, DB_INT),
	DB_COL(quota, created_at, DB_INT),
	DB_COL(quota, updated_at, DB_INT),
};
static const struct db_table quotas = DB_TABLE("quotas", "quota", quota, quota_cols);

int store_pool_insert(struct store_tx *tx, const struct pool *p, struct mo_err *err)
{
	return db_insert(tx, &pools, p, p->name, err);
}

int store_pool_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct pool **ret, struct mo_err *err)
{
	return db_get(tx, &pools, "WHERE (id = ?1 OR name = ?1) AND retired_at IS NULL",
		DB_ARGS(DB_T(id_or_name)), id_or_name, a, (void **)ret, err);
}

int store_pool_get(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct pool **ret, struct mo_err *err)
{
	return db_get(tx, &pools, "WHERE id = ?1 OR name = ?1", DB_ARGS(DB_T(id_or_name)),
		id_or_name, a, (void **)ret, err);
}

int store_pool_list(struct store_tx *tx, const struct store_page *page, struct mo_arena *a,
	struct pool **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &pools, "WHERE id < ?1 AND retired_at IS NULL ORDER BY id DESC LIMIT ?2",
		DB_ARGS(DB_T(page->after ? page->after : "zzzz"), DB_I(page->limit)), a,
		(void **)ret, ret_n, err);
}

int store_pool_update(struct store_tx *tx, const struct pool *p, struct mo_err *err)
{
	return db_exec_one(tx,
		"UPDATE gpu_pools SET card_model = ?2, mode = ?3, profile = ?4, gpu_resource_name "
		"= ?5, "
		"mig_strategy = ?6, capacity_shares = ?7, timeslice_replicas = ?8, "
		"max_shares_per_pod = ?9, "
		"node_selector = ?10, tolerations = ?11, price_class = ?12, default_max_runtime_s "
		"= ?13, "
		"allow_cpu_on_gpu = ?14, updated_at = ?15 WHERE id = ?1",
		DB_ARGS(DB_T(p->id), DB_T(p->card_model),
			DB_T(enum_name(&pool_modes, (int)p->mode)), DB_T(p->profile),
			DB_T(p->gpu_resource_name),
			DB_T(enum_name(&mig_strategies, (int)p->mig_strategy)),
			DB_I(p->capacity_shares), DB_I(p->timeslice_replicas),
			DB_I(p->max_shares_per_pod), DB_T(p->node_selector), DB_T(p->tolerations),
			DB_T(p->price_class), DB_I(p->default_max_runtime_s),
			DB_I(p->allow_cpu_on_gpu), DB_I(p->updated_at)),
		"pool", p->id, err);
}

static int take_usage(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct pool_usage *u = ctx;

	(void)err;
	u->used = db_int(row, 0);
	u->used_bound = db_int(row, 1);
	u->by_tenant = db_int(row, 2);
	return 0;
}

int store_pool_usage(struct store_tx *tx, const char *pool_id, const char *tenant,
	struct pool_usage *ret, struct mo_err *err)
{
	return db_run(tx,
		"SELECT coalesce(sum(shares), 0), coalesce(sum(CASE WHEN state = 'BOUND' THEN "
		"shares ELSE 0 END), 0), "
		"coalesce(sum(CASE WHEN tenant_id = ?2 THEN shares ELSE 0 END), 0) "
		"FROM pool_allocations WHERE pool_id = ?1 AND state <> 'RELEASED'",
		DB_ARGS(DB_T(pool_id), DB_T(tenant ? tenant : "")), take_usage, ret, NULL, err);
}

int store_quota_put(struct store_tx *tx, const struct quota *q, struct mo_err *err)
{
	return db_exec(tx,
		"INSERT INTO quotas (tenant_id, pool_id, max_shares, created_at, updated_at) "
		"VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, pool_id) "
		"DO UPDATE SET max_shares = excluded.max_shares, updated_at = excluded.updated_at",
		DB_ARGS(DB_T(q->tenant_id), DB_T(q->pool_id), DB_I(q->max_shares),
			DB_I(q->created_at), DB_I(q->updated_at)),
		NULL, err);
}

int store_quota_get(struct store_tx *tx, const char *tenant, const char *pool_id,
	struct mo_arena *a, struct quota **ret, struct mo_err *err)
{
	size_t n;

	return db_list(tx, &quotas, "WHERE tenant_id = ?1 AND pool_id = ?2",
		DB_ARGS(DB_T(tenant), DB_T(pool_id)), a, (void **)ret, &n, err);
}

int store_quota_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct quota **ret, size_t *ret_n, struct mo_err *err)
{
	if (!tenant)
		return db_list(tx, &quotas, "ORDER BY tenant_id, pool_id LIMIT ?1",
			DB_ARGS(DB_I(page->limit)), a, (void **)ret, ret_n, err);
	return db_list(tx, &quotas, "WHERE tenant_id = ?1 ORDER BY tenant_id, pool_id LIMIT ?2",
		DB_ARGS(DB_T(tenant), DB_I(page->limit)), a, (void **)ret, ret_n, err);
}

int store_quota_delete(
	struct store_tx *tx, const char *tenant, const char *pool_id, struct mo_err *err)
{
	return db_delete(tx, "DELETE FROM quotas WHERE tenant_id = ?1 AND pool_id = ?2",
		DB_ARGS(DB_T(tenant), DB_T(pool_id)), "quota", pool_id, err);
}
