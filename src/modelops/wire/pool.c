/* Field tables of pools, capacity and allocations. */
#include "modelops/wire/pool.h"

#include "modelops/domain/allocation.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/state.h"
#include "modelops/wire/fields.h"

static const struct wire_field pool_fields[] = {
	ID_FIELD(pool),
	FIELD(pool, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"a30-small\""),
	FIELD(pool, card_model, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63,
		.example = "\"A30\""),
	FIELD(pool, mode, WIRE_ENUM, .flags = WIRE_REQ, .ref = &pool_modes, .example = "\"MIG\""),
	FIELD(pool, profile, WIRE_TEXT, .flags = WIRE_NULL, .min = 1, .max = 63,
		.example = "\"1g.6gb\"", .about = "MIG profile; MIG pools only."),
	FIELD(pool, gpu_resource_name, WIRE_TEXT, .flags = WIRE_NULL | WIRE_PATCHY, .min = 1,
		.max = 316, .example = "\"nvidia.com/mig-1g.6gb\"",
		.about = "Kubernetes resource that one share requests; null for a CPU pool."),
	FIELD(pool, mig_strategy, WIRE_ENUM, .flags = WIRE_NULL | WIRE_PATCHY,
		.ref = &mig_strategies),
	FIELD(pool, capacity_shares, WIRE_INT, .flags = WIRE_REQ | WIRE_PATCHY, .min = 1,
		.max = 1000000, .example = "4"),
	FIELD(pool, timeslice_replicas, WIRE_INT, .flags = WIRE_PATCHY, .min = 1, .max = 128,
		.def = "1", .about = "Shares per card of a TIME_SLICE or MPS pool."),
	FIELD(pool, max_shares_per_pod, WIRE_INT, .flags = WIRE_PATCHY, .min = 0, .max = 1000000,
		.def = "0",
		.about = "0: 1 for MIG and TIME_SLICE, otherwise the pool's capacity, and goes "
			 "with it."),
	FIELD(pool, node_selector, WIRE_DOC, .flags = WIRE_NULL | WIRE_PATCHY, .max = 8192,
		.about = "Opaque: a Kubernetes node selector."),
	FIELD(pool, tolerations, WIRE_DOC_LIST, .flags = WIRE_NULL | WIRE_PATCHY, .max = 8192,
		.about = "Opaque: a list of Kubernetes tolerations."),
	FIELD(pool, price_class, WIRE_NAME, .flags = WIRE_REQ | WIRE_PATCHY,
		.example = "\"a30-1g\""),
	FIELD_AS(pool, "default_max_runtime", default_max_runtime_s, WIRE_DURATION,
		.flags = WIRE_NULL | WIRE_PATCHY, .example = "\"1h\"",
		.about = "Limit of steps that set none; null: none."),
	FIELD(pool, allow_cpu_on_gpu, WIRE_BOOL, .flags = WIRE_PATCHY, .def = "false",
		.about = "Steps with device=cpu may take shares of this GPU pool."),
	CREATED_FIELD(pool),
	UPDATED_FIELD(pool),
	TIME_FIELD(pool, retired_at, .about = "It was deleted then; shown by its id only."),
};
NOUN(wire_pool, "GpuPool", pool, pool_fields, READ_PATCH,
	"Logical capacity in shares of one card model, mode and profile.");

static const struct wire_field capacity_fields[] = {
	FIELD(wire_capacity, pool_id, WIRE_ID),
	FIELD(wire_capacity, name, WIRE_TEXT),
	FIELD(wire_capacity, capacity_shares, WIRE_INT),
	FIELD(wire_capacity, used_shares, WIRE_INT, .about = "Reserved or bound, of all tenants."),
	FIELD(wire_capacity, free_shares, WIRE_INT),
	FIELD(wire_capacity, queued_steps, WIRE_INT),
	FIELD(wire_capacity, queued_shares, WIRE_INT),
	FIELD(wire_capacity, tenant_used_shares, WIRE_INT),
	FIELD(wire_capacity, tenant_max_shares, WIRE_INT, .flags = WIRE_NULL, .min = 0,
		.max = 1000000, .about = "The tenant's quota; null: none."),
	FIELD(wire_capacity, earliest_start_at, WIRE_TIME, .flags = WIRE_NULL,
		.about = "When one more share is free if every blocker uses its whole limit."),
	FIELD(wire_capacity, reason, WIRE_TEXT, .flags = WIRE_NULL),
};
NOUN(wire_capacity, "PoolCapacity", wire_capacity, capacity_fields, REPLY,
	"How full a pool is now.");

static const struct wire_field allocation_fields[] = {
	ID_FIELD(allocation),
	TENANT_FIELD(allocation),
	FIELD(allocation, project_id, WIRE_ID),
	FIELD(allocation, pool_id, WIRE_ID),
	FIELD(allocation, shares, WIRE_INT),
	FIELD(allocation, owner_kind, WIRE_ENUM, .ref = &alloc_owners),
	FIELD(allocation, owner_id, WIRE_ID, .about = "Attempt or instance."),
	FIELD(allocation, resource_id, WIRE_ID, .about = "Run or deployment."),
	FIELD(allocation, price_class, WIRE_TEXT,
		.about = "The pool's when the shares were reserved: they are billed by it."),
	FIELD(allocation, state, WIRE_ENUM, .ref = &alloc_states.names),
	FIELD(allocation, reserved_at, WIRE_TIME),
	TIME_FIELD(allocation, bound_at),
	TIME_FIELD(allocation, ended_at,
		.about = "The owner's process ended, as its executor saw it: billed up to here."),
	TIME_FIELD(allocation, released_at, .about = "The platform noticed and freed the shares."),
	TIME_FIELD(allocation, last_seen_at),
	FIELD(allocation, release_reason, WIRE_ENUM, .flags = WIRE_NULL, .ref = &alloc_reasons),
	TIME_FIELD(allocation, billed_until, .about = "Usage windows exist up to here."),
	CREATED_FIELD(allocation),
};
NOUN(wire_allocation, "PoolAllocation", allocation, allocation_fields, READ_ONLY,
	"Shares of a pool held by one step attempt or serving instance.");
