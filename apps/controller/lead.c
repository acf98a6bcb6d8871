/* Leadership: a store row judged by the database's clock, renewed on a thread of its own; in
 * embedded mode a lock on a file besides, so that a successor need not wait for the lease to run
 * out. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/ticker.h"
#include "modelops/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STANDBY = 500000 /* microseconds between looks of one that does not lead */ };

struct lead {
	struct controller *ctl;
	struct mo_ticker *ticker;
	int file; /* DATA/run/controller.lock */
	bool locked;
	int64_t renewed_at; /* mono */
	int64_t epoch;
};

static int take(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct lead *l = ctx;

	return store_leader_take(
		tx, CONTROLLER_ROLE, l->ctl->holder, l->ctl->cfg->lease, &l->epoch, err);
}

static int drop_dead(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_drop(tx, CONTROLLER_ROLE, ctx, err);
}

static void set_epoch(struct lead *l, int64_t epoch)
{
	int64_t old = atomic_exchange(&l->ctl->epoch, epoch);

	if (old != epoch)
		mo_log(MO_LOG_INFO, epoch ? "leading" : "not leading", "holder", l->ctl->holder,
			NULL);
}

/* Takes the file's lock. The holder it names is dead then, so that row need not be waited for; our
 * own name goes in before our row does. */
static bool lock_file(struct lead *l)
{
	const char *me = l->ctl->holder;
	char dead[40] = "";

	if (l->locked)
		return true;
	if (flock(l->file, LOCK_EX | LOCK_NB) < 0)
		return false;
	ssize_t n = pread(l->file, dead, sizeof(dead) - 1, 0);
	if (n > 0 && store_write(l->ctl->store, drop_dead, dead, NULL) < 0)
		return false;
	if (ftruncate(l->file, 0) < 0 || pwrite(l->file, me, strlen(me), 0) != (ssize_t)strlen(me))
		return false;
	l->locked = true;
	return true;
}

static void renew(struct lead *l)
{
	struct mo_err err = { 0 };

	if (!lock_file(l))
		return;
	if (store_write(l->ctl->store, take, l, &err) == 0) {
		l->renewed_at = mo_mono();
		set_epoch(l, l->epoch);
		return;
	}
	/* Stop well before another may start: a pass that is under way is stopped by its epoch. */
	if (err.code == MO_ECONFLICT || mo_mono() - l->renewed_at > l->ctl->cfg->lease / 2) {
		if (atomic_load(&l->ctl->epoch))
			mo_log(MO_LOG_WARN, "lease lost", "error", err.msg, NULL);
		set_epoch(l, 0);
	}
}

static int64_t keep(void *ctx)
{
	struct lead *l = ctx;
	int64_t every = l->ctl->cfg->renew;

	renew(l);
	return atomic_load(&l->ctl->epoch) || every < STANDBY ? every : STANDBY;
}

int lead_start(struct controller *ctl, struct lead **ret_lead, struct mo_err *err)
{
	char path[512];
	mo_autofree struct lead *l = calloc(1, sizeof(*l));

	if (!l)
		return mo_fail(err, MO_ENOMEM, "leadership");
	snprintf(path, sizeof(path), "%s/run/controller.lock", ctl->cfg->data);
	l->ctl = ctl;
	l->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (l->file < 0)
		return mo_fail_errno(err, errno, "'%s'", path);
	renew(l);
	if (mo_ticker_start("leadership", keep, l, &l->ticker, err) < 0) {
		close(l->file);
		return -1;
	}
	*ret_lead = MO_TAKE(l);
	return 0;
}

void lead_stop(struct lead *l)
{
	if (!l)
		return;
	mo_ticker_stop(l->ticker);
	if (atomic_load(&l->ctl->epoch))
		store_write(l->ctl->store, drop_dead, l->ctl->holder, NULL);
	close(l->file);
	free(l);
}
