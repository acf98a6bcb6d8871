/* How the CLI writes numbers, amounts, times and texts of others. */
#include "../unit.h"

#include "modelops/base/check.h"

#include "fmt.h"

#include <stdio.h>
#include <string.h>

static void bytes(void **state)
{
	static const struct {
		double n;
		const char *text;
	} cases[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 KB" }, { 1536, "1.5 KB" },
		{ 999949, "999.9 KB" }, { 999950, "1.0 MB" }, { 3e9, "3.0 GB" },
		{ 7e18, "7000.0 PB" } };
	char out[FMT_CELL];

	(void)state;
	for (size_t i = 0; i < MO_COUNT(cases); i++)
		assert_string_equal(fmt_bytes(cases[i].n, out), cases[i].text);
}

static void amounts(void **state)
{
	static const struct {
		int64_t micro;
		const char *text;
	} cases[] = { { 0, "0.00" }, { 80000, "0.08" }, { 55, "0.000055" }, { 12500000, "12.50" },
		{ -1, "-0.000001" }, { INT64_MIN, "-9223372036854.775808" },
		{ INT64_MAX, "9223372036854.775807" } };
	char out[FMT_CELL];

	(void)state;
	for (size_t i = 0; i < MO_COUNT(cases); i++)
		assert_string_equal(fmt_micro(cases[i].micro, out), cases[i].text);
}

static void ratios(void **state)
{
	char out[FMT_CELL];

	(void)state;
	assert_string_equal(fmt_ratio(7200000000, 3600000000, out), "2");
	assert_string_equal(fmt_ratio(502, 1000000, out), "0.000502");
	assert_string_equal(fmt_ratio(45000000, 3600000000, out), "0.0125");
	assert_string_equal(fmt_ratio(100, 1, out), "100");
	assert_string_equal(fmt_ratio(0, 3600, out), "0");
}

static void clean(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = { { "", "" }, { "größe", "größe" }, { "a\033[2Jb", "a?[2Jb" },
		{ "a\nb\tc", "a?b?c" }, { "\x7f", "?" },
		{ "\xc2\x9b"
		  "31m",
			"??31m" },
		{ "\xe2\x80\xae"
		  "gpj",
			"???gpj" },
		{ "cut \xc3", "cut ?" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xff\xfe", "??" } };
	struct mo_arena arena;

	(void)state;
	mo_arena_init(&arena, 1 << 16, 1024);
	for (size_t i = 0; i < MO_COUNT(cases); i++)
		assert_string_equal(fmt_clean(cases[i].in, false, &arena), cases[i].out);
	assert_string_equal(fmt_clean("a\nb\033", true, &arena), "a\nb?");
	const char *same = "nothing to do";
	assert_ptr_equal(fmt_clean(same, false, &arena), same);
	mo_arena_free(&arena);
	mo_arena_init(&arena, 1, 1024);
	assert_string_equal(fmt_clean("\033", false, &arena), "");
	mo_arena_free(&arena);
}

static void width(void **state)
{
	(void)state;
	assert_int_equal(fmt_width("größe…"), 6);
	assert_int_equal(fmt_width(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(bytes), cmocka_unit_test(amounts),
		cmocka_unit_test(ratios), cmocka_unit_test(clean), cmocka_unit_test(width) };
	return RUN_TESTS(tests);
}
