/* Windows without an entry -> ledger entries. */
#include "agent.h"

#include "modelops/base/str.h"
#include "modelops/store/usage.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND = 1000 };

/* Windows of one tenant: a run in the sorted work list. */
struct post_batch {
	struct agent *agent;
	const struct usage_window *at;
	size_t count;
};

struct post_list {
	struct agent *agent;
	struct usage_window *at;
	size_t count;
	int64_t now;
};

static int list(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct post_list *l = ctx;
	l->now = store_now(tx);
	return store_usage_unposted(
		tx, l->agent->post_after, ROUND, &l->agent->arena, &l->at, &l->count, err);
}

int agent_enter(struct store_tx *tx, struct ledger_head *head, const struct usage_window *w,
	const char *evidence, struct mo_err *err)
{
	struct ledger_entry e;
	char prev[LEDGER_HASH_TEXT];
	if (ledger_append(head, w, prev, &e, err) < 0)
		return -1;
	e.evidence = evidence;
	e.created_at = store_now(tx);
	return store_ledger_insert(tx, &e, err);
}

static int post_tenant(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct post_batch *b = ctx;
	struct ledger_head head;
	if (store_leader_check(tx, AGENT_ROLE, b->agent->epoch, err) < 0 ||
		store_ledger_head(tx, b->at[0].tenant_id, &head, err) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (agent_enter(tx, &head, &b->at[i], NULL, err) < 0)
			return mo_wrap(err, b->at[i].id);
	return 0;
}

static int by_tenant(const void *a, const void *b)
{
	const struct usage_window *x = a, *y = b;
	int c = strcmp(x->tenant_id, y->tenant_id);
	return c ? c : strcmp(x->id, y->id);
}

int agent_post(struct agent *a, bool *ret_more, struct mo_err *err)
{
	struct post_list l = { .agent = a };
	mo_arena_reset(&a->arena);
	if (store_read(a->store, list, &l, err) < 0)
		return -1;
	bool more = l.count == ROUND;
	mo_str_copy(a->post_after, MO_ID_MAX, more ? l.at[ROUND - 1].id : ""); /* as agent_bill */
	if (l.count > 0)
		qsort(l.at, l.count, sizeof(*l.at), by_tenant);
	for (size_t i = 0, n; i < l.count; i += n) {
		n = 0;
		while (i + n < l.count && n < (size_t)a->cfg.batch &&
			mo_streq(l.at[i].tenant_id, l.at[i + n].tenant_id)) {
			agent_lag(a, l.now, l.at[i + n].created_at);
			n++;
		}
		struct post_batch b = { a, &l.at[i], n };
		struct mo_err mine = { 0 };
		if (!lead_keep(a))
			return mo_fail(err, MO_EPRECOND, "no longer leading");
		if (store_write(a->store, post_tenant, &b, &mine) == 0)
			obs_add(a->metrics[AGENT_ENTRIES], (int64_t)n);
		else if (agent_alone(a, b.at[0].tenant_id, &mine, err) < 0)
			return -1;
	}
	*ret_more = more;
	return 0;
}
