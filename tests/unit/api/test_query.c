/* Query parameters against a route's list: everything that is not exactly right is named. */
#include "../../../apps/api/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct query_field fields[] = {
	{ "name", Q_TEXT, false, "", NULL },
	{ "kind", Q_ENUM, false, "", "dataset model" },
	{ "from", Q_TIME, false, "", NULL },
	{ "live", Q_BOOL, false, "", NULL },
	{ "must", Q_INT, true, "", NULL },
	{ NULL, Q_TEXT, false, NULL, NULL },
};
static const struct route route = { .query = fields, .flags = RF_PAGE | RF_TENANT };

static int read_query(struct mo_arena *a, const char *raw, struct query *q, struct mo_err *err)
{
	*err = (struct mo_err){ 0 };
	return query_read(&route, mo_str(raw), a, q, err);
}

static void test_values(void **state)
{
	struct mo_arena a;
	struct query q;
	struct mo_err err;
	mo_arena_init(&a, 1 << 16, 4096);
	assert_int_equal(read_query(&a,
				 "must=7&name=a%20b%26+c&kind=model&live=1&limit=9&from=1970-01-"
				 "01T00:00:01Z",
				 &q, &err),
		0);
	assert_string_equal(query_text(&q, "name"), "a b& c");
	assert_string_equal(query_text(&q, "kind"), "model");
	assert_int_equal(query_number(&q, "must", 0), 7);
	assert_int_equal(query_number(&q, "live", 0), 1);
	assert_int_equal(query_number(&q, "limit", 50), 9);
	assert_int_equal(query_number(&q, "from", 0), 1000000);
	assert_null(query_text(&q, "cursor"));
	assert_null(query_text(&q, "tenant_id"));
	assert_false(query_given(&q, "cursor"));
	mo_arena_free(&a);
}

static void test_refused(void **state)
{
	static const struct {
		const char *raw, *field;
	} cases[] = {
		{ "", "must" },
		{ "must=", "must" },
		{ "must=x", "must" },
		{ "must=1&must=2", "must" },
		{ "must=1.5", "must" },
		{ "must=1&nome=x", "nome" },
		{ "must=1&kind=virus", "kind" },
		{ "must=1&kind=data", "kind" },
		{ "must=1&live=yes", "live" },
		{ "must=1&from=yesterday", "from" },
		{ "must=1&limit=", "limit" },
		{ "must=1&=x", "" },
		{ "must=1&name", "name" },
		{ "must=1&a%zz=1", "" },
	};
	struct mo_arena a;
	struct query q;
	struct mo_err err;
	mo_arena_init(&a, 1 << 16, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_query(&a, cases[i].raw, &q, &err), -1);
		assert_string_equal(err.field, cases[i].field);
		assert_true(err.code == MO_EFIELD || err.code == MO_EINVAL);
	}
	mo_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
