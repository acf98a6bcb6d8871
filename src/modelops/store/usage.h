/* Usage windows, gateway totals and the ledger made from them. */
#ifndef MODELOPS_STORE_USAGE_H
#define MODELOPS_STORE_USAGE_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/ledger.h"
#include "modelops/domain/usage.h"
#include "modelops/store/store.h"

#include <stddef.h>

/* Inserts W; MO_ECONFLICT when the window (source, metric, resource, end) is there already. */
int store_usage_window_insert(
	struct store_tx *tx, const struct usage_window *w, struct mo_err *err);

/* A gateway's cumulative total for a deployment and metric: when TOTAL is above what is stored,
 * stores it and inserts W (source_id, resource_id, metric, tenant, project, price_class, start_at,
 * end_at are given) with the difference as quantity. Repeating it adds nothing. W->id is made here.
 */
int store_usage_flush(
	struct store_tx *tx, const struct usage_window *w, int64_t total, struct mo_err *err);

/* Billed windows of allocation ID that no credit takes back yet, oldest first. */
int store_usage_uncredited(struct store_tx *tx, const char *id, int64_t limit, struct mo_arena *a,
	struct usage_window **ret, size_t *ret_n, struct mo_err *err);

/* Windows without a ledger entry, oldest first, after id AFTER ("": from the first): the agent's
 * work list. */
int store_usage_unposted(struct store_tx *tx, const char *after, int64_t limit, struct mo_arena *a,
	struct usage_window **ret, size_t *ret_n, struct mo_err *err);

/* How many windows, allocations and projects of TENANT have usage before UNTIL that waits for its
 * ledger entries. */
int store_usage_open(
	struct store_tx *tx, const char *tenant, int64_t until, int64_t *ret, struct mo_err *err);

/* Head of the tenant's chain, locked until the transaction ends; the empty head when there is no
 * entry. */
int store_ledger_head(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret, struct mo_err *err);

/* The last entry of TENANT as this transaction sees it; no other one waits for it. */
int store_ledger_last(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret, struct mo_err *err);

/* How many billable entries after SEQ end in (FROM, TO]. */
int store_ledger_since(struct store_tx *tx, const char *tenant, int64_t seq, int64_t from,
	int64_t to, int64_t *ret, struct mo_err *err);

/* Appends E as it is: the caller made it with ledger_append from the head of this transaction. */
int store_ledger_insert(struct store_tx *tx, const struct ledger_entry *e, struct mo_err *err);
/* Entries with seq > AFTER, oldest first; BACK: entries with seq < AFTER (0: newest), newest first.
 * TENANT is needed. */
int store_ledger_list(struct store_tx *tx, const char *tenant, int64_t after, bool back,
	int64_t limit, struct mo_arena *a, struct ledger_entry **ret, size_t *ret_n,
	struct mo_err *err);
/* Billable quantity per metric and price class of the entries of the period (FROM < end_at <= TO),
 * ordered; seq <= UP_TO. */
int store_ledger_sums(struct store_tx *tx, const char *tenant, int64_t from, int64_t to,
	int64_t up_to, struct mo_arena *a, struct ledger_sum **ret, size_t *ret_n,
	struct mo_err *err);

#endif
