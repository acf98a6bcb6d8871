/* One pass of the agent, and its housekeeping. */
#include "agent.h"

#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/records.h"

#include <stdio.h>

enum { ROUNDS = 100 }; /* of one pass; what is left waits for the next one */

void agent_lag(struct agent *a, int64_t now, int64_t since)
{
	if (since > 0 && now - since > obs_get(a->metrics[AGENT_LAG]))
		obs_set(a->metrics[AGENT_LAG], now - since);
}

struct trim {
	struct agent *agent;
	int64_t removed;
};

static int trim(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct trim *t = ctx;
	if (store_leader_check(tx, AGENT_ROLE, t->agent->epoch, err) < 0)
		return -1;
	return store_records_trim(tx, store_now(tx) - t->agent->cfg.keep, &t->removed, err);
}

/* NEXT is due EVERY microseconds; the first time at once. */
static bool due(int64_t *last, int64_t every)
{
	int64_t now = mo_mono();
	if (*last && now - *last < every)
		return false;
	*last = now;
	return true;
}

int agent_keep(struct agent *a, struct mo_err *err)
{
	struct trim t = { .agent = a };
	if (due(&a->trimmed_at, MO_MINUTE)) {
		if (store_write(a->store, trim, &t, err) < 0)
			return mo_wrap(err, "trim");
		obs_add(a->metrics[AGENT_TRIMMED], t.removed);
	}
	int64_t wal = 0;
	if (!store_is_sqlite(a->store) || !due(&a->checkpointed_at, a->cfg.checkpoint))
		return 0;
	if (store_checkpoint(a->store, &wal, err) < 0)
		return mo_wrap(err, "checkpoint");
	obs_set(a->metrics[AGENT_WAL_BYTES], wal);
	return 0;
}

int agent_alone(struct agent *a, const char *tenant, const struct mo_err *mine, struct mo_err *err)
{
	if (mine->code == MO_EPRECOND) {
		*err = *mine;
		return -1;
	}
	obs_add(a->metrics[AGENT_FAILED], 1);
	if (a->failed.count++ == 0) {
		mo_str_copy(a->failed.tenant, sizeof(a->failed.tenant), tenant);
		a->failed.err = *mine;
	}
	return 0;
}

static void tell_failed(const struct agent *a)
{
	char count[24];
	if (!a->failed.count)
		return;
	snprintf(count, sizeof(count), "%lld", (long long)a->failed.count);
	mo_log(MO_LOG_WARN, "batches failed", "count", count, "tenant", a->failed.tenant, "error",
		a->failed.err.msg, NULL);
}

static int rounds(
	struct agent *a, int (*round)(struct agent *, bool *, struct mo_err *), struct mo_err *err)
{
	bool more = true;
	for (int i = 0; more && i < ROUNDS; i++)
		if (round(a, &more, err) < 0)
			return -1;
	return 0;
}

int agent_pass(struct agent *a, struct mo_err *err)
{
	int64_t started = mo_mono();
	obs_set(a->metrics[AGENT_LAG], 0);
	a->failed.count = 0;
	a->bill_after[0] = a->post_after[0] = a->store_after[0] = '\0';
	if (rounds(a, agent_bill, err) < 0)
		return mo_wrap(err, "allocations");
	if (rounds(a, agent_store, err) < 0)
		return mo_wrap(err, "storage");
	if (rounds(a, agent_post, err) < 0)
		return mo_wrap(err, "windows");
	tell_failed(a);
	if (agent_keep(a, err) < 0 || agent_sweep(a, err) < 0)
		return -1;
	obs_add(a->metrics[AGENT_PASSES], 1);
	obs_observe(a->metrics[AGENT_PASS_SECONDS], mo_mono() - started);
	atomic_store(&a->passed_at, mo_mono());
	return 0;
}
