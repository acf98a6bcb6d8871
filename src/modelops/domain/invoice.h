/* Invoices: a pure function of summed ledger quantities and a price plan. */
#ifndef MODELOPS_DOMAIN_INVOICE_H
#define MODELOPS_DOMAIN_INVOICE_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/price.h"

#include <stddef.h>
#include <stdint.h>

enum invoice_state { INVOICE_DRAFT, INVOICE_ISSUED, INVOICE_PAID, INVOICE_VOID };

struct invoice {
	const char *id, *tenant_id;
	int64_t period_start, period_end; /* half-open */
	enum invoice_state state;
	const char *currency, *price_plan_id;
	int64_t ledger_seq;      /* last entry of the chain when it was computed */
	const char *ledger_hash; /* and its hash */
	int64_t total_micro;
	int64_t created_at;
};

struct invoice_line {
	const char *tenant_id, *invoice_id;
	int64_t n; /* 1.. */
	const char *metric, *price_class;
	int64_t quantity;
	int64_t price_micro, per_quantity;
	const char *unit_label;
	int64_t amount_micro;
	const char *description;
};

/* Billable quantity of one metric and class over the period. */
struct ledger_sum {
	const char *metric, *price_class;
	int64_t quantity;
};

/* The rule for METRIC and PRICE_CLASS: the exact class before "*"; NULL when there is none. */
const struct price_rule *price_match(
	const struct price_rule *rules, size_t count, const char *metric, const char *price_class);

/* Lines for SUMS (one per metric and class) under RULES, ordered by metric and class, and their
 * total. A sum without a rule makes a line of 0 that says so; a sum of 0 makes none. Lines and
 * descriptions lie in ARENA; texts of rules and sums are borrowed. Same input, same bytes.
 * MO_EFIELD when an amount overflows. */
int invoice_lines(struct mo_arena *arena, const struct ledger_sum *sums, size_t sum_count,
	const struct price_rule *rules, size_t rule_count, const char *currency,
	struct invoice_line **ret_lines, size_t *ret_count, int64_t *ret_total_micro,
	struct mo_err *err);

#endif
