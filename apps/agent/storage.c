/* Stored artifacts -> usage windows: one per project and hour in which it keeps anything. post.c
 * enters them. */
#include "agent.h"

#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/usage.h"
#include "modelops/store/storage.h"
#include "modelops/store/usage.h"

enum { ROUND = 100 };

struct store_list {
	struct agent *agent;
	struct storage_due at[ROUND];
	size_t count;
	int64_t hour; /* whole hours before it are recorded */
};

struct store_batch {
	struct agent *agent;
	const struct storage_due *due;
	int64_t hour, windows;
	bool more;
};

static int list(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct store_list *l = ctx;
	l->hour = mo_time_hour(store_now(tx));
	return store_storage_due(tx, l->hour, l->agent->store_after, ROUND, l->at, &l->count, err);
}

static int record(struct store_tx *tx, struct store_batch *b, int64_t from, struct mo_err *err)
{
	char id[MO_ID_MAX];
	struct usage_window w = { .tenant_id = b->due->tenant_id,
		.project_id = b->due->project_id,
		.source_kind = USAGE_STORAGE,
		.source_id = b->due->project_id,
		.resource_id = b->due->project_id,
		.price_class = "*",
		.metric = METRIC_ARTIFACT_KIB_SECONDS,
		.start_at = from,
		.end_at = from + MO_HOUR,
		.reason = REASON_BILLABLE,
		.created_at = store_now(tx) };
	if (store_storage_sum(tx, b->due, w.start_at, w.end_at, &w.quantity, err) < 0)
		return -1;
	if (w.quantity == 0)
		return 0;
	w.id = mo_id_new("use", id);
	b->windows++;
	return store_usage_window_insert(tx, &w, err);
}

/* All hours of one project that are due, as far as the batch has room. */
static int record_project(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct store_batch *b = ctx;
	int64_t at = b->due->from;
	b->windows = 0;
	if (store_leader_check(tx, AGENT_ROLE, b->agent->epoch, err) < 0)
		return -1;
	for (int64_t hours = 0; at < b->hour && hours < b->agent->cfg.batch; hours++) {
		if (store_storage_next(tx, b->due, at, b->hour, &at, err) < 0)
			return -1;
		if (at == b->hour)
			break;
		if (record(tx, b, at, err) < 0)
			return -1;
		at += MO_HOUR;
	}
	b->more = at < b->hour;
	return store_storage_done(tx, b->due, at, err);
}

int agent_store(struct agent *a, bool *ret_more, struct mo_err *err)
{
	struct store_list l = { .agent = a };
	*ret_more = false;
	if (a->stored_hour == mo_time_hour(mo_now())) /* this hour's look is done */
		return 0;
	if (store_read(a->store, list, &l, err) < 0)
		return -1;
	bool more = false;
	for (size_t i = 0; i < l.count; i++) {
		struct store_batch b = { .agent = a, .due = &l.at[i], .hour = l.hour };
		struct mo_err mine = { 0 };
		if (!lead_keep(a))
			return mo_fail(err, MO_EPRECOND, "no longer leading");
		if (store_write(a->store, record_project, &b, &mine) == 0)
			obs_add(a->metrics[AGENT_STORAGE_WINDOWS], b.windows);
		else if (agent_alone(a, l.at[i].tenant_id, &mine, err) < 0)
			return -1;
		more |= b.more;
	}
	a->store_again |= more;
	if (l.count == ROUND) { /* on behind what failed, then from the first again */
		mo_str_copy(a->store_after, MO_ID_MAX, l.at[ROUND - 1].project_id);
		*ret_more = true;
		return 0;
	}
	a->store_after[0] = '\0';
	*ret_more = a->store_again;
	if (!a->store_again && a->failed.count == 0)
		a->stored_hour = l.hour;
	a->store_again = false;
	return 0;
}
