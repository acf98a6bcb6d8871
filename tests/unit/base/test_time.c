/* Time: RFC 3339 both ways, what must be refused, calendar starts, years 0000 to 9999. */
#include "../unit.h"

#include "modelops/base/time.h"

#include <string.h>

static int64_t parsed(const char *s)
{
	int64_t t = -1;

	assert_int_equal(mo_time_parse(s, strlen(s), &t), 0);
	return t;
}

static const struct {
	const char *text;
	int64_t t;
} known[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1969-12-31T23:59:59.999999Z", -1 },
	{ "2000-02-29T12:34:56Z", INT64_C(951827696000000) },
	{ "2026-11-23T21:05:17.123456Z", INT64_C(1795467917123456) },
	{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000000) },
	{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
};

static void known_times_both_ways(void **state)
{
	char text[MO_TIME_TEXT];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_string_equal(mo_time_format(known[i].t, text), known[i].text);
		assert_true(parsed(known[i].text) == known[i].t);
	}
}

static void every_day_of_800_years_comes_back(void **state)
{
	char text[MO_TIME_TEXT], last[MO_TIME_TEXT] = "";

	for (int64_t day = -146097; day < 146097; day++) {
		mo_time_format(day * MO_DAY + 1, text);
		assert_true(strcmp(text, last) > 0);
		assert_true(parsed(text) == day * MO_DAY + 1);
		memcpy(last, text, sizeof(text));
	}
}

static void offsets_fractions_and_lower_case(void **state)
{
	assert_true(parsed("1970-01-01T01:30:00+01:30") == 0);
	assert_true(parsed("1969-12-31T19:00:00-05:00") == 0);
	assert_true(parsed("1970-01-01t00:00:00z") == 0);
	assert_true(parsed("1970-01-01T00:00:00.5Z") == 500000);
	assert_true(parsed("1970-01-01T00:00:00.123456789Z") == 123456);
}

static void malformed_times_are_refused(void **state)
{
	static const char *const bad[] = { "", "1970", "1970-01-01", "1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2001-04-31T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx",
		"1970-01-01T00:00:00+1:00", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+0100",
		"197a-01-01T00:00:00Z", "-970-01-01T00:00:00Z", "1970-1-01T00:00:00Z" };
	int64_t t = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mo_time_parse(bad[i], strlen(bad[i]), &t), -1);
	assert_int_equal(t, 7);
	for (size_t n = 0; n < strlen("1970-01-01T00:00:00Z"); n++)
		assert_int_equal(mo_time_parse("1970-01-01T00:00:00Z", n, &t), -1);
}

static void years_out_of_range_do_not_overflow(void **state)
{
	char text[MO_TIME_TEXT];

	mo_time_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	mo_time_format(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void calendar_starts(void **state)
{
	int64_t t = parsed("2024-02-29T23:59:59.999999Z");

	assert_true(mo_time_month(t) == parsed("2024-02-01T00:00:00Z"));
	assert_true(mo_time_next_month(t) == parsed("2024-03-01T00:00:00Z"));
	assert_true(mo_time_hour(t) == parsed("2024-02-29T23:00:00Z"));
	t = parsed("2023-12-01T00:00:00Z");
	assert_true(mo_time_month(t) == t);
	assert_true(mo_time_next_month(t) == parsed("2024-01-01T00:00:00Z"));
	assert_true(mo_time_hour(t) == t);
	assert_true(mo_time_month(-1) == parsed("1969-12-01T00:00:00Z"));
	assert_true(mo_time_hour(-1) == -MO_HOUR);
}

static void clocks_go_forward(void **state)
{
	int64_t a = mo_mono(), b = mo_mono();

	assert_true(b >= a);
	assert_true(mo_now() > parsed("2024-01-01T00:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times_both_ways),
		cmocka_unit_test(every_day_of_800_years_comes_back),
		cmocka_unit_test(offsets_fractions_and_lower_case),
		cmocka_unit_test(malformed_times_are_refused),
		cmocka_unit_test(years_out_of_range_do_not_overflow),
		cmocka_unit_test(calendar_starts),
		cmocka_unit_test(clocks_go_forward),
	};
	return RUN_TESTS(tests);
}
