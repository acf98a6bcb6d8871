/* Invoices and price plans. */
#include "handlers.h"

#include "modelops/base/time.h"
#include "modelops/domain/state.h"
#include "modelops/domain/tenant.h"
#include "modelops/domain/usage.h"
#include "modelops/store/billing.h"
#include "modelops/store/usage.h"
#include "modelops/wire/billing.h"

#include "bill.h"
#include "rows.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int plan_answer(struct api_req *r, struct store_tx *tx, const struct price_plan *plan,
	struct wire_price_plan *out, struct mo_err *err)
{
	struct price_rule *rules = NULL;
	size_t n = 0;
	if (store_price_rule_list(tx, plan->id, r->arena, &rules, &n, err) < 0)
		return -1;
	*out = (struct wire_price_plan){ .plan = *plan, .rules = rules, .rule_count = n };
	return 0;
}

static int plans(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct price_plan *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 ||
		store_price_plan_list(tx, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	struct wire_price_plan *out = mo_arena_zalloc(r->arena, (n + 1) * sizeof(*out));
	if (!out)
		return mo_fail(err, MO_ENOMEM, "price plans");
	for (size_t i = 0; i < n; i++)
		if (plan_answer(r, tx, &rows[i], &out[i], err) < 0)
			return -1;
	return req_answer_rows(r, out, n, err);
}

int price_plan_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, plans, err);
}

static int plan_get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct price_plan *plan = NULL;
	struct wire_price_plan out;
	if (store_price_plan_find(tx, req_param(r, "id"), r->arena, &plan, err) < 0 ||
		plan_answer(r, tx, plan, &out, err) < 0)
		return -1;
	return req_answer(r, &out, err);
}

int price_plan_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, plan_get, err);
}

static bool same_rule(const struct price_rule *a, const struct price_rule *b)
{
	return !strcmp(a->metric, b->metric) && !strcmp(a->price_class, b->price_class);
}

static int check_plan(const struct wire_price_plan *in, struct mo_err *err)
{
	const char *c = in->plan.currency;
	char field[40];
	if (strlen(c) != 3 || !isupper((unsigned char)c[0]) || !isupper((unsigned char)c[1]) ||
		!isupper((unsigned char)c[2]))
		return mo_fail_field(
			err, "currency", "'%.10s' is not three capital letters (ISO 4217)", c);
	for (size_t i = 0; i < in->rule_count; i++) {
		snprintf(field, sizeof(field), "rules[%zu].metric", i);
		if (!metric_known(in->rules[i].metric))
			return mo_fail_field(err, field, "'%.60s' is no metric of the ledger",
				in->rules[i].metric);
		for (size_t j = 0; j < i; j++)
			if (same_rule(&in->rules[i], &in->rules[j]))
				return mo_fail_field(err, field,
					"a second rule for %s and class %.40s", in->rules[i].metric,
					in->rules[i].price_class);
	}
	return 0;
}

static int plan_create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct wire_price_plan in = *(const struct wire_price_plan *)r->in;
	in.plan.id = req_new_id(r, "pp");
	in.plan.created_at = store_now(tx);
	struct wire_price_plan out;
	if (store_price_plan_insert(tx, &in.plan, in.rules, in.rule_count, err) < 0 ||
		req_record(r, tx, TENANT_PLATFORM_ID, "create", "price_plan", in.plan.id, err) <
			0 ||
		plan_answer(r, tx, &in.plan, &out, err) < 0)
		return -1;
	return req_answer(r, &out, err);
}

