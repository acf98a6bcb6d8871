/* Price plans, invoices and their lines. */
#include "modelops/store/billing.h"

#include "modelops/base/id.h"
#include "modelops/store/rows.h"

#include <stdio.h>

static const struct db_col plan_cols[] = {
	DB_COL(price_plan, id, DB_TEXT),
	DB_COL(price_plan, name, DB_TEXT),
	DB_COL(price_plan, currency, DB_TEXT),
	DB_COL(price_plan, is_default, DB_BOOL),
	DB_COL(price_plan, created_at, DB_INT),
};
static const struct db_table plans = DB_TABLE("price_plans", "price plan", price_plan, plan_cols);

static const struct db_col rule_cols[] = {
	DB_COL(price_rule, plan_id, DB_TEXT),
	DB_COL(price_rule, metric, DB_TEXT),
	DB_COL(price_rule, price_class, DB_TEXT),
	DB_COL(price_rule, price_micro, DB_INT),
	DB_COL(price_rule, per_quantity, DB_INT),
	DB_COL(price_rule, unit_label, DB_TEXT),
	DB_COL(price_rule, description, DB_TEXT),
};
static const struct db_table rules_table =
	DB_TABLE("price_rules", "price rule", price_rule, rule_cols);

static const struct db_col invoice_cols[] = {
	DB_COL(invoice, id, DB_TEXT),
	DB_COL(invoice, tenant_id, DB_TEXT),
	DB_COL(invoice, period_start, DB_INT),
	DB_COL(invoice, period_end, DB_INT),
	DB_COL_ENUM(invoice, state, invoice_states.names),
	DB_COL(invoice, currency, DB_TEXT),
	DB_COL(invoice, price_plan_id, DB_TEXT),
	DB_COL(invoice, ledger_seq, DB_INT),
	DB_COL(invoice, ledger_hash, DB_TEXT),
	DB_COL(invoice, total_micro, DB_INT),
	DB_COL(invoice, created_at, DB_INT),
};
static const struct db_table invoices = DB_TABLE("invoices", "invoice", invoice, invoice_cols);

static const struct db_col line_cols[] = {
	DB_COL(invoice_line, tenant_id, DB_TEXT),
	DB_COL(invoice_line, invoice_id, DB_TEXT),
	DB_COL(invoice_line, n, DB_INT),
	DB_COL(invoice_line, metric, DB_TEXT),
	DB_COL(invoice_line, price_class, DB_TEXT),
	DB_COL(invoice_line, quantity, DB_INT),
	DB_COL(invoice_line, price_micro, DB_INT),
	DB_COL(invoice_line, per_quantity, DB_INT),
	DB_COL(invoice_line, unit_label, DB_TEXT),
	DB_COL(invoice_line, amount_micro, DB_INT),
	DB_COL(invoice_line, description, DB_TEXT),
};
static const struct db_table lines_table =
	DB_TABLE("invoice_lines", "invoice line", invoice_line, line_cols);

/* One default at a time: two makers of one wait for each other here. */
static int drop_default(struct store_tx *tx, struct mo_err *err)
{
	if (db_lock(tx, "price_plans:default", err) < 0)
		return -1;
	return db_exec(tx, "UPDATE price_plans SET is_default = 0 WHERE is_default = 1", NULL, 0,
		NULL, err);
}

int store_price_plan_insert(struct store_tx *tx, const struct price_plan *p,
	const struct price_rule *rules, size_t n, struct mo_err *err)
{
	if (p->is_default && drop_default(tx, err) < 0)
		return -1;
	if (db_insert(tx, &plans, p, p->name, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct price_rule row = rules[i];
		row.plan_id = p->id;
		if (db_insert(tx, &rules_table, &row, row.metric, err) < 0)
			return -1;
	}
	return 0;
}

int store_price_plan_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err)
{
	return db_get(tx, &plans, "WHERE id = ?1 OR name = ?1", DB_ARGS(DB_T(id_or_name)),
		id_or_name, a, (void **)ret, err);
}

int store_price_plan_list(struct store_tx *tx, const struct store_page *page, struct mo_arena *a,
	struct price_plan **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &plans, NULL, page, a, (void **)ret, ret_n, err);
}

