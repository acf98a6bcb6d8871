/* One batch of SQLite's writer: a request that fails undoes only itself, whatever it did before. */
#include "fixture.h"

#include "modelops/base/time.h"
#include "modelops/store/driver.h"

#include <semaphore.h>

enum { JOBS = 3 };

struct job {
	struct store_job job;
	struct batch *batch;
	char id[MO_ID_MAX];
	bool writes, slow, fails;
	int runs, rc;
	enum mo_code code;
};

struct batch {
	struct fix *f;
	struct job jobs[JOBS];
	char id[MO_ID_MAX];
	int runs;
	sem_t done;
};

static int insert(struct store_tx *tx, struct fix *f, const char *id, struct mo_err *err)
{
	struct project p = {
		.id = id, .tenant_id = f->a, .name = id + 4, .created_at = store_now(tx)
	};

	return store_project_insert(tx, &p, err);
}

static int write_one(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct job *j = ctx;

	if (j->writes)
		MUST(insert(tx, j->batch->f, j->id, err));
	if (j->slow) /* SQLite ends the whole transaction of such a statement */
		return db_exec(tx, "UPDATE projects SET name = 'x' WHERE 1 > " FIX_SLOW_QUERY, NULL,
			0, NULL, err);
	return j->fails ? mo_fail(err, MO_EPRECOND, "as the test wants") : 0;
}

static int run_job(struct store_job *job, struct mo_err *err)
{
	struct job *j = (struct job *)(void *)job;

	j->runs++;
	return store_write(j->batch->f->store, write_one, j, err);
}

static void done(struct store_job *job, int rc, struct mo_err *err)
{
	struct job *j = (struct job *)(void *)job;

	j->rc = rc;
	j->code = err->code;
	sem_post(&j->batch->done);
}

/* On the writer's thread, so what it queues rides in the same commit. */
static int first(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct batch *b = ctx;

	for (int i = 0; i < JOBS && b->runs == 0; i++) {
		b->jobs[i].job.run = run_job;
		b->jobs[i].job.done = done;
		MUST(store_submit(b->f->store, &b->jobs[i].job, err));
	}
	b->runs++;
	return insert(tx, b->f, b->id, err);
}

static int missing(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct batch *b = ctx;
	struct project *p;

	MUST(store_project_get(tx, b->f->a, b->id, &b->f->arena, &p, err));
	for (int i = 0; i < JOBS; i++) {
		struct mo_err absent = { 0 };
		int rc = store_project_get(tx, b->f->a, b->jobs[i].id, &b->f->arena, &p, &absent);
		MO_ASSERT((rc == 0) == (b->jobs[i].rc == 0));
		MO_ASSERT(rc == 0 || absent.code == MO_ENOTFOUND);
	}
	return 0;
}

/* The one in the middle fails as HOW says. */
static void run(struct fix *f, struct batch *b, struct job how)
{
	*b = (struct batch){ .f = f };
	sem_init(&b->done, 0, 0);
	mo_id_new("prj", b->id);
	for (int i = 0; i < JOBS; i++) {
		b->jobs[i] = i == 1 ? how : (struct job){ .writes = true };
		b->jobs[i].batch = b;
		mo_id_new("prj", b->jobs[i].id);
	}
	struct mo_err e = { 0 }, *err = &e;
	MUST(store_write(f->store, first, b, err));
	for (int i = 0; i < JOBS; i++)
		sem_wait(&b->done);
	sem_destroy(&b->done);
	assert_int_equal(b->jobs[0].rc, 0);
	assert_int_equal(b->jobs[1].rc, -1);
	assert_int_equal(b->jobs[1].code, how.slow ? MO_ETIMEOUT : MO_EPRECOND);
	assert_int_equal(b->jobs[2].rc, 0);
	MUST(store_read(f->store, missing, b, err));
}

static void test_a_clean_failure_disturbs_nobody(void **state)
{
	struct batch b;

	run(*state, &b, (struct job){ .fails = true });
	assert_int_equal(b.runs, 1);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(b.jobs[i].runs, 1);
}

static void test_a_failure_after_writing_undoes_itself_only(void **state)
{
	struct batch b;

	run(*state, &b, (struct job){ .writes = true, .fails = true });
	assert_int_equal(b.runs, 2); /* what had not failed ran again, with savepoints */
	assert_int_equal(b.jobs[1].runs, 1);
}

static void test_a_slow_write_fails_alone(void **state)
{
	struct batch b;

	fix_reopen(*state, 100000);
	run(*state, &b, (struct job){ .writes = true, .slow = true });
	assert_int_equal(b.runs, 2);
}

static int insert_by_no_clock(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct batch *b = ctx;

	MUST(insert(tx, b->f, b->id, err));
	tx->failed = true; /* as store_now leaves it */
	return mo_fail(&tx->clock_err, MO_EUNAVAIL, "no clock") + 1;
}

static int still_absent(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct batch *b = ctx;
	struct mo_err absent = { 0 };
	struct project *p;

	MO_ASSERT(store_project_get(tx, b->f->a, b->id, &b->f->arena, &p, &absent) < 0);
	MO_ASSERT(absent.code == MO_ENOTFOUND);
	return 0;
}

static void test_without_a_clock_nothing_is_written(void **state)
{
	struct batch b = { .f = *state };
	struct mo_err e = { 0 }, *err = &e;

	mo_id_new("prj", b.id);
	assert_int_equal(store_write(b.f->store, insert_by_no_clock, &b, err), -1);
	assert_int_equal(err->code, MO_EUNAVAIL);
	MUST(store_read(b.f->store, still_absent, &b, err));
}

/* The feed's numbers never go back, even when all of it is old. */
static int trim(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	int64_t removed, before, after;
	struct change *rows;
	size_t n;

	MUST(store_change(tx, "tenant", f->a, "one", err));
	MUST(store_change_list(tx, -1, 10, &f->arena, &rows, &n, &before, err));
	MUST(store_records_trim(tx, store_now(tx) + MO_DAY, &removed, err));
	MUST(store_change(tx, "tenant", f->a, "two", err));
	MUST(store_change_list(tx, -1, 10, &f->arena, &rows, &n, &after, err));
	MO_ASSERT(after > before);
	return 0;
}

static void test_the_feed_goes_on_after_a_trim(void **state)
{
	fix_do(*state, trim);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_clean_failure_disturbs_nobody, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_a_failure_after_writing_undoes_itself_only, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_a_slow_write_fails_alone, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_without_a_clock_nothing_is_written, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_the_feed_goes_on_after_a_trim, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
