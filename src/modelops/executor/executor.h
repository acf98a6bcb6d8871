/* Starts, observes and stops jobs and serving instances, behind one table of functions (`local`
 * here, `kube` beside it). Nothing is remembered in memory: what a new executor sees is the truth.
 */
#ifndef MODELOPS_EXECUTOR_EXECUTOR_H
#define MODELOPS_EXECUTOR_EXECUTOR_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum exec_kind { EXEC_JOB, EXEC_INSTANCE };

enum exec_state {
	EXEC_ABSENT,   /* never started, or forgotten */
	EXEC_STARTING, /* inputs are being fetched */
	EXEC_RUNNING,  /* its own program has started */
	EXEC_EXITED,   /* ended; how is in exit_code, signal, timed_out */
	EXEC_LOST, /* gone without a word (killed from outside, machine restart): platform failure
		    */
};

struct exec_spec {
	const char *id; /* attempt or instance id: names the folder, so it is never started twice */
	enum exec_kind kind;
	const char *program;    /* "trainer" or "serving" */
	const char *const *env; /* "NAME=value", NULL-terminated: all it will see */
	int64_t max_runtime_us; /* 0: no limit */
	int64_t log_cap;        /* bytes of stdout and stderr kept */
	int shares;             /* of its pool */
};

struct exec_status {
	enum exec_state state;
	int exit_code; /* EXITED by itself; -1 when a signal or the time limit ended it */
	int signal;    /* 0 when none */
	bool timed_out;
	bool stopped;    /* it was told to end by executor_stop */
	bool init_phase; /* it ended, or is, before its own program started */
	int64_t started_at,
		ended_at;  /* microseconds; 0 when not yet; evidence, not the store's time */
	char address[256]; /* where an instance listens, "" until it is warm */
	char reason[160];  /* why it ended badly, for people: the last "error: " line of its
			      log or how it ended; "" when it did not */
};

struct exec_local_cfg {
	const char *work_dir; /* DATA/work; made when absent */
	const char *bin_dir;  /* where modelops-shim, -fetch, -trainer and -serving are */
};

struct executor;

int executor_local(const struct exec_local_cfg *cfg, struct executor **ret_ex, struct mo_err *err);
void executor_free(struct executor *ex); /* what it started lives on; NULL is fine */

/* Idempotent per id: an existing folder is adopted, never started twice. MO_EINVAL for a bad id,
 * MO_EFULL, MO_EUNAVAIL when it could not be started (may be tried again). */
int executor_start(struct executor *ex, const struct exec_spec *spec, struct mo_err *err);

/* Never fails for an unknown id: that is EXEC_ABSENT. */
int executor_observe(
	struct executor *ex, const char *id, struct exec_status *ret_status, struct mo_err *err);

/* Asks for the end: SIGTERM, and SIGKILL to all of it after GRACE_US. Returns at once; idempotent
 * (the first grace counts); fine for an unknown or ended id. */
int executor_stop(struct executor *ex, const char *id, int64_t grace_us, struct mo_err *err);

/* Appends the log's bytes from OFFSET to BUF, at most what fits; nothing at its end or for an
 * unknown id. */
int executor_log(struct executor *ex, const char *id, int64_t offset, struct mo_buf *buf,
	struct mo_err *err);

/* Removes all traces once its result is recorded. MO_ECONFLICT while it lives. Idempotent. */
int executor_forget(struct executor *ex, const char *id, struct mo_err *err);

/* Calls FN with each id known; FN returns 0, or -1 with ERR filled to stop. */
int executor_list(struct executor *ex, int (*fn)(void *ctx, const char *id, struct mo_err *err),
	void *ctx, struct mo_err *err);

const char *exec_state_name(enum exec_state state); /* "RUNNING"; string constant */

#endif
