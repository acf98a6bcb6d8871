/* The tensor scanner: 350 bodies, exact numbers, error paths that name row and value, growth and
 * limits. */
#include "../unit.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/model/tensor.h"
#include "tensor_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tensor_schema *schema(const char *const *names, uint32_t width)
{
	struct mo_err err = { 0 };
	struct tensor_schema *s = NULL;
	assert_int_equal(tensor_schema_new(names, width, &s, &err), 0);
	return s;
}

static const char *const one[] = { "a" };
static const char *const three[] = { "age", "w\xc3\xa9ight", "x y" };

static void every_body_of_the_table(void **state)
{
	struct tensor_schema *s = schema(one, 1);
	struct tensor t;
	struct mo_err err = { 0 };
	size_t n = 0;
	assert_int_equal(tensor_init(&t, s, 100, &err), 0);
	for (const struct tensor_case *c = tensor_cases; c->body; c++, n++) {
		size_t len = strlen(c->body);
		char *exact = malloc(
			len ? len : 1); /* no byte behind it: a sanitizer sees every overrun */
		memcpy(exact, c->body, len);
		err = (struct mo_err){ 0 };
		int rc = tensor_scan(s, exact, len, &t, &err);
		if ((rc == 0 ? MO_OK : err.code) != c->code || (rc < 0 && !err.msg[0]))
			fail_msg("%s: code %d, expected %d: %s", c->body,
				rc == 0 ? 0 : (int)err.code, (int)c->code, err.msg);
		if (rc < 0)
			assert_int_equal(t.count, 0);
		free(exact);
	}
	assert_true(n >= 300);
	tensor_free(&t);
	tensor_schema_free(s);
}

/* What XGBoost sees when Python does numpy.float32(float(text)). */
static void numbers_round_twice_as_numpy_does(void **state)
{
	struct tensor_schema *s = schema(one, 1);
	struct tensor t;
	struct mo_err err = { 0 };
	assert_int_equal(tensor_init(&t, s, 1, &err), 0);
	srandom(7);
	for (int i = 0; i < 200000; i++) {
		char number[64], body[100];
		uint64_t bits =
			(uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
		uint32_t bits32 = (uint32_t)(bits >> 7);
		double d;
		float f;
		memcpy(&d, &bits, 8);
		memcpy(&f, &bits32, 4);
		d = i % 2 ? d : (double)f + (i % 4 ? 0 : (double)f * 0x1p-25); /* near the middle of
										  two floats too */
		if (!isfinite(d) || fabs(d) > 3.3e38)
			continue;
		snprintf(number, sizeof(number),
			i % 3 == 0   ? "%.17g"
			: i % 3 == 1 ? "%.9g"
				     : "%.25e",
			d);
		snprintf(body, sizeof(body), "{\"instances\":[[%s]]}", number);
		assert_int_equal(tensor_scan(s, body, strlen(body), &t, &err), 0);
		float expected = (float)strtod(number, NULL);
		assert_memory_equal(&t.rows[0], &expected, 4);
	}
	tensor_free(&t);
	tensor_schema_free(s);
}

static void objects_name_their_columns(void **state)
{
	static const char body[] = "{\"instances\":[{\"age\":1,\"w\xc3\xa9ight\":2,\"x y\":3},"
				   "{\"x\\u0020y\":6,\"w\\u00e9ight\":null,\"age\":4}]}";
	struct tensor_schema *s = schema(three, 3);
	struct tensor t;
	struct mo_err err = { 0 };
	assert_int_equal(tensor_init(&t, s, 10, &err), 0);
	assert_int_equal(tensor_scan(s, body, sizeof(body) - 1, &t, &err), 0);
	assert_int_equal(t.count, 2);
	assert_true(t.rows[0] == 1 && t.rows[1] == 2 && t.rows[2] == 3 && t.rows[3] == 4 &&
		    t.rows[5] == 6);
	assert_true(isnan(t.rows[4]));
	tensor_free(&t);
	tensor_schema_free(s);
}

static void errors_name_row_column_and_value(void **state)
{
	static const struct {
		const char *body, *field, *text;
	} cases[] = {
		{ "{\"instances\":[[1,2,3],[1,\"abc\",3]]}", "instances[1][1]",
			"\"abc\" is a string" },
		{ "{\"instances\":[[1,2,3],[1,2]]}", "instances[1]",
			"2 values, the model takes 3" },
		{ "{\"instances\":[[1,2,3,4]]}", "instances[0]", "4 values" },
		{ "{\"instances\":[[1,2,1e999]]}", "instances[0][2]",
			"1e999 is outside the range" },
		{ "{\"instances\":[{\"age\":1,\"x y\":2}]}", "instances[0]",
			"\"w\xc3\xa9ight\" is missing" },
		{ "{\"instances\":[{\"age\":1,\"ages\":2}]}", "instances[0]",
			"no feature \"ages\"" },
		{ "{\"instances\":[{\"age\":true}]}", "instances[0].age", "true is a boolean" },
		{ "{\"instances\":[[1,2,[3]]]}", "instances[0][2]", "[3] is an array" },
		{ "{\"instances\":5}", "instances", "5 is not an array" },
		{ "{\"instancez\":5}", "instancez", "unknown field" },
	};
	struct tensor_schema *s = schema(three, 3);
	struct tensor t;
	struct mo_err err = { 0 };
	assert_int_equal(tensor_init(&t, s, 10, &err), 0);
	for (size_t i = 0; i < MO_COUNT(cases); i++) {
		assert_int_equal(
			tensor_scan(s, cases[i].body, strlen(cases[i].body), &t, &err), -1);
		assert_int_equal(err.code, MO_EFIELD);
		assert_string_equal(err.field, cases[i].field);
		if (!strstr(err.msg, cases[i].text))
			fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].body, err.msg, cases[i].text);
	}
	tensor_free(&t);
	tensor_schema_free(s);
}

