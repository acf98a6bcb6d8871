/* Router: matches, precedence, parameters, what a table may not hold; query parameters. */
#include "modelops/base/check.h"
#include "modelops/http/router.h"

#include <string.h>

#include "../unit.h"

static const struct {
	enum http_method method;
	const char *path;
} table[] = {
	{ HTTP_GET, "/" },
	{ HTTP_GET, "/v1/runs" },
	{ HTTP_POST, "/v1/runs" },
	{ HTTP_GET, "/v1/runs/{id}" },
	{ HTTP_GET, "/v1/runs/latest" },
	{ HTTP_GET, "/v1/runs/{run}/steps/{step}" },
	{ HTTP_PUT, "/v1/blobs/{key...}" },
	{ HTTP_GET, "/v1/blobs/list" },
	{ HTTP_DELETE, "/v1/runs/{other}" },
};

static const struct {
	enum http_method method;
	const char *path;
	enum http_found found;
	int row;
	const char *first, *second;
} rows[] = {
	{ HTTP_GET, "/", HTTP_FOUND, 0 },
	{ HTTP_GET, "/v1/runs", HTTP_FOUND, 1 },
	{ HTTP_HEAD, "/v1/runs", HTTP_FOUND, 1 },
	{ HTTP_POST, "/v1/runs", HTTP_FOUND, 2 },
	{ HTTP_PUT, "/v1/runs", HTTP_NO_METHOD },
	{ HTTP_GET, "/v1/runs/x%2fy", HTTP_FOUND, 3, "x/y" },
	{ HTTP_GET, "/v1/runs/latest", HTTP_FOUND, 4 },
	{ HTTP_DELETE, "/v1/runs/x", HTTP_FOUND, 8, "x" },
	{ HTTP_GET, "/v1/runs/a/steps/b", HTTP_FOUND, 5, "a", "b" },
	{ HTTP_GET, "/v1/runs/latest/steps/b", HTTP_FOUND, 5, "latest", "b" },
	{ HTTP_GET, "/v1/runs/a/steps", HTTP_NO_PATH },
	{ HTTP_GET, "/v1/runs/", HTTP_NO_PATH },
	{ HTTP_GET, "/v1/runs//steps/b", HTTP_NO_PATH },
	{ HTTP_PUT, "/v1/blobs/a/b/c", HTTP_FOUND, 6, "a/b/c" },
	{ HTTP_PUT, "/v1/blobs/list/x", HTTP_FOUND, 6, "list/x" },
	{ HTTP_GET, "/v1/blobs/list", HTTP_FOUND, 7 },
	{ HTTP_PUT, "/v1/blobs/", HTTP_NO_PATH },
	{ HTTP_PUT, "/v1/blobs/a/../b", HTTP_BAD_PATH },
	{ HTTP_PUT, "/v1/blobs/a%2f..%2fb", HTTP_BAD_PATH },
	{ HTTP_GET, "/v1/runs/%2e", HTTP_BAD_PATH },
	{ HTTP_GET, "/v1/runs/%ff", HTTP_BAD_PATH },
	{ HTTP_GET, "/v1/runs/%0", HTTP_BAD_PATH },
	{ HTTP_GET, "/v1/runs/%00", HTTP_BAD_PATH },
	{ HTTP_GET, "/V1/runs", HTTP_NO_PATH },
	{ HTTP_GET, "v1", HTTP_BAD_PATH },
};

static struct http_router *make(void)
{
	struct http_router *r;

	assert_int_equal(http_router_new(&r, NULL), 0);
	for (size_t i = 0; i < MO_COUNT(table); i++)
		assert_int_equal(
			http_router_add(r, table[i].method, table[i].path, (int)i, NULL), 0);
	return r;
}

static void test_rows(void **state)
{
	struct http_router *r = make();
	struct mo_arena a;

	mo_arena_init(&a, 65536, 4096);
	for (size_t i = 0; i < MO_COUNT(rows); i++) {
		struct http_match m = { 0 };
		assert_int_equal(http_router_match(r, rows[i].method, mo_str(rows[i].path), &a, &m),
			rows[i].found);
		if (rows[i].found != HTTP_FOUND)
			continue;
		assert_int_equal(m.row, rows[i].row);
		assert_int_equal(m.nparams, (rows[i].first != NULL) + (rows[i].second != NULL));
		if (rows[i].first)
			assert_string_equal(m.params[0].p, rows[i].first);
		if (rows[i].second)
			assert_string_equal(m.names[1], "step");
	}
	mo_arena_free(&a);
	http_router_free(r);
}

static void test_allow(void **state)
{
	struct http_router *r = make();
	struct http_match m = { 0 };
	struct mo_arena a;
	char text[64];

	mo_arena_init(&a, 65536, 4096);
	assert_int_equal(
		http_router_match(r, HTTP_PATCH, MO_STR("/v1/runs/x"), &a, &m), HTTP_NO_METHOD);
	assert_string_equal(http_allow_text(m.allow, text), "GET, HEAD, DELETE, OPTIONS");
	assert_string_equal(
		http_allow_text(~0U, text), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	mo_arena_free(&a);
	http_router_free(r);
}

static void test_bad_tables(void **state)
{
	struct http_router *r = make();
	struct mo_err err = { 0 };

	assert_int_equal(http_router_add(r, HTTP_GET, "/v1/runs/{again}", 99, &err), -1);
	assert_int_equal(err.code, MO_ECONFLICT);
	assert_int_equal(http_router_add(r, HTTP_GET, "relative", 99, &err), -1);
	assert_int_equal(
		http_router_add(r, HTTP_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", 99, &err), -1);
	http_router_free(r);
}

static void test_query(void **state)
{
	struct mo_str q = MO_STR("a=1&b=x+y%2B&&c&d=&e%3D=5"), v;
	struct mo_err err = { 0 };
	struct mo_arena a;

	mo_arena_init(&a, 65536, 4096);
	assert_int_equal(http_query_get(q, "b", &a, &v, &err), 1);
	assert_string_equal(v.p, "x y+");
	assert_int_equal(http_query_get(q, "c", &a, &v, &err), 1);
	assert_int_equal(v.n, 0);
	assert_int_equal(http_query_get(q, "e=", &a, &v, &err), 1);
	assert_string_equal(v.p, "5");
	assert_int_equal(http_query_get(q, "z", &a, &v, &err), 0);
	assert_int_equal(http_query_get(MO_STR("a=1&a=2"), "a", &a, &v, &err), -1);
	assert_string_equal(err.field, "a");
	assert_int_equal(err.code, MO_EINVAL);
	assert_int_equal(http_query_get(MO_STR("a=%ff"), "a", &a, &v, &err), -1);
	assert_int_equal(http_query_only(q, "a b c d e=", &a, &err), 0);
	assert_int_equal(http_query_only(q, "a b c d", &a, &err), -1);
	assert_int_equal(http_query_only(MO_STR("limit=1&bad=2"), "limit cursor", &a, &err), -1);
	assert_string_equal(err.field, "bad");
	mo_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
		cmocka_unit_test(test_allow), cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_query) };

	return RUN_TESTS(tests);
}
