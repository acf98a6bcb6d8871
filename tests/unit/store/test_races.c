/* Many threads at once: pools never over capacity, one effect per idempotency key, a feed that
 * misses nothing. */
#include "fixture.h"

#include "modelops/store/billing.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 16, ROUNDS = 25, REPEATS = 100 };

struct racer {
	struct fix *f;
	int n;
	char owner[MO_ID_MAX];
	const char *tenant;
	char answer[MO_ID_MAX];
};

static atomic_int full, held;

static int reserve(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct racer *r = ctx;
	struct allocation a = fix_allocation(r->f, r->tenant, r->owner, 1);

	if (store_allocation_reserve(tx, &a, err) < 0)
		return -1;
	MO_ASSERT(fix_used(tx, r->f) <= FIX_CAPACITY);
	return store_allocation_bind(tx, r->owner, 0, 0, err);
}

static int release(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_allocation_release(tx, ((struct racer *)ctx)->owner, ALLOC_COMPLETED, 0, err);
}

static void *fight(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct mo_err e = { 0 }, *err = &e;
		r->tenant = (r->n + i) % 2 ? r->f->a : r->f->b;
		mo_id_new("att", r->owner);
		if (store_write(r->f->store, reserve, r, err) < 0) {
			if (err->code != MO_EQUOTA)
				fprintf(stderr, "reserve: %s\n", err->msg);
			MO_ASSERT(err->code == MO_EQUOTA);
			atomic_fetch_add(&full, 1);
			continue;
		}
		MO_ASSERT(atomic_fetch_add(&held, 1) < FIX_CAPACITY);
		usleep(30000); /* long enough that the others find it full */
		atomic_fetch_sub(&held, 1);
		MUST(store_write(r->f->store, release, r, err));
	}
	return NULL;
}

static void run_threads(struct fix *f, int n, void *(*fn)(void *), struct racer *racers)
{
	pthread_t threads[REPEATS];

	for (int i = 0; i < n; i++) {
		racers[i] = (struct racer){ .f = f, .n = i };
		assert_int_equal(pthread_create(&threads[i], NULL, fn, &racers[i]), 0);
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static int nothing_held(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	MO_ASSERT(fix_used(tx, ctx) == 0);
	return 0;
}

static void test_pool_is_never_over_capacity(void **state)
{
	struct racer racers[THREADS];

	run_threads(*state, THREADS, fight, racers);
	fix_do(*state, nothing_held);
	assert_true(atomic_load(&full) > 0);
}

static int fill(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct allocation a = fix_allocation(f, f->a, "att_big", FIX_QUOTA),
			  b = fix_allocation(f, f->b, "att_b", 2);

	MUST(store_allocation_reserve(tx, &a, err));
	MUST(store_allocation_reserve(tx, &b, err));
	return 0;
}

static int past_quota(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct allocation a = fix_allocation(ctx, ((struct fix *)ctx)->a, "att_more", 1);

	return store_allocation_reserve(tx, &a, err);
}

static int past_capacity(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct allocation a = fix_allocation(ctx, ((struct fix *)ctx)->b, "att_more", 1);

	return store_allocation_reserve(tx, &a, err);
}

static void test_quota_and_capacity(void **state)
{
	fix_do(*state, fill);
	fix_refused(*state, past_quota, MO_EQUOTA, "quota_exceeded");
	fix_refused(*state, past_capacity, MO_EQUOTA, "pool_full");
}

/* One request as the API makes it: the stored reply, or the effect with its reply. */
static int request(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct racer *r = ctx;
	struct mo_arena arena;
	struct idempotency_key *old = NULL;
	struct project p = {
		.id = r->owner, .tenant_id = r->f->b, .name = r->owner + 10, .created_at = 1
	};
	struct idempotency_key k = { .tenant_id = r->f->b,
		.principal = "p",
		.route = "POST /v1/projects",
		.key = "k1",
		.body_sha256 = "h",
		.status = 201,
		.response = r->owner };

	mo_arena_init(&arena, 65536, 4096);
	int rc = store_idempotency_get(tx, r->f->b, "p", k.route, "k1", &arena, &old, err);
	if (rc == 0 && old)
		snprintf(r->answer, sizeof(r->answer), "%s", old->response);
	else if (rc == 0)
		rc = store_project_insert(tx, &p, err) < 0 ? -1
							   : store_idempotency_insert(tx, &k, err);
	if (rc == 0 && !old)
		snprintf(r->answer, sizeof(r->answer), "%s", r->owner);
	mo_arena_free(&arena);
	return rc;
}

static void *fire(void *arg)
{
	struct racer *r = arg;
	struct mo_err e = { 0 }, *err = &e;

	mo_id_new("prj", r->owner);
	int rc = store_write(r->f->store, request, r, err);
	if (rc < 0 && err->code == MO_ECONFLICT) /* another was first: its reply is there now */
		rc = store_write(r->f->store, request, r, err);
	MUST(rc);
	return NULL;
}

static int one_project(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct store_page page = { .limit = 10 };
	struct project *rows;
	size_t n;

	MUST(store_project_list(tx, f->b, &page, &f->arena, &rows, &n, err));
	MO_ASSERT(n == 1);
	return 0;
}

static void test_one_effect_per_key(void **state)
{
	static struct racer racers[REPEATS];

	run_threads(*state, REPEATS, fire, racers);
	for (int i = 1; i < REPEATS; i++)
		assert_string_equal(racers[i].answer, racers[0].answer);
	fix_do(*state, one_project);
}

static int make_default(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct racer *r = ctx;
	struct price_plan p = { .id = r->owner,
		.name = r->owner,
		.currency = "EUR",
		.is_default = true,
		.created_at = store_now(tx) };

	return store_price_plan_insert(tx, &p, NULL, 0, err);
}

static void *make_defaults(void *arg)
{
	struct racer *r = arg;
	struct mo_err e = { 0 }, *err = &e;

	for (int i = 0; i < ROUNDS; i++) {
		mo_id_new("pp", r->owner);
		MUST(store_write(r->f->store, make_default, r, err));
	}
	return NULL;
}

static int one_default(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct store_page page = { .limit = 2 * THREADS * ROUNDS };
	struct price_plan *rows;
	size_t n;
	int defaults = 0;

	MUST(store_price_plan_list(tx, &page, &f->arena, &rows, &n, err));
	for (size_t i = 0; i < n; i++)
		defaults += rows[i].is_default;
	MO_ASSERT(n >= THREADS * ROUNDS && defaults == 1);
	return 0;
}

static void test_one_default_price_plan(void **state)
{
	struct racer racers[THREADS];

	run_threads(*state, THREADS, make_defaults, racers);
	fix_do(*state, one_default);
}

/* Followers: every committed change is seen, whatever the order in which writers began and ended.
 */
struct interleave {
	struct fix *f;
	sem_t older_began, younger_changed, older_may_change, older_changed, older_may_end,
		younger_may_end;
	int64_t seq;
	int seen_old, seen_young;
};

static void change(struct store_tx *tx, struct fix *f, const char *id, struct mo_err *err)
{
	MUST(store_change(tx, "tenant", f->a, id, err));
}

static int older(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct interleave *i = ctx;

	MUST(store_event(tx, i->f->a, "run", "run_1", "T", "draws the older transaction id", err));
	sem_post(&i->older_began);
	sem_wait(&i->older_may_change);
	change(tx, i->f, "old", err); /* the larger seq */
	sem_post(&i->older_changed);
	sem_wait(&i->older_may_end);
	return 0;
}

static int younger(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct interleave *i = ctx;

	change(tx, i->f, "young", err); /* the younger transaction id, the smaller seq */
	sem_post(&i->younger_changed);
	sem_wait(&i->younger_may_end);
	return 0;
}

static int follow(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct interleave *i = ctx;
	struct change *rows;
	size_t n = 0;

	MUST(store_change_list(tx, i->seq, 100, &i->f->arena, &rows, &n, &i->seq, err));
	for (size_t k = 0; k < n; k++) {
		i->seen_old += mo_streq(rows[k].id, "old");
		i->seen_young += mo_streq(rows[k].id, "young");
	}
	return 0;
}

static void *write_older(void *ctx)
{
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(((struct interleave *)ctx)->f->store, older, ctx, err));
	return NULL;
}

static void *write_younger(void *ctx)
{
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(((struct interleave *)ctx)->f->store, younger, ctx, err));
	return NULL;
}

