/* Allocations -> usage windows -> ledger entries. */
#include "agent.h"

#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/state.h"
#include "modelops/domain/usage.h"
#include "modelops/store/pools.h"
#include "modelops/store/usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVIDENCE = 384, ROUND = 500 };

/* Allocations of one tenant: a run in the sorted work list. */
struct bill_batch {
	struct agent *agent;
	const struct allocation *at;
	size_t count;
	int64_t now;
	int64_t windows; /* made by the last run of the transaction */
	bool more;       /* it stopped at the batch's size */
};

struct bill_list {
	struct agent *agent;
	struct allocation *at;
	size_t count;
	int64_t now;
};

static int list(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct bill_list *l = ctx;
	l->now = store_now(tx);
	return store_allocation_unbilled(tx, l->agent->bill_after, mo_time_hour(l->now), ROUND,
		&l->agent->arena, &l->at, &l->count, err);
}

/* What the entry rests on: the allocation as it stood. Ids and enum names need no escaping. */
static void write_evidence(const struct allocation *al, char out[EVIDENCE])
{
	const char *reason = enum_name(&alloc_reasons, (int)al->release_reason);
	snprintf(out, EVIDENCE,
		"{\"allocation_id\":\"%s\",\"owner_id\":\"%s\",\"shares\":%" PRId64
		",\"state\":\"%s\",\"bound_at\":%" PRId64 ",\"ended_at\":%" PRId64
		",\"released_at\":%" PRId64 ",\"release_reason\":\"%s\"}",
		al->id, al->owner_id, al->shares, state_name(&alloc_states, (int)al->state),
		al->bound_at, al->ended_at, al->released_at, reason ? reason : "");
}

static int record_cut(struct store_tx *tx, const struct allocation *al, const struct usage_cut *cut,
	struct ledger_head *head, struct mo_err *err)
{
	char id[MO_ID_MAX], evidence[EVIDENCE];
	struct usage_window w = usage_window_of(al, cut, mo_id_new("use", id), store_now(tx));
	write_evidence(al, evidence);
	if (store_usage_window_insert(tx, &w, err) < 0)
		return -1;
	return agent_enter(tx, head, &w, evidence, err);
}

static int record_credit(struct store_tx *tx, const struct allocation *al,
	const struct usage_window *entered, struct ledger_head *head, struct mo_err *err)
{
	char id[MO_ID_MAX], evidence[EVIDENCE];
	struct usage_window w =
		usage_credit_of(entered, al->released_at, mo_id_new("use", id), store_now(tx));
	snprintf(evidence, sizeof(evidence),
		"{\"allocation_id\":\"%s\",\"owner_id\":\"%s\",\"window_id\":\"%s\",\"start_at\":"
		"%" PRId64 ",\"end_at\":%" PRId64 "}",
		al->id, al->owner_id, entered->id, entered->start_at, entered->end_at);
	if (store_usage_window_insert(tx, &w, err) < 0)
		return -1;
	return agent_enter(tx, head, &w, evidence, err);
}

/* What was entered while the job ran is taken back, window by window, before the rest is recorded:
 * billed_until says that all of it is done. */
static int give_back(struct store_tx *tx, struct bill_batch *b, const struct allocation *al,
	struct ledger_head *head, struct mo_err *err)
{
	struct usage_window *entered = NULL;
	size_t n = 0;
	if (store_usage_uncredited(tx, al->id, b->agent->cfg.batch - b->windows, &b->agent->arena,
		    &entered, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (record_credit(tx, al, &entered[i], head, err) < 0)
			return -1;
		b->windows++;
	}
	return 0;
}

/* All that is due of one allocation, as far as the batch has room. */
static int bill_one(struct store_tx *tx, struct bill_batch *b, const struct allocation *al,
	struct ledger_head *head, struct mo_err *err)
{
	struct allocation now_at = *al;
	struct usage_cut cut;
	if (al->billed_until && usage_is_given_back(al) && give_back(tx, b, al, head, err) < 0)
		return -1;
	while (usage_cut_next(&now_at, b->now, &cut)) {
		if (b->windows >= b->agent->cfg.batch) {
			b->more = true;
			break;
		}
		if (record_cut(tx, al, &cut, head, err) < 0)
			return -1;
		now_at.billed_until = cut.end_at;
		b->windows++;
	}
	/* Bound and released in the same microsecond: nothing to bill, and nothing to look at
	 * again. */
	if (al->state == ALLOC_RELEASED && al->released_at == al->bound_at)
		now_at.billed_until = al->released_at;
	if (now_at.billed_until == al->billed_until)
		return 0;
	return store_allocation_billed(tx, al->id, al->billed_until, now_at.billed_until, err);
}

static int bill_tenant(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct bill_batch *b = ctx;
	struct ledger_head head;
	b->windows = 0;
	b->more = false;
	if (store_leader_check(tx, AGENT_ROLE, b->agent->epoch, err) < 0 ||
		store_ledger_head(tx, b->at[0].tenant_id, &head, err) < 0)
		return -1;
	for (size_t i = 0; i < b->count && !b->more; i++)
		if (bill_one(tx, b, &b->at[i], &head, err) < 0)
			return mo_wrap(err, b->at[i].id);
	return 0;
}

static int by_tenant(const void *a, const void *b)
{
	const struct allocation *x = a, *y = b;
	int c = strcmp(x->tenant_id, y->tenant_id);
	return c ? c : strcmp(x->id, y->id);
}

static int run_batch(struct agent *a, struct bill_batch *b, struct mo_err *err)
{
	struct mo_err mine = { 0 };
	if (!lead_keep(a))
		return mo_fail(err, MO_EPRECOND, "no longer leading");
	if (store_write(a->store, bill_tenant, b, &mine) == 0) {
		obs_add(a->metrics[AGENT_WINDOWS], b->windows);
		obs_add(a->metrics[AGENT_ENTRIES], b->windows);
		return 0;
	}
	b->more = false;
	if (mine.code != MO_ECONFLICT)
		return agent_alone(a, b->at[0].tenant_id, &mine, err);
	/* Released or billed since we looked: the next pass sees it as it is. */
	mo_log(MO_LOG_DEBUG, "allocation changed meanwhile", "tenant", b->at[0].tenant_id, "error",
		mine.msg, NULL);
	return 0;
}

int agent_bill(struct agent *a, bool *ret_more, struct mo_err *err)
{
	struct bill_list l = { .agent = a };
	mo_arena_reset(&a->arena);
	if (store_read(a->store, list, &l, err) < 0)
		return -1;
	bool more = l.count == ROUND;
	/* What fails must not be the whole list for ever: the next round goes on behind it. */
	mo_str_copy(a->bill_after, MO_ID_MAX, more ? l.at[ROUND - 1].id : "");
	if (l.count > 0)
		qsort(l.at, l.count, sizeof(*l.at), by_tenant);
	for (size_t i = 0, n; i < l.count; i += n) {
		n = 0;
		while (i + n < l.count && mo_streq(l.at[i].tenant_id, l.at[i + n].tenant_id)) {
			agent_lag(a, l.now, l.at[i + n].released_at);
			n++;
		}
		struct bill_batch b = { .agent = a, .at = &l.at[i], .count = n, .now = l.now };
		if (run_batch(a, &b, err) < 0)
			return -1;
		a->bill_again |= b.more;
	}
	if (!more) {
		more = a->bill_again;
		a->bill_again = false;
	}
	*ret_more = more;
	return 0;
}
