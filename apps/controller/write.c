/* Transactions of a leader, and the small things every act does. */
#include "controller.h"
#include "modelops/base/fault.h"
#include "modelops/base/log.h"
#include "modelops/base/time.h"

struct led {
	struct controller *ctl;
	int64_t epoch;
	int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err);
	void *ctx;
};

static int led(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct led *l = ctx;

	if (store_leader_check(tx, CONTROLLER_ROLE, l->epoch, err) < 0)
		return -1;
	return l->fn(tx, l->ctx, err);
}

int ctl_write(struct controller *ctl, int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	struct led l = { ctl, atomic_load(&ctl->epoch), fn, ctx };

	if (!l.epoch)
		return mo_fail(err, MO_EPRECOND, "not leading any more");
	ctl_point();
	int status = store_write(ctl->store, led, &l, err);
	if (status == 0)
		ctl->writes++;
	ctl_point();
	return status;
}

int64_t ctl_store_time(struct store_tx *tx, int64_t executor_time)
{
	int64_t ago = mo_now() - executor_time;

	if (executor_time == 0)
		return 0;
	return store_now(tx) - (ago > 0 ? ago : 0);
}

int64_t ctl_seen_time(struct store_tx *tx, const struct exec_status *seen, int64_t looked_at)
{
	return ctl_store_time(tx, seen->state == EXEC_RUNNING ? looked_at : seen->ended_at);
}

void ctl_point(void)
{
	(void)mo_fault("controller");
}

void ctl_failed(struct controller *ctl, const char *what, const char *id, const struct mo_err *err)
{
	obs_add(obs_series(ctl->metrics[CTL_FAILURES], &what), 1);
	mo_log(MO_LOG_WARN, "reconcile failed", "what", what, "id", id, "error", err->msg, NULL);
}

int ctl_alone(struct controller *ctl, const char *what, const char *id, const struct mo_err *mine,
	struct mo_err *err)
{
	if (mine->code == MO_EPRECOND) {
		*err = *mine;
		return -1;
	}
	if (mine->code != MO_ECONFLICT) /* moved meanwhile */
		ctl_failed(ctl, what, id, mine);
	return 0;
}
