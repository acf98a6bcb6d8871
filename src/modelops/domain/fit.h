/* Do these shares fit: the tenant's limit, the pool's room, and the choice among pools. Pure: the
 * caller counts inside the transaction that reserves. */
#ifndef MODELOPS_DOMAIN_FIT_H
#define MODELOPS_DOMAIN_FIT_H

#include "modelops/domain/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One live allocation of the pool. */
struct fit_holder {
	int64_t shares;
	int64_t ends_at; /* when it ends if it uses its whole limit; 0: it has none */
};

struct fit_room {
	const struct pool *pool;
	int64_t used;                     /* live shares of all tenants */
	int64_t tenant_used;              /* live shares of the asking tenant */
	int64_t tenant_max;               /* its quota; -1: none */
	const struct fit_holder *holders; /* live allocations, any order; may be NULL */
	size_t holder_count;
	const char *waiting; /* earlier work that holds room here, or NULL */
	int64_t waiting_at;  /* when that starts at the latest */
	int64_t ends_at;     /* when the asking work ends if it starts now; 0: it has no end */
};

enum fit {
	FIT_OK,
	FIT_POOL,      /* the pool is full now */
	FIT_QUOTA,     /* the tenant's limit is used up now */
	FIT_SUSPENDED, /* nothing of the tenant starts now */
	FIT_NEVER,     /* more than a pod, the pool or the quota can ever give */
};

enum { FIT_TEXT = 240 };

struct fit_answer {
	enum fit fit;
	int64_t earliest_at; /* FIT_POOL: when it fits at the latest; 0: a blocker has no limit */
	size_t at;           /* fit_any_of: whose answer this is */
	char text[FIT_TEXT]; /* why not, for people; "" when it fits */
};

/* The tenant's limit alone. */
struct fit_answer quota_check(const struct fit_room *room, int64_t shares);

/* The answer to whatever a suspended tenant asks for. */
struct fit_answer fit_suspended(void);

/* Work with this answer goes before later work: it starts now, or when it starts is known. Who
 * waits for what has no end holds nothing, or it would close the pool for good. */
bool fit_holds(const struct fit_answer *answer);

/* Limit per pod, quota, then room: the first that says no is the answer. Room that earlier work
 * holds is given only to what ends before that starts (EASY backfilling: Lifka, The ANL/IBM SP
 * Scheduling System, 1995). */
struct fit_answer pool_fit(const struct fit_room *room, int64_t shares);

/* Index of the first of ROOMS (in the order given) that fits, or -1; *ret_answer is then the answer
 * of the pool with the earliest known start, or else the first's. COUNT > 0. */
int fit_any_of(
	const struct fit_room *rooms, size_t count, int64_t shares, struct fit_answer *ret_answer);

#endif
