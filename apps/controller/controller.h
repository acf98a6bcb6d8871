/* modelops-controller: what its parts share. One thread reconciles; another keeps the lease. */
#ifndef MODELOPS_CONTROLLER_CONTROLLER_H
#define MODELOPS_CONTROLLER_CONTROLLER_H

#include "modelops/base/arena.h"
#include "modelops/base/config.h"
#include "modelops/base/err.h"
#include "modelops/base/map.h"
#include "modelops/crypto/workload.h"
#include "modelops/executor/executor.h"
#include "modelops/http/ops.h"
#include "modelops/objstore/objstore.h"
#include "modelops/obs/obs.h"
#include "modelops/store/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct controller_cfg {
	const char *data, *database_url, *workload_key_file, *presign_key_file, *bin_dir, *door_url;
	int log_level, log_format;
	int64_t tick, full_pass, lease, renew, log_cap, stop_grace, drain, start_limit, alive,
		object_memory;
	struct http_ops_cfg ops;
};

extern const struct mo_cfg controller_settings[];
extern const size_t controller_settings_count;

#define CONTROLLER_ROLE "controller"

enum ctl_metric {
	CTL_PASS_SECONDS,
	CTL_PASSES,
	CTL_FAILURES,
	CTL_LEADING,
	CTL_RUNS_LIVE,
	CTL_STEPS,
	CTL_POOL_SHARES,
	CTL_POOL_PENDING,
	CTL_INSTANCES,
	CTL_FOLDERS,
	CTL_METRIC_COUNT
};

struct watch;

struct controller {
	const struct controller_cfg *cfg;
	struct store *store;
	struct objstore *objects;
	struct executor *ex;
	struct workload_key key;
	struct obs *obs;
	struct obs_family *metrics[CTL_METRIC_COUNT];
	char holder[40];       /* this process in the leaders row */
	_Atomic int64_t epoch; /* 0: not leading */
	_Atomic bool stopping; /* SIGTERM came */
	_Atomic int64_t seen;  /* mono time of the last pass that went well, for /readyz */
	struct mo_arena pass;  /* what lives as long as one pass: the rooms */
	struct mo_arena arena; /* of the one run, deployment or folder that is looked at */
	struct mo_map logs;    /* attempt id -> struct log_place *, see logs.c */
	struct watch *watch;   /* processes looked at between passes, see watch.c */
	int64_t writes;        /* of acts, since the start */
	int64_t wake_at;       /* mono: a pass is needed by then */
};

/* ---- lead.c: leadership ---- */
struct lead;
/* Starts the thread that takes and renews the lease; ctl->epoch says whether we lead. */
int lead_start(struct controller *ctl, struct lead **ret_lead, struct mo_err *err);
void lead_stop(struct lead *lead); /* gives the role up; accepts NULL */

/* ---- write.c ---- */
/* store_write whose transaction first checks that we still lead. */
int ctl_write(struct controller *ctl, int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err);
/* The database's time of EXECUTOR_TIME (this machine's clock), which lies in the past. 0 stays 0.
 */
int64_t ctl_store_time(struct store_tx *tx, int64_t executor_time);
/* The database's time of the last sign of life in SEEN, which was looked at at LOOKED_AT: that when
 * it runs, else its end; 0 when that is not known. */
int64_t ctl_seen_time(struct store_tx *tx, const struct exec_status *seen, int64_t looked_at);
/* A place where tests kill the process: MODELOPS_FAULT="controller:N:kill". */
void ctl_point(void);
/* Logs one failure and counts it. */
void ctl_failed(struct controller *ctl, const char *what, const char *id, const struct mo_err *err);
/* One object's failure MINE: told, and 0, for it must not keep the others waiting. -1 with *err
 * when the lease is gone, which ends the pass. */
int ctl_alone(struct controller *ctl, const char *what, const char *id, const struct mo_err *mine,
	struct mo_err *err);

/* ---- logs.c: output of attempts into chunks of the object store ---- */
struct run_step;
/* Appends what is new; ALL: up to the end now, else at most each second. */
int logs_collect(struct controller *ctl, const struct run_step *step, bool all, struct mo_err *err);
/* The attempt is over: all that is left. While the object store does not take it this fails; after
 * some seconds of that it is 0 with the reason in *ret_gap (else untouched): the rest is lost, but
 * the attempt ends and its shares come free. */
int logs_finish(struct controller *ctl, const struct run_step *step, struct mo_err *ret_gap,
	struct mo_err *err);
void logs_forget(struct controller *ctl, const char *attempt_id);
void logs_free(struct controller *ctl);

/* ---- watch.c: between passes only the processes of live work are looked at ---- */
int watch_new(struct watch **ret_watch, struct mo_err *err);
void watch_free(struct watch *watch); /* accepts NULL */
void watch_reset(struct controller *ctl);
/* Remembers what ID's process looked like in this pass. */
void watch_add(struct controller *ctl, const char *id, const struct exec_status *seen);
/* One of them looks different now. */
bool watch_changed(struct controller *ctl);
/* A pass is needed in AFTER microseconds at the latest. */
void watch_wake(struct controller *ctl, int64_t after);

/* ---- env.c: what a workload gets to see ---- */
struct deployment;
struct revision;
struct instance;
/* NULL-terminated, in ARENA. MO_EUNAVAIL while the API's address is not known. */
int env_of_step(struct controller *ctl, const struct run_step *step, const char *const **ret,
	struct mo_err *err);
int env_of_instance(struct controller *ctl, const struct deployment *dep,
	const struct revision *rev, const struct instance *ins, const char *const **ret,
	struct mo_err *err);

/* ---- reconcilers: one pass each ---- */
struct rooms;
int runs_pass(struct controller *ctl, struct rooms *rooms, struct mo_err *err);
int deployments_pass(struct controller *ctl, struct rooms *rooms, struct mo_err *err);
/* Folders of attempts and instances that no row needs any more. */
int sweep_pass(struct controller *ctl, struct mo_err *err);
/* Tells the store which allocations' owners run now: what the agent's hourly cut rests on. */
int alive_pass(struct controller *ctl, struct mo_err *err);
/* SIGTERM: stops all jobs and instances and says so in the rows. */
int shutdown_all(struct controller *ctl, struct mo_err *err);

/* ---- metrics.c ---- */
int metrics_declare(struct controller *ctl, struct mo_err *err);
void metrics_set(struct controller *ctl, enum ctl_metric metric, const char *label,
	const char *label2, int64_t value);

#endif
