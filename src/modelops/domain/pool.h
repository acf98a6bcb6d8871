/* A GPU (or CPU) pool: logical capacity in shares of one card model, mode and profile. */
#ifndef MODELOPS_DOMAIN_POOL_H
#define MODELOPS_DOMAIN_POOL_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/enums.h"
#include "modelops/domain/step.h"

#include <stdbool.h>
#include <stdint.h>

enum pool_mode { POOL_MIG, POOL_TIME_SLICE, POOL_MPS, POOL_EXCLUSIVE, POOL_CPU };
extern const struct enum_names pool_modes;

enum mig_strategy { MIG_STRATEGY_NONE, MIG_STRATEGY_MIXED, MIG_STRATEGY_SINGLE };
extern const struct enum_names mig_strategies; /* MIG_STRATEGY_NONE is absent */

struct pool {
	const char *id, *name;
	const char *card_model; /* "A30", "T4"; "cpu" for a CPU pool */
	enum pool_mode mode;
	const char *profile;           /* MIG only: "1g.6gb" */
	const char *gpu_resource_name; /* "nvidia.com/mig-1g.6gb"; NULL for a CPU pool */
	enum mig_strategy mig_strategy;
	int64_t capacity_shares;
	int64_t timeslice_replicas; /* shares per card of a TIME_SLICE or MPS pool, else 1 */
	int64_t max_shares_per_pod; /* 0 until pool_validate: the mode's default */
	const char *node_selector;  /* JSON document, or NULL */
	const char *tolerations;    /* JSON document, or NULL */
	const char *price_class;
	int64_t default_max_runtime_s; /* 0: none */
	bool allow_cpu_on_gpu;
	int64_t created_at, updated_at;
	int64_t retired_at; /* 0: in use; else only its history is left */
};

/* What one pod may get unless the pool says otherwise. */
int64_t pool_default_max_shares(const struct pool *p);

/* Checks all rules of a pool and fills what the mode decides: gpu_resource_name, mig_strategy,
 * timeslice_replicas, max_shares_per_pod. Texts it makes lie in ARENA. MO_EFIELD. */
int pool_validate(struct pool *p, struct mo_arena *arena, struct mo_err *err);

/* A step with DEVICE may run in P: cuda needs cards; cpu on cards would bill idle silicon and is
 * refused unless allow_cpu_on_gpu. MO_EFIELD on "device". */
int pool_check_device(const struct pool *p, enum step_device device, struct mo_err *err);

/* A share of a CPU pool is a core: a step of SHARES there runs no more than as many threads
 * (NTHREAD 0: not said). MO_EFIELD on "with.nthread". */
int pool_check_threads(const struct pool *p, int64_t shares, int64_t nthread, struct mo_err *err);

/* MIG devices of PROFILE that one CARD_MODEL card gives; 0 when the card lacks the profile, -1 when
 * the card is not known. */
int pool_mig_per_card(const char *card_model, const char *profile);

#endif
