/* The strict parser: what is refused, how deep and how big, and that a failure leaves the output
 * alone. */
#include "../unit.h"

#include "modelops/base/buf.h"
#include "modelops/base/fault.h"
#include "modelops/json/indent.h"
#include "modelops/json/json.h"

#include <string.h>

static int parse(const char *text, json_t **ret, struct mo_err *err)
{
	return mo_json_parse(text, strlen(text), 1000, 4, ret, err);
}

static void documents_are_read(void **state)
{
	static const char *const good[] = { "null", "true", " 1 ", "-0.0", "1e-5",
		"\"\\u00e9\\ud83d\\ude00\"", "[]", "{}", "[[[1]]]", "{\"a\":{\"b\":[1]}}",
		"9223372036854775807", "\"[[[[[[[[\"", "\"\\\"[[[[[[\"" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		mo_autojson json_t *doc = NULL;
		struct mo_err err = { 0 };
		assert_int_equal(parse(good[i], &doc, &err), 0);
		assert_non_null(doc);
	}
}

static void everything_else_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "nul", "NaN", "Infinity", "-Infinity", "1e999",
		"-1e999", "01", "1.", ".5", "+1", "0x1", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\" 1}",
		"{a:1}", "{\"a\":1,\"a\":2}", "[1]x", "[1][2]", "'a'", "\"a", "\"\\x\"",
		"\"\\u12\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"\t\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "/* c */ 1", "9223372036854775808",
		"]", "}",
		("\xef\xbb\xbf"
		 "1") };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *doc = (json_t *)&bad;
		struct mo_err err = { 0 };
		if (parse(bad[i], &doc, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err.code, MO_EINVAL);
		assert_memory_equal(err.msg, "JSON ", 5);
		assert_ptr_equal(doc, (json_t *)&bad);
	}
	json_t *doc = NULL;
	assert_int_equal(mo_json_parse("1\0", 2, 1000, 4, &doc, NULL), -1);
	assert_int_equal(mo_json_parse("[1]\0[", 5, 1000, 4, &doc, NULL), -1);
}

static void depth_and_size_hold_to_the_level_and_byte(void **state)
{
	static char deep[2000001];
	mo_autojson json_t *doc = NULL;
	struct mo_err err = { 0 };

	assert_int_equal(parse("[[[[1]]]]", &doc, &err), -1);
	assert_string_equal(err.msg, "JSON is nested deeper than 4 levels");
	assert_int_equal(parse("[[[[]]]]", &doc, &err), -1);
	assert_int_equal(parse("[[[]],[[]],{\"a\":{}}]", &doc, &err), 0);
	memset(deep, '[', 2000000);
	assert_int_equal(mo_json_parse(deep, 2000000, sizeof(deep), MO_JSON_DEPTH, &doc, &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	assert_int_equal(mo_json_parse("12345", 5, 4, 4, &doc, &err), -1);
	assert_int_equal(err.code, MO_ETOOBIG);
	assert_string_equal(err.msg, "JSON of 5 bytes; at most 4 are accepted");
}

static void numbers_keep_their_kind_and_value(void **state)
{
	mo_autojson json_t *doc = NULL;
	struct mo_err err = { 0 };

	assert_int_equal(
		parse("[9007199254740993, 0.1, 1.0, -9223372036854775808]", &doc, &err), 0);
	assert_true(json_integer_value(json_array_get(doc, 0)) == INT64_C(9007199254740993));
	assert_true(json_real_value(json_array_get(doc, 1)) == 0.1);
	assert_true(json_is_real(json_array_get(doc, 2)));
	assert_true(json_integer_value(json_array_get(doc, 3)) == INT64_MIN);
}

static void kinds_have_names_for_people(void **state)
{
	static const char *const names[] = { "object", "list", "text", "whole number", "number",
		"boolean", "boolean", "null" };
	mo_autojson json_t *doc = NULL;
	struct mo_err err = { 0 };

	assert_int_equal(parse("[{}, [], \"\", 1, 1.5, true, false, null]", &doc, &err), 0);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(mo_json_kind(json_array_get(doc, i)), names[i]);
}

static void indenting_changes_blanks_only(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "1", "1" },
		{ "{}", "{}" },
		{ "[ ]", "[]" },
		{ "{\"a\":0.1,\"b\":[1e5,\"x, [y] \\\"{\"],\"c\":{\"d\":[]}}",
			"{\n  \"a\": 0.1,\n  \"b\": [\n    1e5,\n    \"x, [y] \\\"{\"\n  ],\n  "
			"\"c\": {\n"
			"    \"d\": []\n  }\n}" },
		{ " [1 ,\n{ \"k\" : null } ] ", "[\n  1,\n  {\n    \"k\": null\n  }\n]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mo_autobuf struct mo_buf out;
		mo_buf_init(&out, 1000);
		assert_int_equal(mo_json_indent(mo_str(cases[i].text), &out), 0);
		assert_string_equal(mo_buf_str(&out), cases[i].want);
	}
	mo_autobuf struct mo_buf small;
	mo_buf_init(&small, 8);
	assert_int_equal(mo_json_indent(mo_str("[1,2,3]"), &small), -1);
}

static void failing_memory_is_told(void **state)
{
	json_t *doc = NULL;
	struct mo_err err = { 0 };

	mo_fault_arm("json.parse", 1);
	assert_int_equal(parse("1", &doc, &err), -1);
	assert_int_equal(err.code, MO_ENOMEM);
	mo_fault_arm(NULL, 0);
	assert_null(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_read),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(depth_and_size_hold_to_the_level_and_byte),
		cmocka_unit_test(numbers_keep_their_kind_and_value),
		cmocka_unit_test(kinds_have_names_for_people),
		cmocka_unit_test(indenting_changes_blanks_only),
		cmocka_unit_test(failing_memory_is_told),
	};
	return RUN_TESTS(tests);
}
