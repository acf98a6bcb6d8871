/* GPU pools, quotas and the allocations of their shares. */
#ifndef MODELOPS_STORE_POOLS_H
#define MODELOPS_STORE_POOLS_H

#include "modelops/domain/allocation.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/quota.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_pool_insert(struct store_tx *tx, const struct pool *p, struct mo_err *err);
/* By id or by name, of those that are not retired. */
int store_pool_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct pool **ret, struct mo_err *err);
/* The same, retired ones too. */
int store_pool_get(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct pool **ret, struct mo_err *err);
/* Without retired ones. */
int store_pool_list(struct store_tx *tx, const struct store_page *page, struct mo_arena *a,
	struct pool **ret, size_t *ret_n, struct mo_err *err);
/* Writes every field but id, name and created_at. */
int store_pool_update(struct store_tx *tx, const struct pool *p, struct mo_err *err);
/* Ends P: its quotas go, its name is free again, its row stays for the history. MO_ECONFLICT that
 * names a live step, revision or allocation while there is one. */
int store_pool_retire(struct store_tx *tx, const struct pool *p, struct mo_err *err);

/* Shares of a pool that are held now (RESERVED or BOUND). */
struct pool_usage {
	int64_t used;       /* by everybody */
	int64_t used_bound; /* of these, BOUND */
	int64_t by_tenant;  /* by the tenant asked for */
};
int store_pool_usage(struct store_tx *tx, const char *pool_id, const char *tenant,
	struct pool_usage *ret, struct mo_err *err);

/* Makes or replaces the limit of a tenant in a pool. */
int store_quota_put(struct store_tx *tx, const struct quota *q, struct mo_err *err);
/* The tenant's limit in the pool: *ret is NULL when there is none. */
int store_quota_get(struct store_tx *tx, const char *tenant, const char *pool_id,
	struct mo_arena *a, struct quota **ret, struct mo_err *err);
/* All limits of TENANT (NULL: of all), ordered by tenant and pool; AFTER of the page is ignored. */
int store_quota_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct quota **ret, size_t *ret_n, struct mo_err *err);
int store_quota_delete(
	struct store_tx *tx, const char *tenant, const char *pool_id, struct mo_err *err);

/* Inserts A as RESERVED after checking capacity and quota in this transaction, with the pool
 * locked, at the price class that the pool has now: MO_EQUOTA with the reason when it does not fit
 * (slug "pool_full" or "quota_exceeded"). Owner ids are unique: a repeated reserve of the same
 * owner is MO_ECONFLICT. Call it in the transaction that changes the owner's state. */
int store_allocation_reserve(struct store_tx *tx, const struct allocation *a, struct mo_err *err);
/* RESERVED -> BOUND at STARTED_AT (0: the database's clock), which is clamped to [reserved_at,
 * now]; nothing when it is BOUND already. The owner was last seen running at SEEN_AT (its end when
 * it is over; 0: only its start is known): whole hours are billed up to there. MO_ENOTFOUND when
 * the owner holds none. */
int store_allocation_bind(struct store_tx *tx, const char *owner_id, int64_t started_at,
	int64_t seen_at, struct mo_err *err);
/* -> RELEASED with REASON by the database's clock. The owner's process ended at ENDED_AT (0: at its
 * last sign of life), which is clamped to [bound_at and last_seen_at, now]. Repeating changes
 * nothing. */
int store_allocation_release(struct store_tx *tx, const char *owner_id, enum alloc_reason reason,
	int64_t ended_at, struct mo_err *err);
/* The owner was seen running at SEEN_AT. */
int store_allocation_seen(
	struct store_tx *tx, const char *owner_id, int64_t seen_at, struct mo_err *err);
/* *ret is NULL when the owner has none. */
int store_allocation_of(struct store_tx *tx, const char *owner_id, struct mo_arena *a,
	struct allocation **ret, struct mo_err *err);
/* POOL_ID NULL: every pool. LIVE: only RESERVED and BOUND ones. */
int store_allocation_list(struct store_tx *tx, const char *tenant, const char *pool_id, bool live,
	const struct store_page *page, struct mo_arena *a, struct allocation **ret, size_t *ret_n,
	struct mo_err *err);
/* The agent's work list: bound ones whose billed_until lies before released_at or, while open,
 * before HOUR and the hour of their last sign of life, oldest first, after id AFTER ("": from the
 * first). */
int store_allocation_unbilled(struct store_tx *tx, const char *after, int64_t hour, int64_t limit,
	struct mo_arena *a, struct allocation **ret, size_t *ret_n, struct mo_err *err);
/* Moves billed_until of ID from FROM to TO; MO_ECONFLICT when it was not FROM any more. */
int store_allocation_billed(
	struct store_tx *tx, const char *id, int64_t from, int64_t to, struct mo_err *err);

#endif
