/* More texts than a connection keeps prepared statements for: the oldest ones make room. */
#include "fixture.h"

#include "modelops/store/db.h"
#include "modelops/store/statements.h"

enum { TEXTS = 2 * STATEMENTS_MAX + 100 };

static int run_all(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < TEXTS; i++) {
			int64_t n = 0;
			const char *sql = db_sql(tx, err, "SELECT %d + ?1", i);
			MUST(db_int_of(tx, sql, DB_ARGS(DB_I(1)), &n, err));
			MO_ASSERT(n == i + 1);
		}
	}
	return 0;
}

static void test_readers_never_run_out(void **state)
{
	struct fix *f = *state;
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_read(f->store, run_all, f, err));
}

static void test_the_writer_never_runs_out(void **state)
{
	fix_do(*state, run_all);
}

static void test_the_least_used_leaves(void **state)
{
	static char texts[STATEMENTS_MAX + 1];
	struct statements s;
	struct statement *st;

	statements_init(&s);
	for (int i = 0; i < STATEMENTS_MAX; i++) {
		assert_null(statements_full(&s));
		assert_non_null(statements_add(&s, &texts[i]));
	}
	assert_non_null(statements_get(&s, &texts[0]));
	assert_ptr_equal(statements_full(&s)->sql, &texts[1]);
	statements_remove(&s, statements_full(&s));
	assert_null(statements_get(&s, &texts[1]));
	assert_non_null(statements_add(&s, &texts[STATEMENTS_MAX]));
	while ((st = statements_oldest(&s)))
		statements_remove(&s, st);
	statements_free(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readers_never_run_out, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_the_writer_never_runs_out, fix_up, fix_down),
		cmocka_unit_test(test_the_least_used_leaves),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