int store_price_rule_list(struct store_tx *tx, const char *plan_id, struct mo_arena *a,
	struct price_rule **ret, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &rules_table, "WHERE plan_id = ?1 ORDER BY metric, price_class",
		DB_ARGS(DB_T(plan_id)), a, (void **)ret, ret_n, err);
}

int store_price_plan_of(struct store_tx *tx, const char *tenant, struct mo_arena *a,
	struct price_plan **ret, struct mo_err *err)
{
	size_t n;

	return db_list(tx, &plans,
		"WHERE id = (SELECT price_plan_id FROM tenants WHERE id = ?1) OR is_default = 1 "
		"ORDER BY CASE WHEN id = (SELECT price_plan_id FROM tenants WHERE id = ?1) THEN 0 "
		"ELSE 1 END, id LIMIT 1",
		DB_ARGS(DB_T(tenant)), a, (void **)ret, &n, err);
}

int store_invoice_insert(struct store_tx *tx, const struct invoice *i,
	const struct invoice_line *lines, size_t n, struct mo_err *err)
{
	if (db_insert(tx, &invoices, i, i->id, err) < 0)
		return -1;
	for (size_t k = 0; k < n; k++) {
		struct invoice_line row = lines[k];
		row.tenant_id = i->tenant_id;
		row.invoice_id = i->id;
		if (db_insert(tx, &lines_table, &row, i->id, err) < 0)
			return -1;
	}
	return 0;
}

int store_invoice_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct invoice **ret, struct mo_err *err)
{
	return db_get_owned(tx, &invoices, tenant, id, a, (void **)ret, err);
}

int store_invoice_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct invoice **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &invoices, tenant, page, a, (void **)ret, ret_n, err);
}

int store_invoice_lock(struct store_tx *tx, const char *tenant, struct mo_err *err)
{
	char name[MO_ID_MAX + 16];

	snprintf(name, sizeof(name), "invoices:%s", tenant);
	return db_lock(tx, name, err);
}

int store_invoice_period_taken(
	struct store_tx *tx, const struct invoice *i, bool *ret_taken, struct mo_err *err)
{
	int64_t n = 0;

	if (db_int_of(tx,
		    "SELECT count(*) FROM invoices WHERE tenant_id = ?1 AND id <> ?2 AND state IN "
		    "('ISSUED', 'PAID') AND period_start < ?4 AND period_end > ?3",
		    DB_ARGS(DB_T(i->tenant_id), DB_T(i->id), DB_I(i->period_start),
			    DB_I(i->period_end)),
		    &n, err) < 0)
		return -1;
	*ret_taken = n > 0;
	return 0;
}

int store_invoice_line_list(struct store_tx *tx, const char *tenant, const char *invoice_id,
	struct mo_arena *a, struct invoice_line **ret, size_t *ret_n, struct mo_err *err)
{
	struct db_arg args[] = { DB_T(invoice_id), DB_T(tenant) };

	return db_list(tx, &lines_table,
		tenant ? "WHERE invoice_id = ?1 AND tenant_id = ?2 ORDER BY n"
		       : "WHERE invoice_id = ?1 ORDER BY n",
		args, tenant ? 2 : 1, a, (void **)ret, ret_n, err);
}

int store_invoice_move(struct store_tx *tx, const char *tenant, const char *id,
	enum invoice_state to, bool *ret_moved, struct mo_err *err)
{
	struct db_arg args[] = { DB_T(id), DB_T(state_name(&invoice_states, (int)to)),
		DB_T(tenant) };
	const char *from =
		db_states_in(tx, &invoice_states, state_sources(&invoice_states, (int)to), err);
	int64_t changed;

	if (!from)
		return -1;
	const char *sql =
		db_sql(tx, err, "UPDATE invoices SET state = ?2 WHERE id = ?1 AND state IN (%s)%s",
			from, tenant ? " AND tenant_id = ?3" : "");
	if (!sql || db_exec(tx, sql, args, tenant ? 3 : 2, &changed, err) < 0)
		return -1;
	*ret_moved = changed > 0;
	return 0;
}