int price_plan_create(struct api_req *r, struct mo_err *err)
{
	return check_plan(r->in, err) < 0 ? -1 : req_write(r, plan_create, err);
}

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct invoice *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_invoice_list(tx, tenant, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int invoice_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int answer(
	struct api_req *r, struct store_tx *tx, const struct invoice *invoice, struct mo_err *err)
{
	struct invoice_line *lines = NULL;
	size_t n = 0;
	if (store_invoice_line_list(tx, r->tenant, invoice->id, r->arena, &lines, &n, err) < 0)
		return -1;
	struct wire_invoice out = { .invoice = *invoice, .line_count = n };
	out.lines = bill_wire_lines(r->arena, lines, n, invoice->currency);
	return out.lines ? req_answer(r, &out, err) : mo_fail(err, MO_ENOMEM, "invoice lines");
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct invoice *invoice = NULL;
	if (store_invoice_get(tx, r->tenant, req_param(r, "id"), r->arena, &invoice, err) < 0)
		return -1;
	return answer(r, tx, invoice, err);
}

int invoice_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* What a draft says, and what a draft is compared with, is computed in a read session: summing a
 * month of a large ledger would hold up everybody's writes. */
struct draft {
	const struct wire_invoice_create *in;
	const char *tenant;
	struct bill bill;
	struct mo_err stale; /* why the draft may not be issued; no code: it may */
};

static struct draft *draft_new(struct api_req *r, struct mo_err *err)
{
	struct draft *d = mo_arena_zalloc(r->arena, sizeof(*d));
	if (!d)
		mo_fail(err, MO_ENOMEM, "invoice");
	else
		d->in = r->in;
	return d;
}

static int compute(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct draft *d = r->in;
	if (req_create_tenant(r, tx, d->in->tenant_id, &d->tenant, err) < 0)
		return -1;
	return bill_make(r, tx, d->tenant, d->in->period, &d->bill, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct draft *d = r->in;
	struct invoice invoice = {
		.id = req_new_id(r, "inv"),
		.tenant_id = d->tenant,
		.period_start = d->bill.from,
		.period_end = d->bill.to,
		.state = INVOICE_DRAFT,
		.currency = d->bill.plan->currency,
		.price_plan_id = d->bill.plan->id,
		.ledger_seq = d->bill.head.seq,
		.ledger_hash = d->bill.head.hash,
		.total_micro = d->bill.total_micro,
		.created_at = store_now(tx),
	};
	if (store_invoice_insert(tx, &invoice, d->bill.lines, d->bill.n, err) < 0 ||
		req_record(r, tx, d->tenant, "create", "invoice", invoice.id, err) < 0)
		return -1;
	return answer(r, tx, &invoice, err);
}

int invoice_create(struct api_req *r, struct mo_err *err)
{
	r->in = draft_new(r, err);
	if (!r->in || req_read(r, compute, err) < 0)
		return -1;
	return req_write(r, create, err);
}

static int move(struct api_req *r, struct store_tx *tx, enum invoice_state to, const char *action,
	struct mo_err *err)
{
	struct invoice *invoice = NULL;
	bool moved = false;
	if (store_invoice_get(tx, r->tenant, req_param(r, "id"), r->arena, &invoice, err) < 0 ||
		store_invoice_move(tx, invoice->tenant_id, invoice->id, to, &moved, err) < 0)
		return -1;
	if (!moved)
		return mo_fail(err, MO_ECONFLICT, "an invoice that is %s cannot become %s",
			state_name(&invoice_states, (int)invoice->state),
			state_name(&invoice_states, (int)to));
	invoice->state = to;
	if (req_record(r, tx, invoice->tenant_id, action, "invoice", invoice->id, err) < 0)
		return -1;
	return answer(r, tx, invoice, err);
}

/* What a period has cost is asked for once. */
static int check_period(struct store_tx *tx, const struct invoice *invoice, struct mo_err *err)
{
	bool taken = false;
	if (store_invoice_period_taken(tx, invoice, &taken, err) < 0)
		return -1;
	return taken ? mo_fail(err, MO_ECONFLICT,
			       "the period of invoice '%s' is in an issued invoice already",
			       invoice->id)
		     : 0;
}

static bool same_lines(const struct invoice_line *a, size_t na, const struct bill *b)
{
	if (na != b->n)
		return false;
	for (size_t i = 0; i < na; i++)
		if (strcmp(a[i].metric, b->lines[i].metric) != 0 ||
			strcmp(a[i].price_class, b->lines[i].price_class) != 0 ||
			a[i].quantity != b->lines[i].quantity ||
			a[i].amount_micro != b->lines[i].amount_micro)
			return false;
	return true;
}

static int stale(const struct invoice *invoice, struct mo_err *err)
{
	char period[MO_TIME_TEXT];
	mo_time_format(invoice->period_start, period);
	mo_fail(err, MO_ECONFLICT,
		"the books of %.7s have changed since draft '%s' was made at entry %lld", period,
		invoice->id, (long long)invoice->ledger_seq);
	return mo_advise(err, "stale_draft", "make a new draft of the period and issue that");
}

/* Is the draft what the books say now? Entries of other months since then change nothing. */
static int compare(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct draft *d = r->in;
	char period[MO_TIME_TEXT];
	struct invoice *invoice = NULL;
	struct invoice_line *lines = NULL;
	size_t n = 0;
	if (store_invoice_get(tx, r->tenant, req_param(r, "id"), r->arena, &invoice, err) < 0)
		return -1;
	if (invoice->state != INVOICE_DRAFT)
		return 0;
	mo_time_format(invoice->period_start, period);
	period[7] = '\0'; /* 2026-11 */
	if (bill_make(r, tx, invoice->tenant_id, period, &d->bill, err) < 0 ||
		store_invoice_line_list(tx, r->tenant, invoice->id, r->arena, &lines, &n, err) < 0)
		return -1;
	if (d->bill.total_micro != invoice->total_micro ||
		strcmp(d->bill.plan->currency, invoice->currency) != 0 ||
		!same_lines(lines, n, &d->bill))
		stale(invoice, &d->stale);
	return 0;
}

/* The books are still those that the draft was compared with. */
static int check_fresh(
	struct api_req *r, struct store_tx *tx, const struct invoice *invoice, struct mo_err *err)
{
	const struct draft *d = r->in;
	struct ledger_head locked;
	int64_t since = 0;
	if (d->stale.code) {
		*err = d->stale;
		return -1;
	}
	if (store_ledger_head(tx, invoice->tenant_id, &locked, err) < 0 ||
		store_ledger_since(tx, invoice->tenant_id, d->bill.head.seq, invoice->period_start,
			invoice->period_end, &since, err) < 0)
		return -1;
	return since ? stale(invoice, err) : 0;
}

/* Nothing of the period can come any more: it is over, and what was used then is in the ledger. */
static int check_over(struct store_tx *tx, const struct invoice *invoice, struct mo_err *err)
{
	int64_t open = 0;
	if (store_now(tx) < invoice->period_end)
		mo_fail(err, MO_ECONFLICT, "the period of invoice '%s' has not ended yet",
			invoice->id);
	else if (store_usage_open(tx, invoice->tenant_id, invoice->period_end, &open, err) < 0)
		return -1;
	else if (open)
		mo_fail(err, MO_ECONFLICT,
			"usage of the period of invoice '%s' is not in the ledger yet",
			invoice->id);
	else
		return 0;
	return mo_advise(err, "period_open",
		"wait for the end of the period and its last entries, then make a new draft");
}

static int issue(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct invoice *invoice = NULL;
	/* Read again under the lock: whose it is does not change, its state does. */
	if (store_invoice_get(tx, r->tenant, req_param(r, "id"), r->arena, &invoice, err) < 0 ||
		store_invoice_lock(tx, invoice->tenant_id, err) < 0 ||
		store_invoice_get(tx, r->tenant, invoice->id, r->arena, &invoice, err) < 0 ||
		check_period(tx, invoice, err) < 0)
		return -1;
	if (invoice->state == INVOICE_DRAFT &&
		(check_over(tx, invoice, err) < 0 || check_fresh(r, tx, invoice, err) < 0))
		return -1;
	return move(r, tx, INVOICE_ISSUED, "issue", err);
}

static int void_invoice(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	return move(r, tx, INVOICE_VOID, "void", err);
}

int invoice_issue(struct api_req *r, struct mo_err *err)
{
	r->in = draft_new(r, err);
	if (!r->in || req_read(r, compare, err) < 0)
		return -1;
	return req_write(r, issue, err);
}

int invoice_void(struct api_req *r, struct mo_err *err)
{
	return req_write(r, void_invoice, err);
}