static void read_feed(struct interleave *i)
{
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_read(i->f->store, follow, i, err));
}

static void end_one(sem_t *may_end, pthread_t thread, struct interleave *i)
{
	sem_post(may_end);
	pthread_join(thread, NULL);
	read_feed(i);
}

/* SQLite has one writer, so there the two run one after the other; on Postgres they overlap. */
static void interleave(struct fix *f, bool older_first)
{
	struct interleave i = { .f = f };
	bool alone = store_is_sqlite(f->store);
	sem_t *all[] = { &i.older_began, &i.younger_changed, &i.older_changed, &i.older_may_change,
		&i.older_may_end, &i.younger_may_end };
	pthread_t a, b;

	for (size_t k = 0; k < MO_COUNT(all); k++)
		sem_init(all[k], 0, alone && k >= 3);
	i.seq = -1;
	read_feed(&i);
	pthread_create(&a, NULL, write_older, &i);
	sem_wait(&i.older_began);
	pthread_create(&b, NULL, write_younger, &i);
	sem_wait(&i.younger_changed);
	sem_post(&i.older_may_change);
	sem_wait(&i.older_changed);
	read_feed(&i);
	if (older_first)
		end_one(&i.older_may_end, a, &i);
	end_one(&i.younger_may_end, b, &i);
	if (!older_first)
		end_one(&i.older_may_end, a, &i);
	/* On Postgres the feed also waits for older transactions of the server's other databases.
	 */
	for (int k = 0; k < 1000 && (!i.seen_old || !i.seen_young); k++, usleep(10000))
		read_feed(&i);
	read_feed(&i);
	assert_int_equal(i.seen_old, 1);
	assert_int_equal(i.seen_young, 1);
}

static void test_feed_older_ends_first(void **state)
{
	interleave(*state, true);
}

static void test_feed_younger_ends_first(void **state)
{
	interleave(*state, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quota_and_capacity, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_pool_is_never_over_capacity, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_one_effect_per_key, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_one_default_price_plan, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_feed_older_ends_first, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_feed_younger_ends_first, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
