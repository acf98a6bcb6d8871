/* Usage windows, gateway totals and the ledger made from them. */
#include "modelops/store/usage.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/store/rows.h"

#include <stdio.h>

static const struct db_col window_cols[] = {
	DB_COL(usage_window, id, DB_TEXT),
	DB_COL(usage_window, tenant_id, DB_TEXT),
	DB_COL(usage_window, project_id, DB_TEXT),
	DB_COL_ENUM(usage_window, source_kind, usage_sources),
	DB_COL(usage_window, source_id, DB_TEXT),
	DB_COL(usage_window, resource_id, DB_TEXT),
	DB_COL(usage_window, pool_id, DB_TEXT),
	DB_COL(usage_window, price_class, DB_TEXT),
	DB_COL(usage_window, metric, DB_TEXT),
	DB_COL(usage_window, quantity, DB_INT),
	DB_COL(usage_window, start_at, DB_INT),
	DB_COL(usage_window, end_at, DB_INT),
	DB_COL(usage_window, reason, DB_TEXT),
	DB_COL(usage_window, created_at, DB_INT),
};
static const struct db_table windows =
	DB_TABLE("usage_windows", "usage window", usage_window, window_cols);

static const struct db_col entry_cols[] = {
	DB_COL(ledger_entry, tenant_id, DB_TEXT),
	DB_COL(ledger_entry, seq, DB_INT),
	DB_COL(ledger_entry, window_id, DB_TEXT),
	DB_COL(ledger_entry, project_id, DB_TEXT),
	DB_COL(ledger_entry, resource_id, DB_TEXT),
	DB_COL(ledger_entry, metric, DB_TEXT),
	DB_COL(ledger_entry, price_class, DB_TEXT),
	DB_COL(ledger_entry, quantity, DB_INT),
	DB_COL(ledger_entry, start_at, DB_INT),
	DB_COL(ledger_entry, end_at, DB_INT),
	DB_COL(ledger_entry, reason, DB_TEXT),
	DB_COL(ledger_entry, billable, DB_BOOL),
	DB_COL(ledger_entry, evidence, DB_TEXT),
	DB_COL(ledger_entry, prev_hash, DB_TEXT),
	DB_COL(ledger_entry, hash, DB_TEXT),
	DB_COL(ledger_entry, created_at, DB_INT),
};
static const struct db_table entries =
	DB_TABLE("ledger_entries", "ledger entry", ledger_entry, entry_cols);

int store_usage_window_insert(struct store_tx *tx, const struct usage_window *w, struct mo_err *err)
{
	return db_insert(tx, &windows, w, w->id, err);
}

int store_usage_flush(
	struct store_tx *tx, const struct usage_window *w, int64_t total, struct mo_err *err)
{
	char id[MO_ID_MAX], name[2 * MO_ID_MAX + 16];
	struct usage_window row = *w;
	int64_t before;

	snprintf(name, sizeof(name), "usage:%s:%s", w->source_id, w->resource_id);
	if (db_lock(tx, name, err) < 0 ||
		db_int_of(tx,
			"SELECT total FROM usage_counters WHERE source = ?1 AND deployment_id = ?2 "
			"AND metric = ?3",
			DB_ARGS(DB_T(w->source_id), DB_T(w->resource_id), DB_T(w->metric)), &before,
			err) < 0)
		return -1;
	if (total <= before)
		return 0;
	if (db_exec(tx,
		    "INSERT INTO usage_counters (source, deployment_id, metric, tenant_id, total) "
		    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source, deployment_id, metric) "
		    "DO UPDATE SET total = excluded.total",
		    DB_ARGS(DB_T(w->source_id), DB_T(w->resource_id), DB_T(w->metric),
			    DB_T(w->tenant_id), DB_I(total)),
		    NULL, err) < 0)
		return -1;
	row.id = mo_id_new("use", id);
	row.quantity = total - before;
	row.created_at = store_now(tx);
	return db_insert(tx, &windows, &row, id, err);
}

int store_usage_uncredited(struct store_tx *tx, const char *id, int64_t limit, struct mo_arena *a,
	struct usage_window **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &windows,
		"WHERE source_id = ?1 AND reason = 'billable' AND NOT EXISTS (SELECT 1 FROM "
		"usage_windows c WHERE c.source_id = usage_windows.id) ORDER BY end_at LIMIT ?2",
		DB_ARGS(DB_T(id), DB_I(limit)), a, (void **)ret, ret_n, err);
}

int store_usage_unposted(struct store_tx *tx, const char *after, int64_t limit, struct mo_arena *a,
	struct usage_window **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &windows, "WHERE posted = 0 AND id > ?2 ORDER BY id LIMIT ?1",
		DB_ARGS(DB_I(limit), DB_T(after)), a, (void **)ret, ret_n, err);
}

