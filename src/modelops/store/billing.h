/* Price plans with their rules, and invoices with their lines. */
#ifndef MODELOPS_STORE_BILLING_H
#define MODELOPS_STORE_BILLING_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/price.h"
#include "modelops/store/moves.h"

/* A plan that is_default takes that from the plan that had it. */
int store_price_plan_insert(struct store_tx *tx, const struct price_plan *row,
	const struct price_rule *rules, size_t nrules, struct mo_err *err);

/* REF is an id or a name. */
int store_price_plan_find(struct store_tx *tx, const char *ref, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err);

/* The tenant's own plan, or the default one. MO_ENOTFOUND when there is neither. */
int store_price_plan_of(struct store_tx *tx, const char *tenant, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err);
int store_price_plan_list(struct store_tx *tx, const struct store_page *page, struct mo_arena *a,
	struct price_plan **ret_rows, size_t *ret_n, struct mo_err *err);

/* In order of metric and class. */
int store_price_rule_list(struct store_tx *tx, const char *plan_id, struct mo_arena *a,
	struct price_rule **ret_rows, size_t *ret_n, struct mo_err *err);

/* Lines get invoice_id and tenant_id of ROW. */
int store_invoice_insert(struct store_tx *tx, const struct invoice *row,
	const struct invoice_line *lines, size_t nlines, struct mo_err *err);
int store_invoice_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct invoice **ret, struct mo_err *err);

struct store_invoice_filter {
	const char *state;
	int64_t period_start; /* 0: all */
};
int store_invoice_list(struct store_tx *tx, const char *tenant,
	const struct store_invoice_filter *f, const struct store_page *page, struct mo_arena *a,
	struct invoice **ret_rows, size_t *ret_n, struct mo_err *err);
int store_invoice_lines(struct store_tx *tx, const char *tenant, const char *invoice_id,
	struct mo_arena *a, struct invoice_line **ret_rows, size_t *ret_n, struct mo_err *err);
int store_invoice_move(struct store_tx *tx, const char *tenant, const char *id,
	enum invoice_state to, bool *ret_moved, struct mo_err *err);

#endif
