/* GPU pools, their capacity, allocations. */
#ifndef MODELOPS_WIRE_POOL_H
#define MODELOPS_WIRE_POOL_H

#include "modelops/wire/schema.h"

#include <stdint.h>

extern const struct wire_noun wire_pool;       /* struct pool */
extern const struct wire_noun wire_allocation; /* struct allocation */

/* GET /v1/gpu-pools/{id}/capacity */
struct wire_capacity {
	const char *pool_id, *name;
	int64_t capacity_shares, used_shares, free_shares;
	int64_t queued_steps, queued_shares; /* what waits for this pool */
	int64_t tenant_used_shares;          /* of the asking tenant */
	int64_t tenant_max_shares;           /* its quota; -1: none */
	int64_t earliest_start_at;           /* of one more share; 0: now, or see reason */
	const char *reason;                  /* why there is no earliest start, or NULL */
};
extern const struct wire_noun wire_capacity;

#endif
