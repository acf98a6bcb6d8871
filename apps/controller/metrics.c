/* Metrics of the controller. */
#include "controller.h"
#include "modelops/base/check.h"

static const struct obs_decl decls[CTL_METRIC_COUNT] = {
	[CTL_PASS_SECONDS] = { "controller_pass_seconds", OBS_HISTOGRAM,
		"Time of one reconcile pass over everything.", "", 1e-6, obs_buckets_us,
		OBS_BUCKETS_US },
	[CTL_PASSES] = { "controller_passes_total", OBS_COUNTER, "Reconcile passes done." },
	[CTL_FAILURES] = { "controller_failures_total", OBS_COUNTER,
		"Acts that failed and are tried again, by kind.", "what" },
	[CTL_LEADING] = { "controller_leading", OBS_GAUGE, "1 while this process leads." },
	[CTL_RUNS_LIVE] = { "controller_runs_live", OBS_GAUGE,
		"Runs that are pending or running." },
	[CTL_STEPS] = { "controller_steps", OBS_GAUGE, "Steps of live runs by state.", "state" },
	[CTL_POOL_SHARES] = { "pool_shares", OBS_GAUGE, "Shares of a pool: capacity and used.",
		"pool what" },
	[CTL_POOL_PENDING] = { "pool_shares_pending", OBS_GAUGE,
		"Shares that queued steps and instances wait for.", "pool" },
	[CTL_INSTANCES] = { "controller_instances", OBS_GAUGE, "Serving instances by state.",
		"state" },
	[CTL_FOLDERS] = { "executor_jobs", OBS_GAUGE,
		"Jobs and instances the executor knows, finished ones included." },
};

int metrics_declare(struct controller *ctl, struct mo_err *err)
{
	return obs_declare(ctl->obs, decls, MO_COUNT(decls), ctl->metrics, err);
}

void metrics_set(struct controller *ctl, enum ctl_metric metric, const char *label,
	const char *label2, int64_t value)
{
	const char *const labels[] = { label, label2 };

	obs_set(obs_series(ctl->metrics[metric], label ? labels : NULL), value);
}