int store_usage_open(
	struct store_tx *tx, const char *tenant, int64_t until, int64_t *ret, struct mo_err *err)
{
	/* Each part names the condition of a partial index: only what is open is looked at. */
	return db_int_of(tx,
		"SELECT (SELECT count(*) FROM usage_windows WHERE posted = 0 AND tenant_id = ?1 "
		"AND end_at <= ?2) + (SELECT count(*) FROM pool_allocations WHERE state <> "
		"'RELEASED' AND state = 'RESERVED' AND tenant_id = ?1 AND reserved_at < ?2) + "
		"(SELECT count(*) FROM pool_allocations WHERE bound_at IS NOT NULL AND "
		"(released_at "
		"IS NULL OR billed_until IS NULL OR billed_until < released_at) AND tenant_id = ?1 "
		"AND coalesce(billed_until, bound_at) < ?2) + (SELECT count(*) FROM projects WHERE "
		"tenant_id = ?1 AND created_at < ?2 AND coalesce(stored_until, 0) < ?2 - ?2 % "
		"3600000000)",
		DB_ARGS(DB_T(tenant), DB_I(until)), ret, err);
}

static int take_head(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct ledger_head *h = ctx;

	(void)err;
	h->seq = db_int(row, 0);
	snprintf(h->hash, sizeof(h->hash), "%s", db_text(row, 1));
	return 0;
}

int store_ledger_last(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret, struct mo_err *err)
{
	struct ledger_head head = ledger_head_empty();

	if (db_run(tx,
		    "SELECT seq, hash FROM ledger_entries WHERE tenant_id = ?1 ORDER BY seq "
		    "DESC LIMIT 1",
		    DB_ARGS(DB_T(tenant)), take_head, &head, NULL, err) < 0)
		return -1;
	*ret = head;
	return 0;
}

int store_ledger_head(
	struct store_tx *tx, const char *tenant, struct ledger_head *ret, struct mo_err *err)
{
	char name[MO_ID_MAX + 8];

	snprintf(name, sizeof(name), "ledger:%s", tenant);
	return db_lock(tx, name, err) < 0 ? -1 : store_ledger_last(tx, tenant, ret, err);
}

int store_ledger_since(struct store_tx *tx, const char *tenant, int64_t seq, int64_t from,
	int64_t to, int64_t *ret, struct mo_err *err)
{
	/* No plain comparison of end_at: the planner goes by seq then, past which there is little.
	 */
	return db_int_of(tx,
		"SELECT count(*) FROM ledger_entries WHERE tenant_id = ?1 AND seq > ?2 AND "
		"billable "
		"= 1 AND end_at + 0 > ?3 AND end_at + 0 <= ?4",
		DB_ARGS(DB_T(tenant), DB_I(seq), DB_I(from), DB_I(to)), ret, err);
}

int store_ledger_insert(struct store_tx *tx, const struct ledger_entry *e, struct mo_err *err)
{
	if (db_insert(tx, &entries, e, e->window_id, err) < 0)
		return -1;
	return db_exec_one(tx,
		"UPDATE usage_windows SET posted = 1 WHERE id = ?1 AND tenant_id = ?2",
		DB_ARGS(DB_T(e->window_id), DB_T(e->tenant_id)), "usage window", e->window_id, err);
}

int store_ledger_list(struct store_tx *tx, const char *tenant, int64_t after, bool back,
	int64_t limit, struct mo_arena *a, struct ledger_entry **ret, size_t *ret_n,
	struct mo_err *err)
{
	if (back)
		return db_list(tx, &entries,
			"WHERE tenant_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
			DB_ARGS(DB_T(tenant), DB_I(after > 0 ? after : INT64_MAX), DB_I(limit)), a,
			(void **)ret, ret_n, err);
	return db_list(tx, &entries, "WHERE tenant_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
		DB_ARGS(DB_T(tenant), DB_I(after), DB_I(limit)), a, (void **)ret, ret_n, err);
}

static const struct db_col sum_cols[] = {
	DB_COL(ledger_sum, metric, DB_TEXT),
	DB_COL(ledger_sum, price_class, DB_TEXT),
	DB_COL(ledger_sum, quantity, DB_INT),
};
/* The sum is numeric on Postgres; the cast refuses what does not fit 64 bits. */
static const struct db_table sums =
	DB_TABLE("(SELECT metric, price_class, CAST(sum(quantity) AS BIGINT) AS quantity FROM "
		 "ledger_entries WHERE tenant_id = ?1 "
		 "AND billable = 1 AND end_at > ?2 AND end_at <= ?3 AND seq <= ?4 GROUP BY metric, "
		 "price_class) s",
		"ledger sum", ledger_sum, sum_cols);

int store_ledger_sums(struct store_tx *tx, const char *tenant, int64_t from, int64_t to,
	int64_t up_to, struct mo_arena *a, struct ledger_sum **ret, size_t *ret_n,
	struct mo_err *err)
{
	return db_list(tx, &sums, "ORDER BY metric, price_class",
		DB_ARGS(DB_T(tenant), DB_I(from), DB_I(to), DB_I(up_to)), a, (void **)ret, ret_n,
		err);
}
