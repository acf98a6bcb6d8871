/* What to do next with a step of a run: a pure function of what was observed. */
#ifndef MODELOPS_DOMAIN_STEP_DECIDE_H
#define MODELOPS_DOMAIN_STEP_DECIDE_H

#include "modelops/domain/allocation.h"
#include "modelops/domain/step.h"

#include <stdbool.h>
#include <stdint.h>

/* The attempt's job as the executor shows it; for register and deploy steps, the controller's own
 * work seen the same way. */
enum step_job {
	JOB_ABSENT,     /* never started, or forgotten */
	JOB_STARTING,   /* inputs are being brought */
	JOB_RUNNING,    /* the program runs: billed from here */
	JOB_SUCCEEDED,  /* exit 0 */
	JOB_FAILED,     /* another exit code or a signal: may be tried again */
	JOB_USER_ERROR, /* exit 2: the input is wrong, trying again is useless */
	JOB_TIMED_OUT,
	JOB_LOST, /* could not be started, killed from outside, stopped by us without a wish of the
		     user, without a door or store, or its node is gone: our failure */
};

enum step_outputs { OUTPUTS_UNCHECKED, OUTPUTS_GOOD, OUTPUTS_BAD };

struct step_view {
	enum step_kind kind;
	enum step_state state;
	bool cancel; /* the run is being cancelled or stopped */
	bool needs_succeeded,
		needs_failed; /* all needs SUCCEEDED; any FAILED, SKIPPED, CANCELLED */
	int64_t now, not_before;
	bool suspended; /* its tenant: what is queued does not start */
	bool fits;      /* quota and pool have room now */
	bool no_pool;   /* none of the pools it may use is left */
	enum step_job job;
	bool job_ran; /* the program itself was started (not only the inputs brought) */
	enum step_outputs outputs; /* manifest and digests, looked at when REGISTERING */
	int64_t attempt, max_attempts;
	int64_t lost_attempts; /* by our failure, and not among the former */
};

enum step_act {
	STEP_ACT_NONE,
	STEP_ACT_QUEUE,    /* BLOCKED -> QUEUED */
	STEP_ACT_SKIP,     /* BLOCKED -> SKIPPED */
	STEP_ACT_RESERVE,  /* QUEUED -> ALLOCATED: quota, pool, attempt id in one transaction */
	STEP_ACT_WAIT,     /* stay QUEUED, record why in `detail` */
	STEP_ACT_START,    /* ask the executor to start the attempt; safe to repeat */
	STEP_ACT_BIND,     /* ALLOCATED -> RUNNING, allocation RESERVED -> BOUND */
	STEP_ACT_INLINE,   /* do a register or deploy step's work; QUEUED -> RUNNING first */
	STEP_ACT_REGISTER, /* RUNNING -> REGISTERING */
	STEP_ACT_COMPLETE, /* REGISTERING -> SUCCEEDED, release, rows of outputs: one transaction */
	STEP_ACT_STOP,     /* ask the executor to stop the job; decide again when it is over */
	STEP_ACT_RETRY,    /* release, -> QUEUED with a new attempt after delay_us */
	STEP_ACT_FAIL,     /* release, -> FAILED */
	STEP_ACT_CANCEL,   /* release, -> CANCELLED */
};

struct step_decision {
	enum step_act act;
	enum alloc_reason release; /* for the acts that release */
	const char *why;  /* string constant for `reason`; NULL: the log's last line says */
	int64_t delay_us; /* STEP_ACT_RETRY: before the next attempt */
};

/* Attempts that were lost by our failure (released as ALLOC_PLATFORM) are tried again this often,
 * with growing pauses, and do not count against max_attempts. */
enum { STEP_PLATFORM_RETRIES = 5 };

struct step_decision step_decide(const struct step_view *v);

/* "reserve", ...: for logs and tests. */
const char *step_act_name(enum step_act act);

#endif
