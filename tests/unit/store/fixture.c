/* Set-up of the store's tests. */
#include "fixture.h"

#include <ftw.h>
#include <unistd.h>

static const char *given_url;
static struct fix fix;

int fix_main(int argc, char **argv)
{
	given_url = argc > 1 ? argv[1] : NULL;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

struct store *fix_open(const struct fix *f)
{
	struct store *s = NULL;
	struct mo_err e = { 0 }, *err = &e;
	struct store_cfg cfg = { .url = f->url,
		.readers = 24,
		.queue_max = 4096,
		.statement_timeout_us = f->statement_timeout_us };

	MUST(store_open(&cfg, &s, err));
	return s;
}

static int seed(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct tenant a = { .id = f->a, .name = f->a + 10, .created_at = 1, .updated_at = 1 };
	struct tenant b = { .id = f->b, .name = f->b + 10, .created_at = 1, .updated_at = 1 };
	struct project project = {
		.id = f->project, .tenant_id = f->a, .name = "one", .created_at = 1
	};
	struct pool pool = { .id = f->pool,
		.name = f->pool + 10,
		.card_model = "cpu",
		.mode = POOL_CPU,
		.capacity_shares = FIX_CAPACITY,
		.timeslice_replicas = 1,
		.max_shares_per_pod = 1,
		.price_class = "cpu",
		.created_at = 1,
		.updated_at = 1 };
	struct quota quota = { .tenant_id = f->a,
		.pool_id = f->pool,
		.max_shares = FIX_QUOTA,
		.created_at = 1,
		.updated_at = 1 };

	MUST(store_tenant_insert(tx, &a, err));
	MUST(store_tenant_insert(tx, &b, err));
	MUST(store_project_insert(tx, &project, err));
	MUST(store_pool_insert(tx, &pool, err));
	MUST(store_quota_put(tx, &quota, err));
	return 0;
}

int fix_up(void **state)
{
	struct fix *f = &fix;
	struct mo_err e = { 0 }, *err = &e;
	struct store *s = NULL;
	struct store_schema before;

	memset(f, 0, sizeof(*f));
	f->statement_timeout_us = 20000000;
	snprintf(f->folder, sizeof(f->folder), "/tmp/mo-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	if (given_url)
		assert_int_equal(mo_str_copy(f->url, sizeof(f->url), given_url), 0);
	else
		snprintf(f->url, sizeof(f->url), "sqlite:%.50s/modelops.db", f->folder);
	struct store_cfg cfg = { .url = f->url, .readers = 1, .any_schema = true };
	MUST(store_open(&cfg, &s, err));
	MUST(store_migrate(s, &before, err));
	store_close(s);
	mo_arena_init(&f->arena, 64 << 20, 65536);
	mo_id_new("ten", f->a);
	mo_id_new("ten", f->b);
	mo_id_new("prj", f->project);
	mo_id_new("pool", f->pool);
	f->store = fix_open(f);
	fix_do(f, seed);
	*state = f;
	return 0;
}

int fix_down(void **state)
{
	struct fix *f = *state;

	store_close(f->store);
	mo_arena_free(&f->arena);
	return nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void fix_reopen(struct fix *f, int64_t statement_timeout_us)
{
	store_close(f->store);
	f->statement_timeout_us = statement_timeout_us;
	f->store = fix_open(f);
}

void fix_do(struct fix *f, fix_fn *fn)
{
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(f->store, fn, f, err));
}

void fix_refused(struct fix *f, fix_fn *fn, enum mo_code code, const char *slug)
{
	struct mo_err err = { 0 };

	assert_int_equal(store_write(f->store, fn, f, &err), -1);
	if (err.code != code || (slug && !mo_streq(mo_err_slug(&err), slug)))
		fprintf(stderr, "got %s: %s\n", mo_err_slug(&err), err.msg);
	assert_int_equal(err.code, code);
	if (slug)
		assert_string_equal(mo_err_slug(&err), slug);
}

const char *fix_id(struct fix *f, const char *prefix)
{
	char id[MO_ID_MAX];

	return mo_arena_strdup(&f->arena, mo_id_new(prefix, id));
}

const char *fix_run(struct fix *f, struct store_tx *tx)
{
	struct mo_err e = { 0 }, *err = &e;
	struct run run = { .id = fix_id(f, "run"),
		.tenant_id = f->a,
		.project_id = f->project,
		.name = "r",
		.kind = RUN_TRAINING_JOB,
		.spec = "{}",
		.created_at = store_now(tx) };

	MUST(store_run_insert(tx, &run, err));
	return run.id;
}

const char *fix_step(struct fix *f, struct store_tx *tx, const char *run_id, enum step_state state)
{
	struct mo_err e = { 0 }, *err = &e;
	struct run_step step = { .id = fix_id(f, "stp"),
		.tenant_id = f->a,
		.project_id = f->project,
		.run_id = run_id,
		.kind = STEP_TRAIN,
		.state = state,
		.pool_id = f->pool,
		.shares = 1,
		.eta_s = -1,
		.created_at = store_now(tx) };

	step.name = step.id;
	MUST(store_step_insert(tx, &step, err));
	return step.id;
}

struct allocation fix_allocation(
	const struct fix *f, const char *tenant, const char *owner, int64_t shares)
{
	return (struct allocation){ .id = owner,
		.tenant_id = tenant,
		.project_id = f->project,
		.pool_id = f->pool,
		.shares = shares,
		.owner_id = owner,
		.resource_id = "run_x" };
}

int64_t fix_used(struct store_tx *tx, const struct fix *f)
{
	struct mo_err e = { 0 }, *err = &e;
	struct pool_usage u;

	MUST(store_pool_usage(tx, f->pool, f->a, &u, err));
	return u.used;
}
