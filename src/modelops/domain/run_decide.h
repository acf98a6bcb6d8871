/* What to do next with a run: a pure function of its steps' states. */
#ifndef MODELOPS_DOMAIN_RUN_DECIDE_H
#define MODELOPS_DOMAIN_RUN_DECIDE_H

#include "modelops/domain/run.h"
#include "modelops/domain/step.h"

#include <stdbool.h>
#include <stdint.h>

struct run_view {
	enum run_state state;
	bool cancel_requested;
	bool timed_out; /* it was this run's max_runtime that asked for the cancel */
	int64_t now, started_at, max_runtime_us; /* max_runtime_us 0: no limit */
	int64_t waiting_since, waited_us;        /* for shares, which the limit leaves out */
	int steps[STEP_CANCELLED + 1];           /* how many steps are in each state */
};

enum run_act {
	RUN_ACT_NONE,
	RUN_ACT_START,   /* PENDING -> RUNNING */
	RUN_ACT_TIMEOUT, /* set cancel_requested with reason "max_runtime": steps stop next */
	RUN_ACT_SUCCEED,
	RUN_ACT_FAIL,
	RUN_ACT_CANCEL,
};

enum run_act run_decide(const struct run_view *v);

/* The run waits for shares and does nothing else: its clock stands. */
bool run_waits(const struct run_view *v);

const char *run_act_name(enum run_act act);

#endif
