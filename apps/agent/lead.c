/* Leadership: a store row judged by the database's clock. A lock on a file besides tells the next
 * process of this machine that the holder is dead, so that it need not wait for the lease. */
#include "agent.h"

#include "modelops/base/log.h"
#include "modelops/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct agent *a = ctx;
	return store_leader_take(tx, AGENT_ROLE, a->holder, a->cfg.lease, &a->epoch, err);
}

static int drop(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_drop(tx, AGENT_ROLE, ctx, err);
}

/* The holder's name stands in the locked file, from before its row is taken. */
static int lock(struct agent *a)
{
	char dead[MO_ID_MAX] = "";
	if (a->locked)
		return 0;
	if (flock(a->lock_file, LOCK_EX | LOCK_NB) < 0)
		return -1;
	ssize_t n = pread(a->lock_file, dead, sizeof(dead) - 1, 0);
	size_t len = strlen(a->holder);
	if (n > 0)
		store_write(a->store, drop, dead, NULL);
	if (ftruncate(a->lock_file, 0) < 0 ||
		pwrite(a->lock_file, a->holder, len, 0) != (ssize_t)len) {
		flock(a->lock_file, LOCK_UN);
		return -1;
	}
	a->locked = true;
	return 0;
}

static void set_epoch(struct agent *a, int64_t was, int64_t epoch)
{
	a->epoch = epoch;
	obs_set(a->metrics[AGENT_LEADING], epoch != 0);
	if (was != epoch)
		mo_log(MO_LOG_INFO, epoch ? "leading" : "not leading", "holder", a->holder, NULL);
}

bool lead_keep(struct agent *a)
{
	struct mo_err err = { 0 };
	int64_t now = mo_mono(), was = a->epoch;
	if (was && a->renewed_at && now - a->renewed_at < a->cfg.renew)
		return true;
	if (lock(a) < 0)
		return false;
	if (store_write(a->store, take, a, &err) == 0) {
		a->renewed_at = now;
		set_epoch(a, was, a->epoch);
		return true;
	}
	/* Stop well before another may start; a transaction under way is stopped by its epoch. */
	bool lost = err.code == MO_ECONFLICT || now - a->renewed_at > a->cfg.lease / 2;
	if (was && lost)
		mo_log(MO_LOG_WARN, "lease lost", "error", err.msg, NULL);
	set_epoch(a, was, lost ? 0 : was);
	return a->epoch != 0;
}

int lead_open(struct agent *a, struct mo_err *err)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/run/agent.lock", a->cfg.data);
	mo_id_new("agt", a->holder);
	a->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	return a->lock_file < 0 ? mo_fail_errno(err, errno, "'%s'", path) : 0;
}

void lead_close(struct agent *a)
{
	if (a->epoch)
		store_write(a->store, drop, a->holder, NULL);
	if (a->lock_file >= 0)
		close(a->lock_file);
}
