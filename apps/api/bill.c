/* One month's lines: a pure function of ledger and price plan. */
#include "bill.h"

#include "modelops/base/time.h"
#include "modelops/store/billing.h"
#include "modelops/store/usage.h"

#include <stdio.h>
#include <string.h>

static int month(
	const char *period, int64_t now, int64_t *ret_from, int64_t *ret_to, struct mo_err *err)
{
	int64_t at = now;
	if (period) {
		char text[32];
		snprintf(text, sizeof(text), "%.10s-01T00:00:00Z", period);
		if (strlen(period) != 7 || mo_time_parse(text, strlen(text), &at) < 0)
			return mo_fail_field(
				err, "period", "'%.40s' is no month like 2026-11", period);
	}
	*ret_from = mo_time_month(at);
	*ret_to = mo_time_next_month(at);
	return 0;
}

struct wire_invoice_line *bill_wire_lines(
	struct mo_arena *a, const struct invoice_line *lines, size_t n, const char *currency)
{
	struct wire_invoice_line *out = mo_arena_zalloc(a, (n + 1) * sizeof(*out));
	for (size_t i = 0; out && i < n; i++)
		out[i] = (struct wire_invoice_line){ .line = lines[i], .currency = currency };
	return out;
}

int bill_make(struct api_req *r, struct store_tx *tx, const char *tenant, const char *period,
	struct bill *ret_bill, struct mo_err *err)
{
	struct bill b = { 0 };
	struct ledger_sum *sums = NULL;
	struct price_rule *rules = NULL;
	size_t nsums = 0, nrules = 0;
	if (month(period, store_now(tx), &b.from, &b.to, err) < 0 ||
		store_price_plan_of(tx, tenant, r->arena, &b.plan, err) < 0)
		return -1;
	if (!b.plan) {
		mo_fail(err, MO_ECONFLICT,
			"the tenant has no price plan and there is no default one");
		return mo_advise(
			err, "no_price_plan", "a platform admin makes one with is_default");
	}
	if (store_price_rule_list(tx, b.plan->id, r->arena, &rules, &nrules, err) < 0 ||
		store_ledger_last(tx, tenant, &b.head, err) < 0 ||
		store_ledger_sums(
			tx, tenant, b.from, b.to, b.head.seq, r->arena, &sums, &nsums, err) < 0)
		return -1;
	if (invoice_lines(r->arena, sums, nsums, rules, nrules, b.plan->currency, &b.lines, &b.n,
		    &b.total_micro, err) < 0)
		return -1;
	b.wire_lines = bill_wire_lines(r->arena, b.lines, b.n, b.plan->currency);
	if (!b.wire_lines)
		return mo_fail(err, MO_ENOMEM, "invoice lines");
	*ret_bill = b;
	return 0;
}
