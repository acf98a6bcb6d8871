/* modelops-agent: time-driven bookkeeping. What its files share. */
#ifndef MODELOPS_AGENT_AGENT_H
#define MODELOPS_AGENT_AGENT_H

#include "modelops/base/arena.h"
#include "modelops/base/config.h"
#include "modelops/base/err.h"
#include "modelops/base/id.h"
#include "modelops/domain/ledger.h"
#include "modelops/http/ops.h"
#include "modelops/objstore/objstore.h"
#include "modelops/obs/obs.h"
#include "modelops/store/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define AGENT_ROLE "agent"

struct agent_cfg {
	const char *data, *database_url;
	int64_t interval, lease, renew, keep, checkpoint, batch, sweep_age;
	int log_level, log_format;
	struct http_ops_cfg ops;
};

extern const struct mo_cfg agent_settings[];
extern const size_t agent_settings_count;

/* One series each; see metrics.c. */
enum agent_metric {
	AGENT_PASSES,
	AGENT_PASS_SECONDS,
	AGENT_ERRORS,
	AGENT_FAILED,
	AGENT_LAG,
	AGENT_LEADING,
	AGENT_WINDOWS,
	AGENT_STORAGE_WINDOWS,
	AGENT_ENTRIES,
	AGENT_TRIMMED,
	AGENT_WAL_BYTES,
	AGENT_SWEPT_OBJECTS,
	AGENT_SWEPT_BYTES,
	AGENT_SWEEP_ERRORS,
	AGENT_METRICS
};

struct agent {
	struct agent_cfg cfg;
	struct store *store;
	struct objstore *objects;
	struct obs *obs;
	struct obs_series *metrics[AGENT_METRICS];
	struct mo_arena arena;               /* one round's rows */
	char holder[MO_ID_MAX];              /* this process's name in the leaders row */
	int lock_file;                       /* DATA/run/agent.lock */
	bool locked;                         /* we hold its flock */
	int64_t epoch;                       /* 0: not leading */
	int64_t renewed_at;                  /* monotonic; 0: ask before anything else */
	int64_t trimmed_at, checkpointed_at; /* monotonic */
	char bill_after[MO_ID_MAX], post_after[MO_ID_MAX]; /* where the next round goes on; "" */
	char store_after[MO_ID_MAX];
	bool bill_again, store_again; /* a batch was full: once through, the list is read again */
	int64_t stored_hour; /* storage is recorded up to it, as far as can be; 0: not known */
	struct {
		int64_t count;
		char tenant[MO_ID_MAX]; /* the first of them */
		struct mo_err err;
	} failed; /* batches of tenants that this pass could not write */
	struct {
		int64_t begun_at; /* monotonic; of the last round over all keys */
		bool under_way;
		char after[OBJSTORE_KEY_MAX + 1]; /* where the round goes on */
		struct objstore_total removed;
		int64_t failed; /* objects that could not be removed, and why the last */
		struct mo_err err;
	} sweep;
	_Atomic int64_t
		passed_at; /* monotonic time of the last pass that went well; /readyz asks */
};

/* Declares the metrics and fills a->metrics. */
int agent_metrics_init(struct agent *a, struct mo_err *err);

/* Opens the lock file; the row of a dead process of this machine is given up. */
int lead_open(struct agent *a, struct mo_err *err);
/* Takes or renews the role when that is due; false when another process leads. Call it between
 * transactions: it costs nothing when it is not due. */
bool lead_keep(struct agent *a);
/* Gives the role up and closes the lock file. */
void lead_close(struct agent *a);

/* One pass: allocations, storage, windows without an entry, housekeeping, then the object store. */
int agent_pass(struct agent *a, struct mo_err *err);

/* Turns what allocations have used into windows and ledger entries, one transaction per tenant and
 * round. *ret_more: there may be more. */
int agent_bill(struct agent *a, bool *ret_more, struct mo_err *err);

/* Turns windows without an entry (the gateway's) into ledger entries, the same way. */
int agent_post(struct agent *a, bool *ret_more, struct mo_err *err);

/* Turns the bytes that projects keep into windows, hour by hour. */
int agent_store(struct agent *a, bool *ret_more, struct mo_err *err);

/* Trims old records and checkpoints SQLite when that is due. */
int agent_keep(struct agent *a, struct mo_err *err);

/* Removes objects without a row that needs them, some in each pass; see sweep.c. Failures are told
 * and left for the next round: the books do not wait for the object store. -1 when we lead no more.
 */
int agent_sweep(struct agent *a, struct mo_err *err);

/* A batch of TENANT failed with MINE: remembered, told once a pass, and 0, for the tenants after it
 * must not wait. -1 with *err when we lead no more. */
int agent_alone(struct agent *a, const char *tenant, const struct mo_err *mine, struct mo_err *err);

/* Appends the entry for W, which the store has, to its tenant's chain at HEAD. EVIDENCE: JSON
 * object or NULL. */
int agent_enter(struct store_tx *tx, struct ledger_head *head, const struct usage_window *w,
	const char *evidence, struct mo_err *err);

/* Raises the lag gauge to NOW - SINCE when that is larger than what this pass saw so far. */
void agent_lag(struct agent *a, int64_t now, int64_t since);

#endif
