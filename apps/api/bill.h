/* The lines of one month of one tenant: the ledger's sums under its price plan. */
#ifndef MODELOPS_API_BILL_H
#define MODELOPS_API_BILL_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/ledger.h"
#include "modelops/domain/price.h"
#include "modelops/store/store.h"
#include "modelops/wire/billing.h"

#include "request.h"

struct bill {
	int64_t from, to; /* the month, half-open */
	struct price_plan *plan;
	struct ledger_head head; /* last entry that is in it */
	struct invoice_line *lines;
	struct wire_invoice_line *wire_lines; /* the same with the currency */
	size_t n;
	int64_t total_micro;
};

/* PERIOD is "2026-11" or NULL = the current month. All memory is the request's arena. */
int bill_make(struct api_req *r, struct store_tx *tx, const char *tenant, const char *period,
	struct bill *ret_bill, struct mo_err *err);

/* LINES beside CURRENCY, in the arena; NULL when memory is out. */
struct wire_invoice_line *bill_wire_lines(
	struct mo_arena *a, const struct invoice_line *lines, size_t n, const char *currency);

#endif
