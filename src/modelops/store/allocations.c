/* Allocations of pool shares: reserved, bound and released in the transaction of the change they
 * serve. */
#include "modelops/base/id.h"
#include "modelops/store/pools.h"
#include "modelops/store/rows.h"

#include <stdio.h>

static const struct db_col cols[] = {
	DB_COL(allocation, id, DB_TEXT),
	DB_COL(allocation, tenant_id, DB_TEXT),
	DB_COL(allocation, project_id, DB_TEXT),
	DB_COL(allocation, pool_id, DB_TEXT),
	DB_COL(allocation, shares, DB_INT),
	DB_COL_ENUM(allocation, owner_kind, alloc_owners),
	DB_COL(allocation, owner_id, DB_TEXT),
	DB_COL(allocation, resource_id, DB_TEXT),
	DB_COL(allocation, price_class, DB_TEXT),
	DB_COL_ENUM(allocation, state, alloc_states.names),
	DB_COL(allocation, created_at, DB_INT),
	DB_COL(allocation, reserved_at, DB_INT),
	DB_COL(allocation, bound_at, DB_TIME),
	DB_COL(allocation, ended_at, DB_TIME),
	DB_COL(allocation, released_at, DB_TIME),
	DB_COL(allocation, last_seen_at, DB_TIME),
	DB_COL_ENUM(allocation, release_reason, alloc_reasons),
	DB_COL(allocation, billed_until, DB_TIME),
};
static const struct db_table allocations =
	DB_TABLE("pool_allocations", "allocation", allocation, cols);

struct pool_limits {
	char name[64], price_class[64];
	int64_t capacity, quota; /* quota -1: none */
	bool suspended;          /* the tenant */
};

static int take_limits(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct pool_limits *l = ctx;

	(void)err;
	snprintf(l->name, sizeof(l->name), "%s", db_text(row, 0));
	snprintf(l->price_class, sizeof(l->price_class), "%s", db_text(row, 1));
	l->capacity = db_int(row, 2);
	l->quota = db_is_null(row, 3) ? -1 : db_int(row, 3);
	l->suspended = !db_is_null(row, 4);
	return 0;
}

/* Capacity, price class and quota of the pool, locked until the transaction ends; state of the
 * tenant. */
static int pool_limits(struct store_tx *tx, const struct allocation *a, struct pool_limits *ret,
	struct mo_err *err)
{
	char name[MO_ID_MAX + 8];

	snprintf(name, sizeof(name), "pool:%s", a->pool_id);
	if (db_lock(tx, name, err) < 0)
		return -1;
	ret->name[0] = '\0';
	if (db_run(tx,
		    "SELECT p.name, p.price_class, p.capacity_shares, q.max_shares, t.id FROM "
		    "gpu_pools "
		    "p LEFT JOIN quotas q ON q.pool_id = p.id AND q.tenant_id = ?2 "
		    "LEFT JOIN tenants t ON t.id = ?2 AND t.state = 'SUSPENDED' "
		    "WHERE p.id = ?1 AND p.retired_at IS NULL",
		    DB_ARGS(DB_T(a->pool_id), DB_T(a->tenant_id)), take_limits, ret, NULL, err) < 0)
		return -1;
	return ret->name[0] ? 0 : mo_fail(err, MO_ENOTFOUND, "no pool '%s'", a->pool_id);
}

int store_allocation_reserve(struct store_tx *tx, const struct allocation *a, struct mo_err *err)
{
	struct pool_limits l;
	struct pool_usage u = { 0 };

	if (pool_limits(tx, a, &l, err) < 0 ||
		store_pool_usage(tx, a->pool_id, a->tenant_id, &u, err) < 0)
		return -1;
	if (l.suspended) {
		mo_fail(err, MO_EQUOTA, "the tenant is suspended");
		return mo_advise(
			err, "tenant_suspended", "its work starts when the tenant is active again");
	}
	if (l.quota >= 0 && u.by_tenant + a->shares > l.quota) {
		mo_fail(err, MO_EQUOTA, "quota in pool '%s': %lld of %lld shares used, %lld wanted",
			l.name, (long long)u.by_tenant, (long long)l.quota, (long long)a->shares);
		return mo_advise(err, "quota_exceeded",
			"wait for own work to end or ask for a larger quota");
	}
	if (u.used + a->shares > l.capacity) {
		mo_fail(err, MO_EQUOTA, "pool '%s': %lld of %lld shares used, %lld wanted", l.name,
			(long long)u.used, (long long)l.capacity, (long long)a->shares);
		return mo_advise(err, "pool_full", "the work starts when shares are free");
	}
	struct allocation row = *a;
	row.state = ALLOC_RESERVED;
	row.price_class = l.price_class;
	row.created_at = row.reserved_at = store_now(tx);
	return db_insert(tx, &allocations, &row, a->owner_id, err);
}

/* Evidence of the executor's clock is never in the future. */
static int64_t not_after(int64_t evidence, int64_t now)
{
	return evidence < now ? evidence : now;
}

