/* Usage: gateway counters and windows, and the ledger made of them. */
#ifndef MODELOPS_STORE_USAGE_H
#define MODELOPS_STORE_USAGE_H

#include "modelops/domain/invoice.h"
#include "modelops/domain/ledger.h"
#include "modelops/domain/usage.h"
#include "modelops/store/moves.h"

/* One metric of one deployment as a gateway process has counted it. */
struct store_flush {
	const char *source, *tenant_id, *project_id, *deployment_id, *metric;
	int64_t total;            /* cumulative; flushing the same total twice does nothing */
	int64_t start_at, end_at; /* span in which it grew */
};

/* Counter to the new total and a billable window over the difference, if there is one. */
int store_usage_flush(struct store_tx *tx, const struct store_flush *f, struct mo_err *err);

/* *ret_inserted false: the same (source, metric, resource, end) is there already. */
int store_usage_window_insert(struct store_tx *tx, const struct usage_window *row,
	bool *ret_inserted, struct mo_err *err);

/* Oldest first: windows that have no ledger entry yet. */
int store_usage_window_open(struct store_tx *tx, int64_t limit, struct mo_arena *a,
	struct usage_window **ret_rows, size_t *ret_n, struct mo_err *err);

struct store_usage_filter {
	const char *project_id, *resource_id, *metric;
	int64_t from, to; /* by end_at, half-open (from, to]; 0: open */
};
int store_usage_window_list(struct store_tx *tx, const char *tenant,
	const struct store_usage_filter *f, const struct store_page *page, struct mo_arena *a,
	struct usage_window **ret_rows, size_t *ret_n, struct mo_err *err);

enum store_usage_group { USAGE_BY_METRIC, USAGE_BY_PROJECT, USAGE_BY_RESOURCE, USAGE_BY_DAY };
struct store_usage_sum {
	const char *key; /* project or resource id, start of the day in decimal microseconds; NULL
			    by metric */
	const char *metric, *price_class;
	int64_t quantity, billable;
};

/* Quantities of windows, by key, metric and price class. */
int store_usage_sums(struct store_tx *tx, const char *tenant, const struct store_usage_filter *f,
	enum store_usage_group group, struct mo_arena *a, struct store_usage_sum **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* Appends the window to its tenant's chain: seq and hash follow the last entry; other appends of
 * the tenant wait. EVIDENCE is a document or NULL. A window that has an entry is left alone. */
int store_ledger_append(struct store_tx *tx, const struct usage_window *w, const char *evidence,
	int64_t now, struct mo_err *err);

/* The tenant's last entry; ledger_head_empty() when there is none. */
int store_ledger_head(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret, struct mo_err *err);

/* In order of seq, after seq AFTER. TENANT is not NULL. */
int store_ledger_list(struct store_tx *tx, const char *tenant, int64_t after, int64_t limit,
	struct mo_arena *a, struct ledger_entry **ret_rows, size_t *ret_n, struct mo_err *err);

/* Walks the whole chain. MO_ECONFLICT says what is wrong at which seq. *ret_head is the last good
 * entry. */
int store_ledger_verify(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret_head, struct mo_err *err);

/* Billable quantities with from < end_at <= to and seq <= UP_TO (0: all), by metric and price
 * class. TENANT not NULL. */
int store_ledger_sums(struct store_tx *tx, const char *tenant, int64_t from, int64_t to,
	int64_t up_to, struct mo_arena *a, struct ledger_sum **ret_rows, size_t *ret_n,
	struct mo_err *err);

#endif