static void repeat(struct mo_buf *b, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mo_buf_puts(b, what);
}

static void limits_hold(void **state)
{
	struct tensor_schema *s = schema(one, 1);
	struct tensor t;
	struct mo_err err = { 0 };
	mo_autobuf struct mo_buf b;
	mo_buf_init(&b, 16 << 20);
	assert_int_equal(tensor_init(&t, s, 50, &err), 0);
	mo_buf_puts(&b, "{\"instances\":[[1]");
	repeat(&b, ",[1]", 49);
	size_t len = b.len;
	mo_buf_puts(&b, "]}");
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), 0);
	assert_int_equal(t.count, 50);
	const float *kept = t.rows;
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), 0);
	assert_ptr_equal(t.rows, kept); /* warm: nothing is allocated */
	b.len = len;
	mo_buf_puts(&b, ",[1]]}");
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), -1);
	assert_int_equal(err.code, MO_ETOOBIG);
	mo_buf_reset(&b);
	mo_buf_puts(&b, "{\"instances\":[");
	repeat(&b, "[", 1000000); /* a million deep */
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), -1);
	mo_buf_reset(&b);
	mo_buf_puts(&b, "{\"x\":");
	repeat(&b, "{\"x\":", 1000000);
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), -1);
	mo_buf_reset(&b);
	mo_buf_puts(&b, "{\"instances\":[[");
	repeat(&b, "1", 2000);
	mo_buf_puts(&b, "]]}");
	assert_int_equal(tensor_scan(s, b.data, b.len, &t, &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	tensor_free(&t);
	tensor_schema_free(s);
}

static void allocations_may_fail(void **state)
{
	struct mo_err err = { 0 };
	static const char body[] = "{\"instances\":[[1,2,3]]}";
	for (long n = 1;; n++) {
		struct tensor_schema *s = NULL;
		struct tensor t = { 0 };
		mo_fault_arm("model.alloc", n);
		int rc = tensor_schema_new(three, 3, &s, &err);
		if (rc == 0)
			rc = tensor_init(&t, s, 4, &err);
		if (rc == 0)
			rc = tensor_scan(s, body, sizeof(body) - 1, &t, &err);
		bool struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		tensor_free(&t);
		tensor_schema_free(s);
		assert_int_equal(rc, struck ? -1 : 0);
		if (!struck)
			break;
		assert_int_equal(err.code, MO_ENOMEM);
	}
}

static void repeated_names_are_refused(void **state)
{
	static const char *const twice[] = { "a", "b", "a" };
	struct tensor_schema *s = NULL;
	struct mo_err err = { 0 };
	assert_int_equal(tensor_schema_new(twice, 3, &s, &err), -1);
	assert_non_null(strstr(err.msg, "\"a\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_of_the_table),
		cmocka_unit_test(numbers_round_twice_as_numpy_does),
		cmocka_unit_test(objects_name_their_columns),
		cmocka_unit_test(errors_name_row_column_and_value),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(allocations_may_fail),
		cmocka_unit_test(repeated_names_are_refused),
	};
	return RUN_TESTS(tests);
}
