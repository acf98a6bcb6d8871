/* modelops-admin pool default: the CPU pool that an embedded installation starts with. */
#include "commands.h"

#include "modelops/base/arena.h"
#include "modelops/base/id.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"

#include <stdio.h>
#include <unistd.h>

enum { MEMORY = 1 << 20, FEWEST_SHARES = 4, LONGEST_RUN = 3600 };

struct pool_job {
	struct mo_arena *arena;
	int64_t shares;
	bool made;
};

/* Only into a store that has no pool at all: what an operator decided stays. */
static int insert(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct pool_job *job = ctx;
	const struct store_page first = { .limit = 1 };
	struct pool *found = NULL;
	size_t n = 0;
	char id[MO_ID_MAX];

	if (store_pool_list(tx, &first, job->arena, &found, &n, err) < 0)
		return -1;
	job->made = n == 0;
	if (!job->made)
		return 0;
	struct pool pool = { .id = mo_id_new("pool", id),
		.name = "cpu",
		.card_model = "cpu",
		.mode = POOL_CPU,
		.capacity_shares = job->shares,
		.price_class = "cpu",
		.default_max_runtime_s = LONGEST_RUN,
		.created_at = store_now(tx),
		.updated_at = store_now(tx) };
	const struct audit_entry audit = { .tenant_id = TENANT_PLATFORM_ID,
		.actor = "modelops-admin",
		.action = "create",
		.noun = "pool",
		.noun_id = id };
	if (pool_validate(&pool, job->arena, err) < 0 || store_pool_insert(tx, &pool, err) < 0 ||
		store_audit(tx, &audit, err) < 0)
		return -1;
	return store_change(tx, "pool", TENANT_PLATFORM_ID, pool.id, err);
}

int admin_pool_default(const struct admin_args *args, struct mo_err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct mo_arena arena;
	struct store *store;
	struct pool_job job = { .arena = &arena,
		.shares = cores > FEWEST_SHARES ? cores : FEWEST_SHARES };

	if (admin_open(args, false, &store, err) < 0)
		return -1;
	mo_arena_init(&arena, MEMORY, 4096);
	int rc = store_write(store, insert, &job, err);
	if (rc == 0 && job.made)
		printf("pool cpu: %lld shares\n", (long long)job.shares);
	mo_arena_free(&arena);
	store_close(store);
	return rc;
}
