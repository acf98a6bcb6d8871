/* Price plans, invoices and their lines. */
#ifndef MODELOPS_STORE_BILLING_H
#define MODELOPS_STORE_BILLING_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/price.h"
#include "modelops/store/store.h"

#include <stdbool.h>
#include <stddef.h>

/* Inserts the plan and its rules (plan_id of each rule is set here). A new default plan takes the
 * place of the old one. */
int store_price_plan_insert(struct store_tx *tx, const struct price_plan *p,
	const struct price_rule *rules, size_t n, struct mo_err *err);
/* By id or by name. */
int store_price_plan_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err);
int store_price_plan_list(struct store_tx *tx, const struct store_page *page, struct mo_arena *a,
	struct price_plan **ret, size_t *ret_n, struct mo_err *err);
int store_price_rule_list(struct store_tx *tx, const char *plan_id, struct mo_arena *a,
	struct price_rule **ret, size_t *ret_n, struct mo_err *err);
/* The plan that prices TENANT: its own, else the default; *ret is NULL when there is neither. */
int store_price_plan_of(struct store_tx *tx, const char *tenant, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err);

int store_invoice_insert(struct store_tx *tx, const struct invoice *i,
	const struct invoice_line *lines, size_t n, struct mo_err *err);
int store_invoice_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct invoice **ret, struct mo_err *err);
int store_invoice_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct invoice **ret, size_t *ret_n, struct mo_err *err);
/* Until the transaction ends, no other transaction that locks TENANT's invoices goes on: first of
 * all in what issues one, because what it looks at must not change until it is written. */
int store_invoice_lock(struct store_tx *tx, const char *tenant, struct mo_err *err);
/* Whether another invoice of the same tenant and overlapping period is ISSUED or PAID. */
int store_invoice_period_taken(
	struct store_tx *tx, const struct invoice *i, bool *ret_taken, struct mo_err *err);
/* Lines of an invoice of TENANT (NULL: of any), in order; none when it is another tenant's. */
int store_invoice_line_list(struct store_tx *tx, const char *tenant, const char *invoice_id,
	struct mo_arena *a, struct invoice_line **ret, size_t *ret_n, struct mo_err *err);
/* Moves to TO when the state table allows it; *ret_moved says whether it did. */
int store_invoice_move(struct store_tx *tx, const char *tenant, const char *id,
	enum invoice_state to, bool *ret_moved, struct mo_err *err);

#endif
