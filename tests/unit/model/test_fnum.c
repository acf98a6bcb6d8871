/* Numbers in and out: reading against strtod and strtof, printing back to the same float with the
 * fewest digits. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/model/fnum.h"
#include "modelops/model/ftoa.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void same(const char *text)
{
	double d, expected = strtod(text, NULL);
	float f, expected_f = strtof(text, NULL);
	const char *end = text + strlen(text);
	if (fnum_read(text, end, &d) != end || memcmp(&d, &expected, 8) != 0)
		fail_msg("%s: %.17g, expected %.17g", text, d, expected);
	if (fnum_read_float(text, end, &f) != end || memcmp(&f, &expected_f, 4) != 0)
		fail_msg("%s: %.9g, expected %.9g", text, (double)f, (double)expected_f);
}

/* Half way between two doubles or floats, the smallest and largest, and inputs other readers got
 * wrong. */
static void hard_numbers(void **state)
{
	static const char *const hard[] = { "0", "-0", "-0.0", "0e0", "9007199254740993",
		"9007199254740993.0", "9007199254740992.999999999999999999",
		"9007199254740993.00000000000000000000001", "1e23", "8.5e22",
		"2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324",
		"2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
		"1.7976931348623159e308", "6631236846766476e-316",
		"3."
		"2378839133029012895883524125015321748630376694231080599012970495523019706706765657"
		"8683574258779955786157765598382834355143910841531692526891905643964595773946180389"
		"2836530514346395510035669666562920201733134403173004436936020525834580343147166003"
		"2699580731300954848363975548690010751530018881758184174569652173110473696022749934"
		"6384253806233697747365600089974040609674980283891918789639685754392222064169814626"
		"9011334252400272438594165105129355260142115533343022523729152384332233132613843147"
		"7823591142408800030775170625915670728657003151953664260769822494937951845801530895"
		"2384398197084033899378732414634842056080000272705311068273879077914449185347715987"
		"5016281254886276849320151899166802825173029995314392416854570866391327399469446390"
		"8672332763671875E-16",
		"7.3177701707893310e+15", "1.000000059604644775390625",
		"1.0000000596046447753906250000000001", "1.0000000596046447753906249999999999",
		"16777217", "16777219", "0.000000000000000000000000000000000000000000001e45",
		"1e-65", "1e65", "12345678901234567890e-80", "99999999999999999999999999999999e60",
		"1.4e-45", "7.0064923216240853546e-46", "7.0064923216240853547e-46",
		"1.17549435082228750797e-38", "1.1754942106924411e-38", "3.4028235677973366e38" };
	for (size_t i = 0; i < MO_COUNT(hard); i++)
		same(hard[i]);
}

static uint64_t any64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

static void random_numbers(void **state)
{
	char text[128];
	srandom(11);
	for (int i = 0; i < 300000; i++) {
		uint64_t bits = any64();
		double d;
		memcpy(&d, &bits, 8);
		if (!isfinite(d))
			continue;
		if (i & 1)
			snprintf(text, sizeof(text), "%.17g", d);
		else
			snprintf(text, sizeof(text), "%.*e", (int)(any64() % 30), d);
		same(text);
		snprintf(text, sizeof(text), "%llu.%llue%d",
			(unsigned long long)(any64() >> (any64() % 64)),
			(unsigned long long)(any64() >> (any64() % 64)), (int)(any64() % 60) - 30);
		same(text);
	}
}

static void grammar_holds(void **state)
{
	static const char *const bad[] = { "", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "e5",
		"inf", "nan", "-.5", "--1" };
	static const struct {
		const char *text;
		size_t used;
	} stops[] = { { "01", 1 }, { "1x", 1 }, { "1.5.5", 3 }, { "-0x10", 2 }, { "1e5e5", 3 },
		{ "12345678 ", 8 } };
	double d = 42;
	for (size_t i = 0; i < MO_COUNT(bad); i++)
		assert_null(fnum_read(bad[i], bad[i] + strlen(bad[i]), &d));
	assert_true(d == 42);
	for (size_t i = 0; i < MO_COUNT(stops); i++)
		assert_ptr_equal(
			fnum_read(stops[i].text, stops[i].text + strlen(stops[i].text), &d),
			stops[i].text + stops[i].used);
}

/* TEXT reads back as V by strtof and by way of a double. */
static void reads_back(float v)
{
	char text[FTOA_MAX + 1];
	size_t n = ftoa_write(text, v);
	assert_true(n <= FTOA_MAX);
	text[n] = '\0';
	float direct = strtof(text, NULL), twice = (float)strtod(text, NULL);
	if (memcmp(&direct, &v, 4) != 0 || memcmp(&twice, &v, 4) != 0)
		fail_msg("%a prints as %s", (double)v, text);
}

static int significant(const char *text)
{
	int n = 0, zeros = 0;
	for (; *text && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
			continue;
		zeros = *text == '0' ? zeros + 1 : 0;
		n++;
	}
	return n - zeros;
}

/* No shorter text of printf's reads back as V. */
static void is_shortest(float v)
{
	char text[FTOA_MAX + 1], other[40];
	text[ftoa_write(text, v)] = '\0';
	for (int digits = 0; digits < significant(text) - 1; digits++) {
		snprintf(other, sizeof(other), "%.*e", digits, (double)v);
		if (strtof(other, NULL) == v)
			fail_msg("%s is longer than %s", text, other);
	}
}

static void every_exponent_prints(void **state)
{
	for (uint32_t exp = 0; exp < 255; exp++)
		for (uint32_t k = 0; k < 64; k++) {
			uint32_t fraction = k < 8    ? k
					    : k < 16 ? 0x7fffff - (k - 8)
					    : k < 40 ? 1u << (k % 23)
						     : (uint32_t)random() & 0x7fffff;
			uint32_t bits = exp << 23 | fraction;
			float v;
			memcpy(&v, &bits, 4);
			reads_back(v);
			reads_back(-v);
			is_shortest(v);
		}
}

static void random_floats_print(void **state)
{
	srandom(13);
	for (int i = 0; i < 1000000; i++) {
		uint32_t bits = (uint32_t)any64();
		float v;
		memcpy(&v, &bits, 4);
		if (isfinite(v))
			reads_back(v);
	}
}

static void texts_are_json(void **state)
{
	static const struct {
		float v;
		const char *text;
	} cases[] = { { 0, "0.0" }, { -0.0f, "-0.0" }, { 1, "1.0" }, { -2.5f, "-2.5" },
		{ 0.1f, "0.1" }, { 12345678, "12345678.0" }, { 1e10f, "10000000000.0" },
		{ 1e-4f, "0.0001" }, { 1e-5f, "1e-5" }, { 1.5e-7f, "1.5e-7" }, { 1e15f, "1e15" },
		{ 3.4028235e38f, "3.4028235e38" }, { 1e-45f, "1e-45" }, { 16777216, "16777216.0" },
		{ 0.3f, "0.3" }, { NAN, "null" }, { INFINITY, "null" },
		{ 123456.79f, "123456.79" } };
	for (size_t i = 0; i < MO_COUNT(cases); i++) {
		char text[FTOA_MAX + 1];
		text[ftoa_write(text, cases[i].v)] = '\0';
		if (i == 10) /* a float beside 10^15: only that it reads back matters */
			reads_back(cases[i].v);
		else
			assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hard_numbers),
		cmocka_unit_test(random_numbers),
		cmocka_unit_test(grammar_holds),
		cmocka_unit_test(every_exponent_prints),
		cmocka_unit_test(random_floats_print),
		cmocka_unit_test(texts_are_json),
	};
	return RUN_TESTS(tests);
}
