/* Invoice lines from summed quantities and price rules. */
#include "modelops/domain/invoice.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/domain/money.h"
#include "modelops/domain/usage.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How a metric's quantity is told to people. */
static const struct {
	const char *metric;
	int64_t per;
	int decimals;
	const char *unit;
} shown[] = {
	{ METRIC_GPU_SHARE_US, 1000000, 3, "share-seconds" },
	{ METRIC_PREDICT_REQUESTS, 1, 0, "predict requests" },
	{ METRIC_PREDICT_ROWS, 1, 0, "predicted rows" },
	{ METRIC_EXPLAIN_REQUESTS, 1, 0, "explain requests" },
	{ METRIC_EXPLAIN_ROWS, 1, 0, "explained rows" },
	{ METRIC_ARTIFACT_KIB_SECONDS, INT64_C(3600) << 20, 6, "GiB-hours" },
};

const struct price_rule *price_match(
	const struct price_rule *rules, size_t count, const char *metric, const char *price_class)
{
	const struct price_rule *any = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!mo_streq(rules[i].metric, metric))
			continue;
		if (mo_streq(rules[i].price_class, price_class))
			return &rules[i];
		if (mo_streq(rules[i].price_class, "*"))
			any = &rules[i];
	}
	return any;
}

/* "3,600.000 share-seconds on cpu-small" */
static const char *quantity_words(struct mo_arena *arena, const struct ledger_sum *sum)
{
	char text[MONEY_TEXT];
	size_t i = 0;
	while (i + 1 < MO_COUNT(shown) && !mo_streq(shown[i].metric, sum->metric))
		i++;
	bool known = mo_streq(shown[i].metric, sum->metric);
	money_quantity_text(
		sum->quantity, known ? shown[i].per : 1, known ? shown[i].decimals : 0, text);
	bool classed = !mo_streq(sum->price_class, "*");
	return mo_arena_printf(arena, "%s %s%s%s", text, known ? shown[i].unit : sum->metric,
		classed ? " on " : "", classed ? sum->price_class : "");
}

static int make_line(struct mo_arena *arena, const struct ledger_sum *sum,
	const struct price_rule *rule, const char *currency, struct invoice_line *line,
	struct mo_err *err)
{
	static const struct price_rule unpriced = { .per_quantity = 1, .unit_label = "unit" };
	const struct price_rule *r = rule ? rule : &unpriced;
	*line = (struct invoice_line){ .metric = sum->metric,
		.price_class = sum->price_class,
		.quantity = sum->quantity,
		.price_micro = r->price_micro,
		.per_quantity = r->per_quantity,
		.unit_label = r->unit_label };
	if (money_amount(sum->quantity, r->price_micro, r->per_quantity, &line->amount_micro, err) <
		0)
		return mo_wrap(err, sum->metric);
	char price[MONEY_TEXT];
	const char *words = quantity_words(arena, sum);
	if (words && rule)
		line->description = mo_arena_printf(arena, "%s at %s %s per %s", words,
			money_text(r->price_micro, 2, price), currency, r->unit_label);
	else if (words)
		line->description = mo_arena_printf(arena, "%s: no price in this plan", words);
	return line->description ? 0 : mo_fail(err, MO_ENOMEM, "invoice line for %s", sum->metric);
}

static int by_metric_and_class(const void *a, const void *b)
{
	const struct ledger_sum *x = a, *y = b;
	int c = strcmp(x->metric, y->metric);
	return c ? c : strcmp(x->price_class, y->price_class);
}

int invoice_lines(struct mo_arena *arena, const struct ledger_sum *sums, size_t sum_count,
	const struct price_rule *rules, size_t rule_count, const char *currency,
	struct invoice_line **ret_lines, size_t *ret_count, int64_t *ret_total_micro,
	struct mo_err *err)
{
	struct ledger_sum *sorted = (void *)mo_arena_memdup(arena, sums, sum_count * sizeof(*sums));
	struct invoice_line *lines = mo_arena_zalloc(arena, (sum_count + 1) * sizeof(*lines));
	if (!sorted || !lines)
		return mo_fail(err, MO_ENOMEM, "%zu invoice lines", sum_count);
	qsort(sorted, sum_count, sizeof(*sorted), by_metric_and_class);
	size_t n = 0;
	int64_t total = 0;
	for (size_t i = 0; i < sum_count; i++) {
		if (sorted[i].quantity == 0)
			continue;
		const struct price_rule *rule =
			price_match(rules, rule_count, sorted[i].metric, sorted[i].price_class);
		if (make_line(arena, &sorted[i], rule, currency, &lines[n], err) < 0 ||
			money_add(total, lines[n].amount_micro, &total, err) < 0)
			return -1;
		lines[n].n = (int64_t)n + 1;
		n++;
	}
	*ret_lines = lines;
	*ret_count = n;
	*ret_total_micro = total;
	return 0;
}
