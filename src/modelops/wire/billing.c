/* Field tables of usage, ledger, prices and invoices. */
#include "modelops/wire/billing.h"

#include "modelops/domain/state.h"
#include "modelops/domain/usage.h"
#include "modelops/wire/fields.h"

static const struct wire_field window_fields[] = {
	ID_FIELD(usage_window),
	TENANT_FIELD(usage_window),
	FIELD(usage_window, project_id, WIRE_ID),
	FIELD(usage_window, source_kind, WIRE_ENUM, .ref = &usage_sources),
	FIELD(usage_window, source_id, WIRE_ID),
	FIELD(usage_window, resource_id, WIRE_ID),
	FIELD(usage_window, pool_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(usage_window, price_class, WIRE_TEXT),
	FIELD(usage_window, metric, WIRE_TEXT),
	FIELD(usage_window, quantity, WIRE_INT),
	FIELD(usage_window, start_at, WIRE_TIME),
	FIELD(usage_window, end_at, WIRE_TIME),
	FIELD(usage_window, reason, WIRE_TEXT),
	CREATED_FIELD(usage_window),
};
NOUN(wire_usage_window, "UsageWindow", usage_window, window_fields, READ_ONLY,
	"A quantity of one metric over one span of time.");

static const struct wire_field entry_fields[] = {
	TENANT_FIELD(ledger_entry),
	FIELD(ledger_entry, seq, WIRE_INT, .about = "1, 2, 3 ... per tenant."),
	FIELD(ledger_entry, window_id, WIRE_ID),
	FIELD(ledger_entry, project_id, WIRE_ID),
	FIELD(ledger_entry, resource_id, WIRE_ID),
	FIELD(ledger_entry, metric, WIRE_TEXT),
	FIELD(ledger_entry, price_class, WIRE_TEXT),
	FIELD(ledger_entry, quantity, WIRE_INT),
	FIELD(ledger_entry, start_at, WIRE_TIME),
	FIELD(ledger_entry, end_at, WIRE_TIME),
	FIELD(ledger_entry, reason, WIRE_TEXT),
	FIELD(ledger_entry, billable, WIRE_BOOL),
	FIELD(ledger_entry, evidence, WIRE_DOC, .flags = WIRE_NULL, .about = "Opaque."),
	FIELD(ledger_entry, prev_hash, WIRE_TEXT),
	FIELD(ledger_entry, hash, WIRE_TEXT),
	CREATED_FIELD(ledger_entry),
};
NOUN(wire_ledger_entry, "LedgerEntry", ledger_entry, entry_fields, READ_ONLY,
	"An entry of the append-only, hash-chained ledger.");

static const struct wire_field usage_row_fields[] = {
	FIELD(wire_usage_row, metric, WIRE_TEXT),
	FIELD(wire_usage_row, price_class, WIRE_TEXT),
	FIELD(wire_usage_row, reason, WIRE_TEXT, .about = "billable, or why it is not billed."),
	FIELD(wire_usage_row, project_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(wire_usage_row, resource_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(wire_usage_row, day, WIRE_TIME, .flags = WIRE_NULL,
		.about = "Start of the day (UTC) of the windows' ends; grouped by day."),
	FIELD(wire_usage_row, quantity, WIRE_INT),
	FIELD(wire_usage_row, windows, WIRE_INT, .about = "Usage windows in the sum."),
};
NOUN(wire_usage_row, "UsageRow", wire_usage_row, usage_row_fields, REPLY, "One group of usage.");

static const struct wire_field usage_fields[] = {
	FIELD(wire_usage, tenant_id, WIRE_ID),
	FIELD(wire_usage, from, WIRE_TIME),
	FIELD(wire_usage, to, WIRE_TIME),
	FIELD(wire_usage, group_by, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD_AS(wire_usage, "items", rows, WIRE_LIST, .ref = &wire_usage_row),
};
NOUN(wire_usage, "Usage", wire_usage, usage_fields, REPLY, "Usage of a tenant over a period.");

static const struct wire_field check_fields[] = {
	FIELD(wire_ledger_check, tenant_id, WIRE_ID),
	FIELD_AS(wire_ledger_check, "valid", ok, WIRE_BOOL),
	FIELD(wire_ledger_check, entries, WIRE_INT),
	FIELD(wire_ledger_check, head_hash, WIRE_TEXT),
	FIELD(wire_ledger_check, problem, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(wire_ledger_check, next, WIRE_TEXT, .flags = WIRE_NULL,
		.about = "Cursor of the entries that were not checked yet; null: all were."),
};
NOUN(wire_ledger_check, "LedgerCheck", wire_ledger_check, check_fields, REPLY,
	"Result of recomputing the hash chain.");

static const struct wire_field rule_fields[] = {
	FIELD(price_rule, metric, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63,
		.example = "\"gpu_share_us\""),
	FIELD(price_rule, price_class, WIRE_TEXT, .min = 1, .max = 63, .def = "\"*\"",
		.about = "A pool's price class, or * for every class without a rule of its own."),
	FIELD(price_rule, price_micro, WIRE_INT, .flags = WIRE_REQ, .min = 0,
		.max = INT64_C(1000000000000),
		.about = "Millionths of the currency per per_quantity."),
	FIELD(price_rule, per_quantity, WIRE_INT, .flags = WIRE_REQ, .min = 1,
		.max = INT64_C(1000000000000000000), .example = "3600000000"),
	FIELD(price_rule, unit_label, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63,
		.example = "\"share-hour\"", .about = "What per_quantity units are called."),
	FIELD(price_rule, description, WIRE_TEXT, .flags = WIRE_NULL, .min = 0, .max = 500),
};
NOUN(wire_price_rule, "PriceRule", price_rule, rule_fields, SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE),
	"Price of one metric.");

static const struct wire_field plan_fields[] = {
	FIELD_AS(wire_price_plan, "id", plan.id, WIRE_ID, .flags = WIRE_RO),
	FIELD_AS(wire_price_plan, "name", plan.name, WIRE_NAME, .flags = WIRE_REQ),
	FIELD_AS(wire_price_plan, "currency", plan.currency, WIRE_TEXT, .flags = WIRE_REQ, .min = 3,
		.max = 4, .example = "\"EUR\""),
	FIELD_AS(wire_price_plan, "is_default", plan.is_default, WIRE_BOOL, .def = "false"),
	FIELD(wire_price_plan, rules, WIRE_LIST, .flags = WIRE_REQ, .ref = &wire_price_rule,
		.max = 256),
	FIELD_AS(wire_price_plan, "created_at", plan.created_at, WIRE_TIME, .flags = WIRE_RO),
};
NOUN(wire_price_plan, "PricePlan", wire_price_plan, plan_fields, READ_WRITE,
	"Prices by metric and class.");

static const struct wire_field line_fields[] = {
	FIELD_AS(wire_invoice_line, "n", line.n, WIRE_INT),
	FIELD_AS(wire_invoice_line, "metric", line.metric, WIRE_TEXT),
	FIELD_AS(wire_invoice_line, "price_class", line.price_class, WIRE_TEXT),
	FIELD_AS(wire_invoice_line, "quantity", line.quantity, WIRE_INT),
	FIELD_AS(wire_invoice_line, "price_micro", line.price_micro, WIRE_INT),
	FIELD_AS(wire_invoice_line, "per_quantity", line.per_quantity, WIRE_INT),
	FIELD_AS(wire_invoice_line, "unit_label", line.unit_label, WIRE_TEXT),
	FIELD_AS(wire_invoice_line, "amount", line.amount_micro, WIRE_MONEY,
		.aux = offsetof(struct wire_invoice_line, currency), .flags = WIRE_RO),
	FIELD_AS(wire_invoice_line, "description", line.description, WIRE_TEXT,
		.about = "The amount explained."),
};
NOUN(wire_invoice_line, "InvoiceLine", wire_invoice_line, line_fields, REPLY,
	"A line of an invoice.");

#define INVOICE_FIELDS(s, at) \
	FIELD_AS(s, "id", at id, WIRE_ID), FIELD_AS(s, "tenant_id", at tenant_id, WIRE_ID), \
		FIELD_AS(s, "period_start", at period_start, WIRE_TIME), \
		FIELD_AS(s, "period_end", at period_end, WIRE_TIME, \
			.about = "Not part of the period."), \
		FIELD_AS(s, "state", at state, WIRE_ENUM, .ref = &invoice_states.names), \
		FIELD_AS(s, "currency", at currency, WIRE_TEXT), \
		FIELD_AS(s, "price_plan_id", at price_plan_id, WIRE_ID), \
		FIELD_AS(s, "ledger_seq", at ledger_seq, WIRE_INT, \
			.about = "Last ledger entry there was when it was computed."), \
		FIELD_AS(s, "ledger_hash", at ledger_hash, WIRE_TEXT), \
		FIELD_AS(s, "total", at total_micro, WIRE_MONEY, \
			.aux = offsetof(struct s, at currency), .flags = WIRE_RO), \
		FIELD_AS(s, "created_at", at created_at, WIRE_TIME)

static const struct wire_field invoice_fields[] = {
	INVOICE_FIELDS(wire_invoice, invoice.),
	FIELD(wire_invoice, lines, WIRE_LIST, .ref = &wire_invoice_line),
};
NOUN(wire_invoice, "Invoice", wire_invoice, invoice_fields, REPLY,
	"A pure function of the ledger and a price plan.");

static const struct wire_field invoice_short_fields[] = { INVOICE_FIELDS(invoice, ) };
NOUN(wire_invoice_short, "InvoiceSummary", invoice, invoice_short_fields, READ_ONLY,
	"An invoice without its lines.");

static const struct wire_field cost_fields[] = {
	FIELD(wire_cost, tenant_id, WIRE_ID),
	FIELD(wire_cost, currency, WIRE_TEXT),
	FIELD(wire_cost, price_plan_id, WIRE_ID),
	FIELD(wire_cost, period_start, WIRE_TIME),
	FIELD(wire_cost, period_end, WIRE_TIME),
	FIELD(wire_cost, as_of, WIRE_TIME, .about = "Usage after this time is not in it."),
	FIELD(wire_cost, lines, WIRE_LIST, .ref = &wire_invoice_line),
	FIELD_AS(wire_cost, "total", total_micro, WIRE_MONEY,
		.aux = offsetof(struct wire_cost, currency), .flags = WIRE_RO),
};
NOUN(wire_cost, "Cost", wire_cost, cost_fields, REPLY, "Cost so far in a period that is open.");

static const struct wire_field invoice_create_fields[] = {
	FIELD(wire_invoice_create, tenant_id, WIRE_REF, .flags = WIRE_NULL,
		.about = "null: your own."),
	FIELD(wire_invoice_create, period, WIRE_TEXT, .flags = WIRE_NULL, .min = 7, .max = 8,
		.example = "\"2026-11\"", .about = "Month in UTC; null: the current one."),
};
NOUN(wire_invoice_create, "InvoiceCreate", wire_invoice_create, invoice_create_fields, BODY,
	"The draft to make.");
