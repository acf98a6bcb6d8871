/* Cutting allocations into usage windows. */
#include "modelops/domain/usage.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

bool metric_known(const char *metric)
{
	static const char *const known[] = { METRIC_GPU_SHARE_US, METRIC_PREDICT_REQUESTS,
		METRIC_PREDICT_ROWS, METRIC_EXPLAIN_REQUESTS, METRIC_EXPLAIN_ROWS,
		METRIC_ARTIFACT_KIB_SECONDS };
	for (size_t i = 0; i < MO_COUNT(known); i++)
		if (mo_streq(metric, known[i]))
			return true;
	return false;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Up to where A may be recorded now; windows never pass it. */
static int64_t recordable_until(const struct allocation *a, int64_t now)
{
	if (a->state == ALLOC_RELEASED)
		return a->released_at;
	return mo_time_hour(a->last_seen_at > 0 ? min64(a->last_seen_at, now) : now);
}

bool usage_cut_next(const struct allocation *a, int64_t now, struct usage_cut *ret_cut)
{
	if (a->bound_at == 0)
		return false;
	int64_t from = a->billed_until > a->bound_at ? a->billed_until : a->bound_at;
	int64_t stop = recordable_until(a, now);
	if (from >= stop)
		return false;
	bool over = a->state == ALLOC_RELEASED && from >= a->ended_at;
	bool ours = over || a->release_reason == ALLOC_PLATFORM;
	int64_t end = min64(stop, mo_time_hour(from) + MO_HOUR);
	if (a->state == ALLOC_RELEASED && !over)
		end = min64(end, a->ended_at);
	*ret_cut = (struct usage_cut){ .start_at = from,
		.end_at = end,
		.quantity = a->shares * (end - from),
		.reason = ours ? REASON_PLATFORM : REASON_BILLABLE };
	return true;
}

bool reason_billed(const char *reason)
{
	return mo_streq(reason, REASON_BILLABLE) || mo_streq(reason, REASON_CREDIT);
}

bool usage_is_given_back(const struct allocation *a)
{
	return a->state == ALLOC_RELEASED && a->release_reason == ALLOC_PLATFORM &&
	       a->owner_kind == ALLOC_OWNER_STEP;
}

struct usage_window usage_credit_of(
	const struct usage_window *w, int64_t at, const char *id, int64_t now)
{
	struct usage_window c = *w;
	c.id = id;
	c.source_kind = USAGE_CREDIT;
	c.source_id = w->id;
	c.quantity = -w->quantity;
	c.start_at = c.end_at = at;
	c.reason = REASON_CREDIT;
	c.created_at = now;
	return c;
}

struct usage_window usage_window_of(
	const struct allocation *a, const struct usage_cut *cut, const char *id, int64_t now)
{
	return (struct usage_window){ .id = id,
		.tenant_id = a->tenant_id,
		.project_id = a->project_id,
		.source_kind = USAGE_ALLOCATION,
		.source_id = a->id,
		.resource_id = a->resource_id,
		.pool_id = a->pool_id,
		.price_class = a->price_class,
		.metric = METRIC_GPU_SHARE_US,
		.quantity = cut->quantity,
		.start_at = cut->start_at,
		.end_at = cut->end_at,
		.reason = cut->reason,
		.created_at = now };
}
