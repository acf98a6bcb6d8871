/* The streaming writer: commas, escapes, numbers that read back equal, and the buffer's maximum. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/json/json.h"
#include "modelops/json/jw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void nested_values_get_their_commas(void **state)
{
	mo_autobuf struct mo_buf b;
	struct jw w;

	mo_buf_init(&b, 1000);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "s", "x");
	jw_kstr(&w, "none", NULL);
	jw_key(&w, "list");
	jw_arr(&w);
	jw_i64(&w, INT64_MIN);
	jw_arr(&w);
	jw_end_arr(&w);
	jw_obj(&w);
	jw_ki64(&w, "a", 1);
	jw_kbool(&w, "b", false);
	jw_end_obj(&w);
	jw_u64(&w, UINT64_MAX);
	jw_null(&w);
	jw_end_arr(&w);
	jw_kraw(&w, "raw", "{\"x\":1}");
	jw_kraw(&w, "no_raw", NULL);
	jw_ktime(&w, "at", 1);
	jw_ktime(&w, "never", 0);
	jw_kf64(&w, "nan", NAN);
	jw_end_obj(&w);
	assert_int_equal(jw_done(&w), 0);
	assert_string_equal(mo_buf_str(&b),
		"{\"s\":\"x\",\"none\":null,\"list\":[-9223372036854775808,[],{\"a\":1,\"b\":false}"
		",18446744073709551615,null],"
		"\"raw\":{\"x\":1},\"no_raw\":null,\"at\":\"1970-01-01T00:00:00.000001Z\","
		"\"never\":null,\"nan\":null}");
}

static const char *quoted(struct mo_buf *b, const char *s, size_t len)
{
	struct jw w;

	mo_buf_reset(b);
	jw_init(&w, b);
	jw_strn(&w, s, len);
	assert_int_equal(jw_done(&w), 0);
	return mo_buf_str(b);
}

static void text_is_escaped_and_always_utf8(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1000);
	assert_string_equal(quoted(&b, "a\"\\/\b\f\n\r\t", 9), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\"");
	assert_string_equal(quoted(&b, "\0\x01\x1f\x7f", 4), "\"\\u0000\\u0001\\u001f\x7f\"");
	assert_string_equal(
		quoted(&b, "\xc3\xa9\xf0\x9f\x98\x80", 6), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	assert_string_equal(quoted(&b,
				    "a\xff"
				    "b",
				    3),
		"\"a\xef\xbf\xbd"
		"b\"");
	assert_string_equal(
		quoted(&b, "\xed\xa0\x80", 3), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(quoted(&b, "\xf0\x9f", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(quoted(&b, "", 0), "\"\"");
}

static void numbers_read_back_equal(void **state)
{
	static const double some[] = { 0.0, -0.0, 0.1, 1.0 / 3, 1e300, 5e-324, 1e21,
		123456789012345678.0, 0.30000000000000004, -2.5 };
	char text[JW_F64_TEXT];

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		int n = jw_f64_text(some[i], text);
		assert_int_equal(n, strlen(text));
		double back = strtod(text, NULL);
		assert_memory_equal(&back, &some[i], sizeof(back));
	}
	jw_f64_text(0.1, text);
	assert_string_equal(text, "0.1");
	srand48(7);
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint32_t)mrand48();
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v)) {
			jw_f64_text(v, text);
			assert_true(strtod(text, NULL) == v);
		}
	}
}

static void a_document_comes_through_unchanged(void **state)
{
	static const char text[] = "{\"z\":[1,2.5,\"\\n\",null,true,false,{}],\"a\":{\"b\":[[]]}}";
	mo_autobuf struct mo_buf b;
	mo_autojson json_t *doc = NULL;
	struct jw w;

	assert_int_equal(mo_json_parse(text, strlen(text), 1000, 10, &doc, NULL), 0);
	mo_buf_init(&b, 1000);
	jw_init(&w, &b);
	jw_json(&w, doc);
	assert_int_equal(jw_done(&w), 0);
	assert_string_equal(mo_buf_str(&b), text);
}

static int write_some(struct mo_buf *b)
{
	struct jw w;

	jw_init(&w, b);
	jw_arr(&w);
	for (int i = 0; i < 50; i++)
		jw_str(&w, "some text");
	jw_end_arr(&w);
	return jw_done(&w);
}

static void a_full_buffer_is_told_at_the_end(void **state)
{
	for (size_t max = 0; max <= 601; max++) {
		mo_autobuf struct mo_buf b;
		mo_buf_init(&b, max);
		assert_int_equal(write_some(&b), max < 601 ? -1 : 0);
		assert_true(b.len <= max);
	}
}

static void nth_failing_allocation_is_told(void **state)
{
	for (long n = 1;; n++) {
		mo_autobuf struct mo_buf b;
		mo_buf_init(&b, 10000);
		mo_fault_arm("buf", n);
		int rc = write_some(&b);
		bool struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		assert_int_equal(rc, struck ? -1 : 0);
		if (!struck) {
			assert_true(n > 3);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_values_get_their_commas),
		cmocka_unit_test(text_is_escaped_and_always_utf8),
		cmocka_unit_test(numbers_read_back_equal),
		cmocka_unit_test(a_document_comes_through_unchanged),
		cmocka_unit_test(a_full_buffer_is_told_at_the_end),
		cmocka_unit_test(nth_failing_allocation_is_told),
	};
	return RUN_TESTS(tests);
}
