/* Strings: comparison, strict numbers, hex, UTF-8 and the name rule, each with what it must refuse.
 */
#include "../unit.h"

#include "modelops/base/str.h"

#include <string.h>

static void comparisons(void **state)
{
	assert_true(mo_str_eq(MO_STR("abc"), "abc"));
	assert_false(mo_str_eq(MO_STR("abc"), "ab"));
	assert_false(mo_str_eq(mo_str("ab"), "abc"));
	assert_true(mo_str_eq(mo_str(NULL), ""));
	assert_true(mo_str_ieq(MO_STR("Content-Length"), "content-LENGTH"));
	assert_false(mo_str_ieq(MO_STR("a"), "ab"));
	assert_false(mo_str_ieq(MO_STR("@"), "`"));
	assert_true(mo_streq("a", "a"));
	assert_false(mo_streq("a", "b"));
	assert_true(mo_streq(NULL, NULL));
	assert_false(mo_streq(NULL, ""));
}

static void unsigned_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1x", "0x1",
		"18446744073709551616", "99999999999999999999", "000000000000000000001" };
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mo_parse_u64(bad[i], strlen(bad[i]), &v), -1);
	assert_int_equal(v, 7);
	assert_int_equal(mo_parse_u64("18446744073709551615", 20, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(mo_parse_u64("12", 1, &v), 0);
	assert_int_equal(v, 1);
}

static void signed_numbers(void **state)
{
	static const char *const bad[] = { "", "-", "--1", "+1", "9223372036854775808",
		"-9223372036854775809", "1.0", "1e3" };
	int64_t v = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mo_parse_i64(bad[i], strlen(bad[i]), &v), -1);
	assert_int_equal(v, 7);
	assert_int_equal(mo_parse_i64("-9223372036854775808", 20, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(mo_parse_i64("9223372036854775807", 19, &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(mo_parse_i64("-0", 2, &v), 0);
	assert_int_equal(v, 0);
}

static void decimal_numbers(void **state)
{
	static const char *const bad[] = { "", "nan", "inf", "-inf", "0x1p3", "1e999", "1 ", " 1",
		"1,5", "1e", "e5", ".", "--1", "1.2.3" };
	char longer[200];
	double v = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mo_parse_f64(bad[i], strlen(bad[i]), &v), -1);
	memset(longer, '1', sizeof(longer));
	assert_int_equal(mo_parse_f64(longer, sizeof(longer), &v), -1);
	assert_true(v == 7);
	assert_int_equal(mo_parse_f64("-1.5e-3", 7, &v), 0);
	assert_true(v == -1.5e-3);
	assert_int_equal(mo_parse_f64("0.1", 3, &v), 0);
	assert_true(v == 0.1);
	assert_int_equal(mo_parse_f64("1e-400", 6, &v), 0);
	assert_true(v == 0);
}

static void hex_there_and_back(void **state)
{
	unsigned char bytes[256], back[256];
	char text[513];

	for (int i = 0; i < 256; i++)
		bytes[i] = (unsigned char)i;
	mo_hex(bytes, 256, text);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(mo_unhex(text, 512, back, 256), 0);
	assert_memory_equal(back, bytes, 256);
	assert_int_equal(mo_unhex("abc", 3, back, 1), -1);
	assert_int_equal(mo_unhex("ab", 2, back, 2), -1);
	assert_int_equal(mo_unhex("aG", 2, back, 1), -1);
	assert_int_equal(mo_unhex("AB", 2, back, 1), -1);
}

static void utf8(void **state)
{
	static const char *const good[] = { "", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "a\xc3\xa9z" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z",
		"\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x90\x80z", "\xe1\x80\xc0" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(mo_utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mo_utf8_valid(bad[i], strlen(bad[i])));
	assert_true(mo_utf8_valid("a\0b", 3));
}

static void names(void **state)
{
	static const char *const good[] = { "a", "0", "iris-2", "a--b" };
	static const char *const bad[] = { "", "-a", "a-", "A", "a_b", "a.b", "a/b", "..", "a b",
		"\xc3\xa9" };
	char longest[64];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(mo_name_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mo_name_valid(bad[i], strlen(bad[i])));
	memset(longest, 'a', sizeof(longest));
	assert_true(mo_name_valid(longest, 63));
	assert_false(mo_name_valid(longest, 64));
	assert_false(mo_name_valid("a\0b", 3));
}

static void copy_fits_or_leaves_alone(void **state)
{
	char out[4] = "xyz";

	assert_int_equal(mo_str_copy(out, sizeof(out), "abcd"), -1);
	assert_string_equal(out, "xyz");
	assert_int_equal(mo_str_copy(out, sizeof(out), "abc"), 0);
	assert_string_equal(out, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons),
		cmocka_unit_test(unsigned_numbers),
		cmocka_unit_test(signed_numbers),
		cmocka_unit_test(decimal_numbers),
		cmocka_unit_test(hex_there_and_back),
		cmocka_unit_test(utf8),
		cmocka_unit_test(names),
		cmocka_unit_test(copy_fits_or_leaves_alone),
	};
	return RUN_TESTS(tests);
}
