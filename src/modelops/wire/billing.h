/* Usage, ledger, price plans, cost so far, invoices. */
#ifndef MODELOPS_WIRE_BILLING_H
#define MODELOPS_WIRE_BILLING_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/ledger.h"
#include "modelops/domain/price.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_usage_window; /* struct usage_window */
extern const struct wire_noun wire_ledger_entry; /* struct ledger_entry */

/* One group of GET /v1/usage; absent keys are not grouped by. */
struct wire_usage_row {
	const char *metric, *price_class, *reason;
	const char *project_id, *resource_id; /* NULL unless grouped by */
	int64_t day;                          /* 0 unless grouped by */
	int64_t quantity, windows;
};
extern const struct wire_noun wire_usage_row;

/* GET /v1/usage */
struct wire_usage {
	const char *tenant_id;
	int64_t from, to;
	const char *group_by;
	const struct wire_usage_row *rows;
	size_t row_count;
};
extern const struct wire_noun wire_usage;

/* GET /v1/ledger/verify */
struct wire_ledger_check {
	const char *tenant_id;
	bool ok;
	int64_t entries;
	const char *head_hash;
	const char *problem; /* NULL when ok */
	const char *next;    /* NULL: there are no more entries */
};
extern const struct wire_noun wire_ledger_check;

extern const struct wire_noun wire_price_rule; /* struct price_rule */

struct wire_price_plan {
	struct price_plan plan;
	const struct price_rule *rules;
	size_t rule_count;
};
extern const struct wire_noun wire_price_plan;

/* A line with its plan's currency beside the amount. */
struct wire_invoice_line {
	struct invoice_line line;
	const char *currency;
};
extern const struct wire_noun wire_invoice_line;

/* An invoice and its lines. */
struct wire_invoice {
	struct invoice invoice;
	const struct wire_invoice_line *lines;
	size_t line_count;
};
extern const struct wire_noun wire_invoice;       /* READ with lines */
extern const struct wire_noun wire_invoice_short; /* struct invoice: rows of a list */

struct wire_cost {
	const char *tenant_id, *currency, *price_plan_id;
	int64_t period_start, period_end, as_of;
	const struct wire_invoice_line *lines;
	size_t line_count;
	int64_t total_micro;
};
extern const struct wire_noun wire_cost; /* GET /v1/cost */

/* POST /v1/invoices */
struct wire_invoice_create {
	const char *tenant_id; /* NULL: the actor's own */
	const char *period;    /* "2026-11"; NULL: the current month */
};
extern const struct wire_noun wire_invoice_create;

#endif
