/* Fitting shares into pools. */
#include "modelops/domain/fit.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static struct fit_answer no(enum fit fit, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct fit_answer no(enum fit fit, const char *fmt, ...)
{
	struct fit_answer a = { .fit = fit };
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(a.text, sizeof(a.text), fmt, ap);
	va_end(ap);
	return a;
}

struct fit_answer quota_check(const struct fit_room *room, int64_t shares)
{
	const char *pool = room->pool->name;
	if (room->tenant_max < 0)
		return (struct fit_answer){ .fit = FIT_OK };
	if (shares > room->tenant_max)
		return no(FIT_NEVER,
			"pool '%s': %" PRId64 " shares wanted, the tenant's quota is %" PRId64,
			pool, shares, room->tenant_max);
	if (room->tenant_used + shares > room->tenant_max)
		return no(FIT_QUOTA,
			"pool '%s': the tenant uses %" PRId64 " of its quota of %" PRId64
			" shares, %" PRId64 " wanted",
			pool, room->tenant_used, room->tenant_max, shares);
	return (struct fit_answer){ .fit = FIT_OK };
}

struct fit_answer fit_suspended(void)
{
	return no(FIT_SUSPENDED, "the tenant is suspended");
}

/* Shares that are free again by time T. */
static int64_t freed_by(const struct fit_room *room, int64_t t)
{
	int64_t sum = 0;
	for (size_t i = 0; i < room->holder_count; i++)
		if (room->holders[i].ends_at > 0 && room->holders[i].ends_at <= t)
			sum += room->holders[i].shares;
	return sum;
}

/* The earliest end by which enough is free, 0 when blockers without a limit hold too much. */
static int64_t earliest(const struct fit_room *room, int64_t missing)
{
	int64_t best = 0;
	for (size_t i = 0; i < room->holder_count; i++) {
		int64_t t = room->holders[i].ends_at;
		if (t > 0 && (best == 0 || t < best) && freed_by(room, t) >= missing)
			best = t;
	}
	return best;
}

static struct fit_answer pool_full(const struct fit_room *room, int64_t shares)
{
	const struct pool *p = room->pool;
	int64_t at = earliest(room, room->used + shares - p->capacity_shares);
	char time[MO_TIME_TEXT];
	struct fit_answer a =
		at ? no(FIT_POOL,
			     "pool '%s': %" PRId64 " of %" PRId64 " shares used, %" PRId64
			     " wanted; earliest start %s if every blocker uses its whole limit",
			     p->name, room->used, p->capacity_shares, shares,
			     mo_time_format(at, time))
		   : no(FIT_POOL,
			     "pool '%s': %" PRId64 " of %" PRId64 " shares used, %" PRId64
			     " wanted; no earliest start: a blocker has no max_runtime",
			     p->name, room->used, p->capacity_shares, shares);
	a.earliest_at = at;
	return a;
}

bool fit_holds(const struct fit_answer *answer)
{
	return answer->fit == FIT_OK || (answer->fit == FIT_POOL && answer->earliest_at > 0);
}

static bool is_held(const struct fit_room *room)
{
	return room->waiting && (room->ends_at == 0 || room->ends_at > room->waiting_at);
}

struct fit_answer pool_fit(const struct fit_room *room, int64_t shares)
{
	const struct pool *p = room->pool;
	if (shares > p->max_shares_per_pod)
		return no(FIT_NEVER,
			"pool '%s': %" PRId64 " shares wanted, one pod gets at most %" PRId64,
			p->name, shares, p->max_shares_per_pod);
	if (shares > p->capacity_shares)
		return no(FIT_NEVER, "pool '%s': %" PRId64 " shares wanted, it has %" PRId64,
			p->name, shares, p->capacity_shares);
	struct fit_answer quota = quota_check(room, shares);
	if (quota.fit != FIT_OK)
		return quota;
	if (room->used + shares > p->capacity_shares)
		return pool_full(room, shares);
	if (is_held(room))
		return no(FIT_POOL, "pool '%s': %s came first and waits for it", p->name,
			room->waiting);
	return (struct fit_answer){ .fit = FIT_OK };
}

/* A is a better reason to show than B: it has an earlier known start. */
static bool sooner(const struct fit_answer *a, const struct fit_answer *b)
{
	return a->earliest_at > 0 && (b->earliest_at == 0 || a->earliest_at < b->earliest_at);
}

int fit_any_of(
	const struct fit_room *rooms, size_t count, int64_t shares, struct fit_answer *ret_answer)
{
	MO_ASSERT(count > 0);
	struct fit_answer best = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct fit_answer a = pool_fit(&rooms[i], shares);
		if (a.fit == FIT_OK) {
			a.at = i;
			*ret_answer = a;
			return (int)i;
		}
		if (i == 0 || sooner(&a, &best)) {
			best = a;
			best.at = i;
		}
	}
	*ret_answer = best;
	return -1;
}
