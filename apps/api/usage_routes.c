/* Usage, the ledger, and what a month has cost so far. */
#include "handlers.h"

#include "modelops/base/time.h"
#include "modelops/domain/ledger.h"
#include "modelops/store/overview.h"
#include "modelops/store/usage.h"
#include "modelops/wire/billing.h"

#include "bill.h"
#include "rows.h"

#include <string.h>

enum { PIECE = 500, PIECES = 20, PIECE_BYTES = 4 << 20 };

/* The span of the query: unset ends are the start of the month and now. */
static int span(struct api_req *r, struct store_tx *tx, int64_t *ret_from, int64_t *ret_to,
	struct mo_err *err)
{
	int64_t now = store_now(tx), to = query_number(&r->query, "to", now);
	int64_t from = query_number(&r->query, "from", mo_time_month(now));
	if (from >= to)
		return mo_fail_field(err, "from", "from is not before to");
	*ret_from = from;
	*ret_to = to;
	return 0;
}

/* Usage is always of one tenant. */
static int one_tenant(
	struct api_req *r, struct store_tx *tx, const char **ret_tenant, struct mo_err *err)
{
	if (req_list_tenant(r, tx, ret_tenant, err) < 0)
		return -1;
	if (!*ret_tenant)
		*ret_tenant = r->actor.tenant_id;
	return 0;
}

static int usage(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct wire_usage u = { .group_by = query_text(&r->query, "group_by") };
	struct store_usage_filter f = { 0 };
	struct store_usage_sum *sums = NULL;
	size_t n = 0;
	if (one_tenant(r, tx, &u.tenant_id, err) < 0 || span(r, tx, &u.from, &u.to, err) < 0)
		return -1;
	f.from = u.from;
	f.to = u.to;
	f.project_id = r->actor.project_id[0] ? r->actor.project_id : NULL;
	f.by_project = u.group_by && !strcmp(u.group_by, "project");
	f.by_resource = u.group_by && !strcmp(u.group_by, "resource");
	f.by_day = u.group_by && !strcmp(u.group_by, "day");
	if (store_usage_sums(tx, u.tenant_id, &f, r->arena, &sums, &n, err) < 0)
		return -1;
	struct wire_usage_row *rows = mo_arena_zalloc(r->arena, (n + 1) * sizeof(*rows));
	if (!rows)
		return mo_fail(err, MO_ENOMEM, "usage");
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct wire_usage_row){
			.metric = sums[i].metric,
			.price_class = sums[i].price_class,
			.reason = sums[i].reason,
			.project_id = sums[i].project_id,
			.resource_id = sums[i].resource_id,
			.day = sums[i].day,
			.quantity = sums[i].quantity,
			.windows = sums[i].windows,
		};
	u.rows = rows;
	u.row_count = n;
	return req_answer(r, &u, err);
}

int usage_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, usage, err);
}

static const char *seq_cursor(struct api_req *r, const void *row)
{
	const struct ledger_entry *entry = row;
	return mo_arena_printf(r->arena, "%lld", (long long)entry->seq);
}

static int ledger(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct ledger_entry *rows = NULL;
	size_t n = 0;
	int64_t after = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || one_tenant(r, tx, &tenant, err) < 0)
		return -1;
	if (page.after && mo_parse_i64(page.after, strlen(page.after), &after) < 0)
		return mo_fail_field(
			err, "cursor", "'%.40s' is no cursor of the ledger", page.after);
	if (store_ledger_list(tx, tenant, after, false, page.limit, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows_by(r, rows, n, seq_cursor, err);
}

int ledger_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, ledger, err);
}

/* "SEQ.HASH": the entry that was right last. What follows it must name its hash, so a chain that is
 * checked in several requests is checked as one. */
static int verify_from(struct api_req *r, struct ledger_head *ret_head, struct mo_err *err)
{
	const char *cursor = query_text(&r->query, "cursor"),
		   *dot = cursor ? strchr(cursor, '.') : NULL;
	struct ledger_head head = ledger_head_empty();
	if (cursor &&
		(!dot || mo_parse_i64(cursor, (size_t)(dot - cursor), &head.seq) < 0 ||
			head.seq < 0 || mo_str_copy(head.hash, sizeof(head.hash), dot + 1) < 0))
		return mo_fail_field(err, "cursor", "'%.40s' is no cursor of this check", cursor);
	*ret_head = head;
	return 0;
}

/* Walks the chain in pieces, no more than PIECES of them: a long chain may not keep a worker. */
static int walk(struct api_req *r, struct store_tx *tx, const char *tenant,
	struct ledger_head *head, struct mo_err *wrong, bool *ret_more, struct mo_err *err)
{
	struct mo_arena piece;
	size_t n = PIECE;
	int rc = 0;
	mo_arena_init(&piece, PIECE_BYTES, 65536);
	for (int i = 0; i < PIECES && n == PIECE && rc == 0 && !wrong->code; i++) {
		struct ledger_entry *rows = NULL;
		rc = store_ledger_list(tx, tenant, head->seq, false, PIECE, &piece, &rows, &n, err);
		for (size_t k = 0; rc == 0 && k < n && !wrong->code; k++)
			ledger_verify(head, &rows[k], wrong);
		mo_arena_reset(&piece);
	}
	mo_arena_free(&piece);
	*ret_more = n == PIECE && !wrong->code;
	return rc;
}

static int verify(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct wire_ledger_check check = { 0 };
	struct ledger_head head;
	struct mo_err wrong = { 0 };
	bool more = false;
	if (one_tenant(r, tx, &check.tenant_id, err) < 0 || verify_from(r, &head, err) < 0 ||
		walk(r, tx, check.tenant_id, &head, &wrong, &more, err) < 0)
		return -1;
	check.ok = !wrong.code;
	check.problem = wrong.code ? wrong.msg : NULL;
	check.entries = head.seq;
	check.head_hash = head.hash;
	if (more && !(check.next = mo_arena_printf(
			      r->arena, "%lld.%s", (long long)head.seq, head.hash)))
		return mo_fail(err, MO_ENOMEM, "cursor");
	return req_answer(r, &check, err);
}

int ledger_verify_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, verify, err);
}

static int cost(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct bill bill;
	const char *tenant = NULL;
	if (one_tenant(r, tx, &tenant, err) < 0 ||
		bill_make(r, tx, tenant, query_text(&r->query, "period"), &bill, err) < 0)
		return -1;
	struct wire_cost answer = {
		.tenant_id = tenant,
		.currency = bill.plan->currency,
		.price_plan_id = bill.plan->id,
		.period_start = bill.from,
		.period_end = bill.to,
		.as_of = store_now(tx) < bill.to ? store_now(tx) : bill.to,
		.lines = bill.wire_lines,
		.line_count = bill.n,
		.total_micro = bill.total_micro,
	};
	return req_answer(r, &answer, err);
}

int cost_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, cost, err);
}
