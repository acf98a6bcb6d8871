/* Every statement and commit of one scenario fails once: nothing of it stays, and the next try
 * succeeds. */
#include "fixture.h"

#include "modelops/base/fault.h"

enum { MORE_THAN_ENOUGH = 200 };

static const char *step_id, *attempt_id;

static int make_step(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	attempt_id = fix_id(ctx, "att");
	step_id = fix_step(ctx, tx, fix_run(ctx, tx), STEP_QUEUED);
	return 0;
}

static int start_attempt(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct allocation a = fix_allocation(f, f->a, attempt_id, 1);
	bool moved;

	if (store_allocation_reserve(tx, &a, err) < 0 ||
		store_step_move(tx, f->a, step_id, STEP_ALLOCATED,
			SETS(SET_TEXT("attempt_id", attempt_id), SET_INT("attempt", 1)), &moved,
			err) < 0)
		return -1;
	MO_ASSERT(moved);
	if (store_event(tx, f->a, "run", "run_1", "StepAllocated", "m", err) < 0)
		return -1;
	return store_change(tx, "run", f->a, "run_1", err);
}

static int untouched(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct run_step *s;

	MO_ASSERT(fix_used(tx, f) == 0);
	MUST(store_step_get(tx, f->a, step_id, &f->arena, &s, err));
	MO_ASSERT(s->state == STEP_QUEUED && !s->attempt_id && s->attempt == 0);
	return 0;
}

static int done(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	MO_ASSERT(fix_used(tx, ctx) == 1);
	return 0;
}

static int undo(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	bool moved;

	MUST(store_allocation_release(tx, attempt_id, ALLOC_PLATFORM, 0, err));
	MUST(store_step_move(tx, f->a, step_id, STEP_FAILED, NO_SETS, &moved, err));
	return 0;
}

static int fail_each(struct fix *f, const char *point)
{
	int n = 1;

	for (;; n++) {
		struct mo_err err = { 0 };
		assert_true(n < MORE_THAN_ENOUGH);
		mo_fault_arm(point, n);
		int rc = store_write(f->store, start_attempt, f, &err);
		bool struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		assert_int_equal(rc, struck ? -1 : 0);
		if (!struck)
			break;
		fix_do(f, untouched);
	}
	fix_do(f, done);
	fix_do(f, undo);
	return n - 1;
}

static void test_each_statement_fails_once(void **state)
{
	fix_do(*state, make_step);
	assert_true(fail_each(*state, "store.sql") >= 5);
}

static void test_commit_fails_once(void **state)
{
	fix_do(*state, make_step);
	assert_int_equal(fail_each(*state, "store.commit"), 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_statement_fails_once, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_commit_fails_once, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
