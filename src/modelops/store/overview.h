/* Counts over several nouns, for capacity, gauges and readiness. */
#ifndef MODELOPS_STORE_OVERVIEW_H
#define MODELOPS_STORE_OVERVIEW_H

#include "modelops/domain/fit.h"
#include "modelops/store/store.h"

#include <stddef.h>

/* What waits for POOL_ID: steps that are QUEUED there, and their shares. */
struct store_queued {
	int64_t steps, shares;
};
int store_pool_queued(
	struct store_tx *tx, const char *pool_id, struct store_queued *ret, struct mo_err *err);

/* Live allocations of POOL_ID with the time each ends if its step uses its whole limit (0: no
 * limit). */
int store_pool_holders(struct store_tx *tx, const char *pool_id, struct mo_arena *a,
	struct fit_holder **ret, size_t *ret_n, struct mo_err *err);

/* Visits every instance that is wanted and waits for shares of its pool, that of the oldest
 * deployment first: SINCE is when this was made. */
struct store_waiting {
	const char *pool_id, *tenant_id, *deployment_id;
	int64_t shares, since;
};
int store_instance_waiting(struct store_tx *tx,
	int (*row)(void *ctx, const struct store_waiting *w, struct mo_err *err), void *ctx,
	struct mo_err *err);

/* Visits every deployment that has served (READY, DEGRADED or ROLLING with a revision), in the
 * order of ids: once per READY instance with its address, once with NULL when there is none. */
int store_deployment_served(struct store_tx *tx,
	int (*row)(void *ctx, const char *deployment_id, const char *address, struct mo_err *err),
	void *ctx, struct mo_err *err);

/* Deployments by state: COUNTS[enum deployment_state], N of them. */
int store_deployment_counts(struct store_tx *tx, int64_t *counts, size_t n, struct mo_err *err);

/* Sums of usage windows with FROM < end_at <= TO, apart by metric, price class and reason, and by
 * project, resource or day. */
struct store_usage_filter {
	int64_t from, to;
	const char *project_id; /* NULL: all */
	bool by_project, by_resource, by_day;
};
struct store_usage_sum {
	const char *metric, *price_class, *reason;
	const char *project_id, *resource_id; /* NULL unless grouped by */
	int64_t day; /* start of the day (UTC) of their ends; 0 unless grouped by */
	int64_t quantity, windows;
};
int store_usage_sums(struct store_tx *tx, const char *tenant, const struct store_usage_filter *f,
	struct mo_arena *a, struct store_usage_sum **ret, size_t *ret_n, struct mo_err *err);

#endif
