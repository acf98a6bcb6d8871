/* The reconcile loop: wakes by changes, by processes that end, by time; writes nothing when idle.
 */
#include "loop.h"

#include "modelops/base/log.h"
#include "modelops/base/time.h"
#include "modelops/store/records.h"
#include "rooms.h"

#include <signal.h>
#include <time.h>

enum { SWEEP_EVERY = 5 /* seconds */, PASSES_MAX = 8 };

static void signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

void loop_block_signals(void)
{
	sigset_t set;

	signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool told_to_stop(int64_t wait)
{
	struct timespec ts = { .tv_sec = wait / MO_SECOND, .tv_nsec = wait % MO_SECOND * 1000 };
	sigset_t set;

	signals(&set);
	return sigtimedwait(&set, NULL, &ts) > 0;
}

static int newest_change(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct change *none;
	size_t n;

	return store_change_list(tx, -1, 0, NULL, &none, &n, ctx, err);
}

static int pass(struct controller *ctl, bool sweep, struct mo_err *err)
{
	int64_t started = mo_mono();
	struct rooms rooms;

	mo_arena_reset(&ctl->arena);
	mo_arena_reset(&ctl->pass);
	watch_reset(ctl);
	if ((sweep && sweep_pass(ctl, err) < 0) || rooms_load(ctl, &rooms, err) < 0 ||
		runs_pass(ctl, &rooms, err) < 0 || deployments_pass(ctl, &rooms, err) < 0)
		return -1;
	rooms_metrics(ctl, &rooms);
	obs_add(obs_series(ctl->metrics[CTL_PASSES], NULL), 1);
	obs_observe(obs_series(ctl->metrics[CTL_PASS_SECONDS], NULL), mo_mono() - started);
	atomic_store(&ctl->seen, mo_mono());
	return 0;
}

/* What decides whether a pass is needed. */
struct pace {
	int64_t seq, full_at, sweep_at, alive_at, epoch;
};

static bool needs_pass(struct controller *ctl, struct pace *p, struct mo_err *err)
{
	int64_t seq = p->seq, now = mo_mono();
	bool news = store_read(ctl->store, newest_change, &seq, err) == 0 && seq != p->seq;

	p->seq = seq;
	return news || now >= p->full_at || now >= ctl->wake_at || watch_changed(ctl);
}

static void tick(struct controller *ctl, struct pace *p)
{
	int64_t epoch = atomic_load(&ctl->epoch), now = mo_mono();
	struct mo_err err = { 0 };

	metrics_set(ctl, CTL_LEADING, NULL, NULL, epoch != 0);
	if (epoch != p->epoch) { /* leading anew: adopt what is there */
		p->full_at = p->sweep_at = p->alive_at = 0;
		p->epoch = epoch;
	}
	if (!epoch)
		return;
	if (now >= p->alive_at) {
		p->alive_at = now + ctl->cfg->alive;
		mo_arena_reset(&ctl->arena);
		if (alive_pass(ctl, &err) < 0)
			ctl_failed(ctl, "alive", NULL, &err);
	}
	if (!needs_pass(ctl, p, &err))
		return;
	bool sweep = now >= p->sweep_at;
	p->full_at = now + ctl->cfg->full_pass;
	if (sweep)
		p->sweep_at = now + SWEEP_EVERY * MO_SECOND;
	/* What one act makes possible is done at once, not a tick later. */
	for (int i = 0; i < PASSES_MAX; i++) {
		int64_t writes = ctl->writes;
		if (pass(ctl, sweep && i == 0, &err) < 0) {
			ctl_failed(ctl, "pass", NULL, &err);
			return;
		}
		if (ctl->writes == writes)
			return;
	}
}

int loop_run(struct controller *ctl, struct mo_err *err)
{
	struct pace p = { .seq = -1 };

	while (!told_to_stop(ctl->cfg->tick))
		tick(ctl, &p);
	atomic_store(&ctl->stopping, true);
	mo_log(MO_LOG_INFO, "stopping", NULL);
	if (!atomic_load(&ctl->epoch)) /* standing by: nothing here is ours */
		return 0;
	return shutdown_all(ctl, err);
}

bool loop_ready(void *ctx, struct mo_err *err)
{
	struct controller *ctl = ctx;
	int64_t silent = mo_mono() - atomic_load(&ctl->seen);

	if (!atomic_load(&ctl->epoch))
		return true;
	if (silent < 4 * ctl->cfg->full_pass + 10 * MO_SECOND)
		return true;
	mo_fail(err, MO_EUNAVAIL, "no pass went well for %lld s", (long long)(silent / MO_SECOND));
	return false;
}
