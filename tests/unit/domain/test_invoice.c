/* Invoice lines: matching rules, amounts, descriptions, order, limits of memory. */
#include "../unit.h"

#include "modelops/base/fault.h"
#include "modelops/domain/invoice.h"
#include "modelops/domain/usage.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct price_rule rules[] = {
	{ "pp", METRIC_GPU_SHARE_US, "*", 500000, INT64_C(3600000000), "share-hour", NULL },
	{ "pp", METRIC_GPU_SHARE_US, "cpu-small", 20000, INT64_C(3600000000), "share-hour", NULL },
	{ "pp", METRIC_PREDICT_REQUESTS, "*", 100000, 1000000, "million requests", NULL },
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static void the_exact_class_wins(void **state)
{
	assert_ptr_equal(price_match(rules, RULES, METRIC_GPU_SHARE_US, "cpu-small"), &rules[1]);
	assert_ptr_equal(price_match(rules, RULES, METRIC_GPU_SHARE_US, "a30-1g"), &rules[0]);
	assert_ptr_equal(price_match(rules, RULES, METRIC_PREDICT_REQUESTS, "*"), &rules[2]);
	assert_null(price_match(rules, RULES, METRIC_EXPLAIN_ROWS, "*"));
}

static void lines_explain_their_amount(void **state)
{
	static const struct ledger_sum sums[] = {
		{ METRIC_PREDICT_ROWS, "*", 7 },
		{ METRIC_PREDICT_REQUESTS, "*", 1234567 },
		{ METRIC_GPU_SHARE_US, "cpu-small", INT64_C(3600000000) },
		{ METRIC_GPU_SHARE_US, "a30-1g", INT64_C(1800000000) },
		{ METRIC_EXPLAIN_ROWS, "*", 0 },
	};
	struct mo_arena arena;
	mo_arena_init(&arena, 1 << 16, 4096);
	struct invoice_line *lines;
	size_t count;
	int64_t total;
	assert_int_equal(
		invoice_lines(&arena, sums, 5, rules, RULES, "EUR", &lines, &count, &total, NULL),
		0);
	assert_int_equal(count, 4);
	assert_string_equal(lines[0].description,
		"1,800.000 share-seconds on a30-1g at 0.50 EUR per share-hour");
	assert_int_equal(lines[0].amount_micro, 250000);
	assert_string_equal(lines[1].description,
		"3,600.000 share-seconds on cpu-small at 0.02 EUR per share-hour");
	assert_int_equal(lines[1].amount_micro, 20000);
	assert_string_equal(lines[2].description,
		"1,234,567 predict requests at 0.10 EUR per million requests");
	assert_int_equal(lines[2].amount_micro, 123457);
	assert_string_equal(lines[3].description, "7 predicted rows: no price in this plan");
	assert_int_equal(lines[3].amount_micro, 0);
	assert_int_equal(total, 393457);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(lines[i].n, i + 1);
	mo_arena_free(&arena);
}

/* The order in which sums arrive changes nothing. */
static void an_invoice_is_a_pure_function(void **state)
{
	struct ledger_sum sums[] = {
		{ METRIC_GPU_SHARE_US, "a", 11 },
		{ METRIC_GPU_SHARE_US, "b", 22 },
		{ METRIC_PREDICT_REQUESTS, "*", 33 },
	};
	char first[1024] = "";
	for (int turn = 0; turn < 3; turn++) {
		struct mo_arena arena;
		mo_arena_init(&arena, 1 << 16, 4096);
		struct invoice_line *lines;
		size_t count;
		int64_t total;
		assert_int_equal(invoice_lines(&arena, sums, 3, rules, RULES, "EUR", &lines, &count,
					 &total, NULL),
			0);
		char text[1024] = "";
		for (size_t i = 0; i < count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;%ld;",
				lines[i].description, (long)lines[i].amount_micro);
		if (turn == 0)
			memcpy(first, text, sizeof(first));
		assert_string_equal(text, first);
		struct ledger_sum s = sums[0];
		sums[0] = sums[1];
		sums[1] = sums[2];
		sums[2] = s;
		mo_arena_free(&arena);
	}
}

/* More was credited than used in the period: the line is negative, rounded as its opposite is. */
static void a_credit_is_a_negative_line(void **state)
{
	for (int64_t quantity = 1; quantity < 20000000000; quantity = quantity * 3 + 1) {
		const struct ledger_sum plus[] = { { METRIC_GPU_SHARE_US, "cpu-small", quantity } };
		const struct ledger_sum minus[] = { { METRIC_GPU_SHARE_US, "cpu-small",
			-quantity } };
		struct invoice_line *up, *down;
		int64_t total_up, total_down;
		struct mo_arena arena;
		size_t n;
		mo_arena_init(&arena, 1 << 16, 4096);
		assert_int_equal(invoice_lines(&arena, plus, 1, rules, RULES, "EUR", &up, &n,
					 &total_up, NULL),
			0);
		assert_int_equal(invoice_lines(&arena, minus, 1, rules, RULES, "EUR", &down, &n,
					 &total_down, NULL),
			0);
		assert_int_equal(n, 1);
		assert_true(total_down == -total_up && down->amount_micro == -up->amount_micro);
		assert_true(down->description[0] == '-' || total_up == 0);
		assert_string_equal(
			down->description + (down->description[0] == '-'), up->description);
		mo_arena_free(&arena);
	}
}

static void overflow_and_memory_are_errors(void **state)
{
	const struct ledger_sum big[] = { { METRIC_PREDICT_REQUESTS, "*", INT64_MAX } };
	const struct price_rule dear = { "pp", METRIC_PREDICT_REQUESTS, "*", INT64_MAX, 1, "x",
		NULL };
	struct mo_arena arena;
	mo_arena_init(&arena, 1 << 16, 4096);
	struct invoice_line *lines = NULL;
	size_t count = 9;
	int64_t total;
	struct mo_err err = { 0 };
	assert_int_equal(
		invoice_lines(&arena, big, 1, &dear, 1, "EUR", &lines, &count, &total, &err), -1);
	assert_int_equal(err.code, MO_EFIELD);
	assert_int_equal(count, 9);
	mo_arena_free(&arena);
	for (size_t ceiling = 16; ceiling < 600; ceiling += 16) {
		const struct ledger_sum one[] = { { METRIC_PREDICT_REQUESTS, "*", 5 } };
		mo_arena_init(&arena, ceiling, 64);
		int rc = invoice_lines(
			&arena, one, 1, rules, RULES, "EUR", &lines, &count, &total, &err);
		assert_true(rc == 0 || err.code == MO_ENOMEM);
		mo_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exact_class_wins),
		cmocka_unit_test(lines_explain_their_amount),
		cmocka_unit_test(an_invoice_is_a_pure_function),
		cmocka_unit_test(a_credit_is_a_negative_line),
		cmocka_unit_test(overflow_and_memory_are_errors),
	};
	return RUN_TESTS(tests);
}
