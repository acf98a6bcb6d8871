/* Money: known cases, and properties against the definition in 128 bits. */
#include "../unit.h"

#include "modelops/base/id.h"
#include "modelops/domain/duration.h"
#include "modelops/domain/money.h"

#include <stdint.h>

static void known_amounts(void **state)
{
	static const struct {
		int64_t quantity, price, per, amount;
	} cases[] = {
		{ 0, 20000, 3600000000, 0 },
		{ 3600000000, 20000, 3600000000, 20000 }, /* one share-hour at 0.02 */
		{ 1234567, 100000, 1000000, 123457 },     /* 0.10 per million predictions */
		{ 1, 1, 2, 0 },                           /* 0.5 to even */
		{ 3, 1, 2, 2 },                           /* 1.5 to even */
		{ 5, 1, 2, 2 },                           /* 2.5 to even */
		{ -1, 1, 2, 0 },
		{ -3, 1, 2, -2 },
		{ 7, 1, 10, 1 },
		{ INT64_MAX, 1, 1, INT64_MAX },
		{ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
		{ INT64_MIN, 1, 1, INT64_MIN },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got = -99;
		struct mo_err err = { 0 };
		assert_int_equal(
			money_amount(cases[i].quantity, cases[i].price, cases[i].per, &got, &err),
			0);
		assert_true(got == cases[i].amount);
	}
}

static void too_large_amounts_fail(void **state)
{
	int64_t got = 5;
	struct mo_err err = { 0 };
	assert_int_equal(money_amount(INT64_MAX, 2, 1, &got, &err), -1);
	assert_int_equal(err.code, MO_EFIELD);
	assert_int_equal(got, 5);
	assert_int_equal(money_amount(INT64_MIN, INT64_MAX, 1, &got, &err), -1);
	assert_int_equal(money_add(INT64_MAX, 1, &got, &err), -1);
	assert_int_equal(got, 5);
}

static int64_t random_i64(int bits)
{
	uint64_t v;
	mo_random(&v, sizeof(v));
	return (int64_t)v >> (64 - bits);
}

/* |amount * per - quantity * price| * 2 <= per, and on a tie the amount is even. */
static void amounts_are_the_nearest(void **state)
{
	for (int i = 0; i < 200000; i++) {
		int64_t q = random_i64(2 + i % 60), p = random_i64(2 + i % 40);
		int64_t per = random_i64(2 + i % 50), got;
		per = per <= 0 ? 1 - per : per;
		struct mo_err err = { 0 };
		if (money_amount(q, p, per, &got, &err) < 0) {
			__int128 whole = (__int128)q * p / per;
			assert_true(whole >= INT64_MAX || whole <= INT64_MIN);
			continue;
		}
		__int128 off = (__int128)got * per - (__int128)q * p;
		off = off < 0 ? -off : off;
		assert_true(off * 2 <= per);
		if (off * 2 == per)
			assert_int_equal(got & 1, 0);
	}
}

static void texts(void **state)
{
	char out[MONEY_TEXT];
	assert_string_equal(money_text(20000, 2, out), "0.02");
	assert_string_equal(money_text(12500000, 2, out), "12.50");
	assert_string_equal(money_text(1, 2, out), "0.000001");
	assert_string_equal(money_text(-3000000, 0, out), "-3");
	assert_string_equal(money_text(-1500000, 0, out), "-1.5");
	assert_string_equal(money_text(INT64_MIN, 6, out), "-9223372036854.775808");
	assert_string_equal(money_quantity_text(INT64_C(3600000000), 1000000, 3, out), "3,600.000");
	assert_string_equal(money_quantity_text(0, 1000000, 3, out), "0.000");
	assert_string_equal(money_quantity_text(1234567, 1, 0, out), "1,234,567");
	assert_string_equal(money_quantity_text(999, 1, 0, out), "999");
	assert_string_equal(money_quantity_text(-1234500, 1000, 1, out), "-1,234.5");
	assert_string_equal(money_quantity_text(500, 1000000, 3, out), "0.000"); /* half to even */
	assert_string_equal(money_quantity_text(1500, 1000000, 3, out), "0.002");
	money_quantity_text(INT64_MIN, 1, 6, out);
	assert_string_equal(out, "-9,223,372,036,854,775,808.000000");
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = { { "90s", 90 }, { "10m", 600 }, { "2h", 7200 }, { "1h30m", 5400 },
		{ "1d", 86400 }, { "30d", 2592000 }, { "0s", 0 }, { "31d", -1 }, { "", -1 },
		{ "10", -1 }, { "m", -1 }, { "1m1h", -1 }, { "1m1m", -1 }, { "-1m", -1 },
		{ "1.5h", -1 }, { " 1m", -1 }, { "1m ", -1 }, { "99999999999s", -1 },
		{ "1H", -1 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t s = -7;
		int rc = duration_parse(cases[i].text, &s);
		assert_int_equal(rc, cases[i].seconds < 0 ? -1 : 0);
		assert_int_equal(s, cases[i].seconds < 0 ? -7 : cases[i].seconds);
	}
	char text[DURATION_TEXT];
	assert_string_equal(duration_text(5400, text), "1h30m");
	for (int64_t s = 0; s < 200000; s += 37) {
		int64_t back;
		assert_int_equal(duration_parse(duration_text(s, text), &back), 0);
		assert_int_equal(back, s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_amounts),
		cmocka_unit_test(too_large_amounts_fail),
		cmocka_unit_test(amounts_are_the_nearest),
		cmocka_unit_test(texts),
		cmocka_unit_test(durations),
	};
	return RUN_TESTS(tests);
}
