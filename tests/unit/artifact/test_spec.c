/* in/spec.json: what is used is checked, what is the step's own is left alone. */
#include "modelops/artifact/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEAD \
	"{\"attempt_id\":\"att_1\",\"kind\":\"train\",\"step\":{\"with\":{\"x\":[1]}},\"inputs\":"

static int parse(const char *text, struct spec *ret, struct mo_err *err)
{
	static struct mo_arena arena;
	static int ready;

	if (!ready++)
		mo_arena_init(&arena, 1 << 20, 4096);
	else
		mo_arena_reset(&arena);
	return spec_parse(&arena, text, strlen(text), ret, err);
}

static void test_good(void **state)
{
	struct spec s;
	assert_int_equal(
		parse(HEAD "[{\"path\":\"dataset.csv\",\"url\":\"/v1/blobs/k?sig=1\",\"size\":3,"
			   "\"sha256\":\"" SHA "\"}]}",
			&s, NULL),
		0);
	assert_string_equal(s.kind, "train");
	assert_int_equal(s.ninputs, 1);
	assert_string_equal(s.inputs[0].path, "dataset.csv");
	assert_int_equal(s.inputs[0].size, 3);
	assert_int_equal(parse(HEAD "[]}", &s, NULL), 0);
	assert_int_equal(s.ninputs, 0);
}

static void test_bad(void **state)
{
	static const struct {
		const char *path, *url, *size, *sha, *field;
	} rows[] = {
		{ "../x", "/a", "1", SHA, "inputs[0].path" },
		{ "a/b", "/a", "1", SHA, "inputs[0].path" },
		{ ".hidden", "/a", "1", SHA, "inputs[0].path" },
		{ "spec.json", "/a", "1", SHA, "inputs[0].path" },
		{ "", "/a", "1", SHA, "inputs[0].path" },
		{ "a", "file:///etc/passwd", "1", SHA, "inputs[0].url" },
		{ "a", "//evil/x", "1", SHA, "inputs[0].url" },
		{ "a", "/a b", "1", SHA, "inputs[0].url" },
		{ "a", "/a", "-1", SHA, "inputs[0].size" },
		{ "a", "/a", "1.5", SHA, "inputs[0].size" },
		{ "a", "/a", "\"1\"", SHA, "inputs[0].size" },
		{ "a", "/a", "1", "BA7816", "inputs[0].sha256" },
	};
	char text[1024];
	struct spec s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mo_err err = { 0 };
		snprintf(text, sizeof(text),
			HEAD "[{\"path\":\"%s\",\"url\":\"%s\",\"size\":%s,\"sha256\":\"%s\"}]}",
			rows[i].path, rows[i].url, rows[i].size, rows[i].sha);
		assert_int_equal(parse(text, &s, &err), -1);
		assert_string_equal(err.field, rows[i].field);
	}
}

static void test_shapes(void **state)
{
	static const char *const texts[] = { "", "[]", "null", "{}", HEAD "{}}", HEAD "null}",
		HEAD "[1]}", "{\"attempt_id\":\"a\",\"kind\":\"dance\",\"inputs\":[]}",
		HEAD "[{\"path\":\"a\",\"url\":\"/a\",\"size\":1,\"sha256\":\"" SHA
		     "\"},{\"path\":\"a\",\"url\":\"/b\",\"size\":1,\"sha256\":\"" SHA "\"}]}" };
	struct spec s;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mo_err err = { 0 };
		assert_int_equal(parse(texts[i], &s, &err), -1);
		assert_true(err.msg[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_shapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
