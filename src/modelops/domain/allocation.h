/* A pool allocation: shares of a pool held by one step attempt or serving instance. */
#ifndef MODELOPS_DOMAIN_ALLOCATION_H
#define MODELOPS_DOMAIN_ALLOCATION_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum alloc_state { ALLOC_RESERVED, ALLOC_BOUND, ALLOC_RELEASED };

enum alloc_owner { ALLOC_OWNER_STEP, ALLOC_OWNER_INSTANCE };
extern const struct enum_names alloc_owners;

/* Why an allocation ended. */
enum alloc_reason {
	ALLOC_REASON_NONE, /* absent: not released yet */
	ALLOC_COMPLETED,
	ALLOC_FAILED,
	ALLOC_CANCELLED,
	ALLOC_PLATFORM, /* our failure: not billed */
	ALLOC_TIMEOUT,
};
extern const struct enum_names alloc_reasons;

struct allocation {
	const char *id, *tenant_id, *project_id, *pool_id;
	int64_t shares;
	enum alloc_owner owner_kind;
	const char *owner_id;    /* attempt or instance id */
	const char *resource_id; /* run or deployment id */
	const char *price_class; /* the pool's when it was reserved: billed by it to the end */
	enum alloc_state state;
	int64_t created_at, reserved_at;
	int64_t bound_at, ended_at, released_at, last_seen_at; /* 0: not yet; ended_at: the
								  owner's end as its
								  executor saw it,
								  released_at: ours */
	enum alloc_reason release_reason;
	int64_t billed_until; /* 0: nothing billed yet; windows exist up to here */
};

#endif