int store_allocation_bind(struct store_tx *tx, const char *owner_id, int64_t started_at,
	int64_t seen_at, struct mo_err *err)
{
	int64_t now = store_now(tx), at = not_after(started_at > 0 ? started_at : now, now);

	/* A job shorter than the look-out for it still has its time. */
	return db_exec_one(tx,
		"UPDATE pool_allocations SET state = CASE state WHEN 'RESERVED' THEN 'BOUND' ELSE "
		"state END, "
		"bound_at = CASE WHEN state <> 'RESERVED' THEN bound_at WHEN reserved_at > ?3 THEN "
		"reserved_at ELSE ?3 END, last_seen_at = ?2 WHERE owner_id = ?1",
		DB_ARGS(DB_T(owner_id), DB_I(seen_at > 0 ? not_after(seen_at, now) : at), DB_I(at)),
		"allocation of", owner_id, err);
}

int store_allocation_release(struct store_tx *tx, const char *owner_id, enum alloc_reason reason,
	int64_t ended_at, struct mo_err *err)
{
	int64_t now = store_now(tx);

	/* The end is never before the start or the last sign of life, whatever clock the evidence
	 * came from: hours up to that sign may be in the ledger. */
	return db_exec(tx,
		"UPDATE pool_allocations SET state = 'RELEASED', release_reason = ?2, "
		"ended_at = CASE WHEN bound_at IS NULL THEN ?4 "
		"WHEN last_seen_at > bound_at AND last_seen_at > ?3 THEN last_seen_at "
		"WHEN bound_at > ?3 THEN bound_at ELSE ?3 END, "
		"released_at = CASE WHEN bound_at > ?4 THEN bound_at ELSE ?4 END "
		"WHERE owner_id = ?1 AND state <> 'RELEASED'",
		DB_ARGS(DB_T(owner_id), DB_T(enum_name(&alloc_reasons, (int)reason)),
			DB_I(not_after(ended_at, now)), DB_I(now)),
		NULL, err);
}

int store_allocation_seen(
	struct store_tx *tx, const char *owner_id, int64_t seen_at, struct mo_err *err)
{
	return db_exec(tx,
		"UPDATE pool_allocations SET last_seen_at = ?2 WHERE owner_id = ?1 AND state <> "
		"'RELEASED'",
		DB_ARGS(DB_T(owner_id), DB_I(not_after(seen_at, store_now(tx)))), NULL, err);
}

int store_allocation_of(struct store_tx *tx, const char *owner_id, struct mo_arena *a,
	struct allocation **ret, struct mo_err *err)
{
	size_t n;

	return db_list(tx, &allocations, "WHERE owner_id = ?1", DB_ARGS(DB_T(owner_id)), a,
		(void **)ret, &n, err);
}

int store_allocation_list(struct store_tx *tx, const char *tenant, const char *pool_id, bool live,
	const struct store_page *page, struct mo_arena *a, struct allocation **ret, size_t *ret_n,
	struct mo_err *err)
{
	const char *tail = db_sql(tx, err, "WHERE id < ?1%s%s%s ORDER BY id DESC LIMIT ?2",
		pool_id ? " AND pool_id = ?3" : "",
		tenant ? (pool_id ? " AND tenant_id = ?4" : " AND tenant_id = ?3") : "",
		live ? " AND state <> 'RELEASED'" : "");
	struct db_arg args[4] = { DB_T(page->after ? page->after : "zzzz"), DB_I(page->limit) };
	size_t n = 2;

	if (pool_id)
		args[n++] = DB_T(pool_id);
	if (tenant)
		args[n++] = DB_T(tenant);
	return db_list(tx, &allocations, tail, args, n, a, (void **)ret, ret_n, err);
}

int store_allocation_unbilled(struct store_tx *tx, const char *after, int64_t hour, int64_t limit,
	struct mo_arena *a, struct allocation **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &allocations,
		"WHERE bound_at IS NOT NULL AND (released_at IS NULL OR billed_until IS NULL OR "
		"billed_until < released_at) "
		"AND (released_at IS NOT NULL OR (coalesce(billed_until, bound_at) < ?1 AND "
		"(last_seen_at IS NULL OR "
		"coalesce(billed_until, bound_at) < last_seen_at - last_seen_at % 3600000000))) "
		"AND id > ?3 ORDER BY id LIMIT ?2",
		DB_ARGS(DB_I(hour), DB_I(limit), DB_T(after)), a, (void **)ret, ret_n, err);
}

int store_allocation_billed(
	struct store_tx *tx, const char *id, int64_t from, int64_t to, struct mo_err *err)
{
	int64_t changed;

	if (db_exec(tx,
		    "UPDATE pool_allocations SET billed_until = ?3 WHERE id = ?1 AND "
		    "coalesce(billed_until, 0) = ?2",
		    DB_ARGS(DB_T(id), DB_I(from), DB_I(to)), &changed, err) < 0)
		return -1;
	return changed ? 0
		       : mo_fail(err, MO_ECONFLICT, "allocation '%s' was billed by somebody else",
				 id);
}
