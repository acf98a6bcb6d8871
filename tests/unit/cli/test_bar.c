/* Bars of steps, transfers and contributions. */
#include "../unit.h"

#include "modelops/base/buf.h"

#include "bar.h"
#include "fmt.h"

#include <math.h>
#include <string.h>

static struct mo_buf out;

static int start(void **state)
{
	(void)state;
	mo_buf_init(&out, 4096);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mo_buf_free(&out);
	return 0;
}

static const char *step(struct bar b, int width)
{
	mo_buf_reset(&out);
	bar_step(&b, width, &out);
	return mo_buf_str(&out);
}

static struct bar half(void)
{
	return (struct bar){ .label = "train",
		.state = "RUNNING",
		.colour = "",
		.done = 0.5,
		.running = true,
		.left_s = 1.2,
		.note = "valid-mlogloss 0.08" };
}

static void a_step(void **state)
{
	(void)state;
	assert_string_equal(step(half(), 100), "  train        [############............] RUNNING  "
					       "    50 % 2 s left valid-mlogloss 0.08");
	struct bar done = { .label = "größe-mit-langem-namen",
		.state = "SUCCEEDED",
		.colour = "\033[32m",
		.done = 1,
		.left_s = -1 };
	assert_string_equal(step(done, 0),
		"  größe-mit-la [########################] \033[32mSUCCEEDED  \033[0m");
}

static void it_never_wraps(void **state)
{
	struct bar b = half();

	(void)state;
	b.note = "a note that goes on and on and on and on and on and on and on and on and on";
	for (int width = 54; width < 160; width++)
		assert_true((int)fmt_width(step(b, width)) <= width);
	assert_non_null(strstr(step(b, 80), "2 s left a note"));
}

static void odd_fractions(void **state)
{
	const double odd[] = { -1, 2, NAN, INFINITY, 0.9999 };
	struct bar b = half();

	(void)state;
	b.running = false;
	b.note = "";
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		b.done = odd[i];
		assert_int_equal(fmt_width(step(b, 0)), 53);
	}
	assert_non_null(strstr(step(b, 0), "#.]")); /* only the end fills the bar */
}

static void unknown_time_is_not_shown(void **state)
{
	struct bar b = half();

	(void)state;
	b.left_s = -1;
	assert_null(strstr(step(b, 100), "left"));
}

static void a_transfer(void **state)
{
	(void)state;
	mo_buf_reset(&out);
	bar_transfer("iris.csv", 0.25, 12.5e6, 6.1, 80, &out);
	assert_string_equal(mo_buf_str(&out),
		"iris.csv  [######..................]   25 %  12.5 MB/s  7 s left");
	for (int width = 45; width < 120; width++) {
		mo_buf_reset(&out);
		bar_transfer("a-file-with-quite-a-long-name.parquet", 0.5, 1e9, 1e6, width, &out);
		assert_true((int)fmt_width(mo_buf_str(&out)) <= width);
	}
}

static void contributions(void **state)
{
	static const struct {
		double value, largest;
		const char *text;
	} cases[] = { { 1, 1, "++++" }, { -1, 1, "----" }, { 0.5, 1, "++" }, { 0, 1, "" },
		{ 1, 0, "" }, { 5, 1, "++++" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mo_buf_reset(&out);
		bar_value(cases[i].value, cases[i].largest, 4, &out);
		assert_string_equal(mo_buf_str(&out), cases[i].text);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = { T(a_step), T(it_never_wraps), T(odd_fractions),
		T(unknown_time_is_not_shown), T(a_transfer), T(contributions) };
	return RUN_TESTS(tests);
}
