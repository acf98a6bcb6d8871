/* No statement takes longer than it may: neither by its own work nor by waiting for a lock. */
#include "fixture.h"

#include "modelops/base/time.h"
#include "modelops/store/db.h"

enum { TIMEOUT_US = 200000 };

static int count_for_ever(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	int64_t n = 0;

	return db_int_of(tx, "SELECT " FIX_SLOW_QUERY, NULL, 0, &n, err);
}

static int ask(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	int64_t n = 0;

	MUST(db_int_of(tx, "SELECT count(*) FROM projects", NULL, 0, &n, err));
	MO_ASSERT(n > 0);
	return 0;
}

typedef int session(struct store *, fix_fn *, void *, struct mo_err *);

/* It fails in time, and the connection serves the next one. */
static void is_ended(struct fix *f, session *run)
{
	struct mo_err e = { 0 }, *err = &e;
	int64_t began = mo_mono();

	fix_reopen(f, TIMEOUT_US);
	assert_int_equal(run(f->store, count_for_ever, NULL, err), -1);
	assert_int_equal(err->code, MO_ETIMEOUT);
	assert_in_range(mo_mono() - began, TIMEOUT_US, 20 * TIMEOUT_US);
	MUST(run(f->store, ask, NULL, err));
}

static void test_a_slow_read_is_ended(void **state)
{
	is_ended(*state, store_read);
}

static void test_a_slow_write_is_ended(void **state)
{
	is_ended(*state, store_write);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_slow_read_is_ended, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_a_slow_write_is_ended, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
