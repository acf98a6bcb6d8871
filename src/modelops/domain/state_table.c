/* The eight lifecycles. docs/STATES.md is printed from these rows. */
#include "modelops/base/check.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/invoice.h"
#include "modelops/domain/model.h"
#include "modelops/domain/run.h"
#include "modelops/domain/state.h"
#include "modelops/domain/step.h"

#include <stddef.h>

#define TO(state) (1U << (state))

#define STATE_TABLE(var, text, live_set) \
	const struct state_table var = { { text, var##_names, MO_COUNT(var##_names) }, var##_next, \
		(live_set) }

static const char *const run_states_names[] = { "PENDING", "RUNNING", "SUCCEEDED", "FAILED",
	"CANCELLED" };
static const unsigned run_states_next[] = {
	[RUN_PENDING] = TO(RUN_RUNNING) | TO(RUN_CANCELLED) | TO(RUN_FAILED),
	[RUN_RUNNING] = TO(RUN_SUCCEEDED) | TO(RUN_FAILED) | TO(RUN_CANCELLED),
	[RUN_CANCELLED] = 0,
};
STATE_TABLE(run_states, "run", TO(RUN_PENDING) | TO(RUN_RUNNING));

static const char *const step_states_names[] = { "BLOCKED", "QUEUED", "ALLOCATED", "RUNNING",
	"REGISTERING", "SUCCEEDED", "FAILED", "SKIPPED", "CANCELLED" };
static const unsigned step_states_next[] = {
	[STEP_BLOCKED] = TO(STEP_QUEUED) | TO(STEP_SKIPPED) | TO(STEP_CANCELLED),
	/* register and deploy steps hold no shares: they go from QUEUED to RUNNING */
	[STEP_QUEUED] =
		TO(STEP_ALLOCATED) | TO(STEP_RUNNING) | TO(STEP_FAILED) | TO(STEP_CANCELLED),
	[STEP_ALLOCATED] =
		TO(STEP_RUNNING) | TO(STEP_QUEUED) | TO(STEP_FAILED) | TO(STEP_CANCELLED),
	[STEP_RUNNING] =
		TO(STEP_REGISTERING) | TO(STEP_QUEUED) | TO(STEP_FAILED) | TO(STEP_CANCELLED),
	[STEP_REGISTERING] =
		TO(STEP_SUCCEEDED) | TO(STEP_QUEUED) | TO(STEP_FAILED) | TO(STEP_CANCELLED),
	[STEP_CANCELLED] = 0,
};
STATE_TABLE(step_states, "step",
	TO(STEP_BLOCKED) | TO(STEP_QUEUED) | TO(STEP_ALLOCATED) | TO(STEP_RUNNING) |
		TO(STEP_REGISTERING));

static const char *const deployment_states_names[] = { "PENDING", "ROLLING", "READY", "DEGRADED",
	"IDLE", "FAILED", "DELETING" };
static const unsigned deployment_states_next[] = {
	[DEPLOYMENT_PENDING] = TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_IDLE) |
			       TO(DEPLOYMENT_FAILED) | TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_ROLLING] = TO(DEPLOYMENT_READY) | TO(DEPLOYMENT_DEGRADED) |
			       TO(DEPLOYMENT_IDLE) | TO(DEPLOYMENT_FAILED) |
			       TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_READY] = TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_DEGRADED) |
			     TO(DEPLOYMENT_IDLE) | TO(DEPLOYMENT_FAILED) | TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_DEGRADED] = TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_READY) |
				TO(DEPLOYMENT_IDLE) | TO(DEPLOYMENT_FAILED) |
				TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_IDLE] =
		TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_FAILED) | TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_FAILED] = TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_READY) |
			      TO(DEPLOYMENT_DEGRADED) | TO(DEPLOYMENT_IDLE) |
			      TO(DEPLOYMENT_DELETING),
	[DEPLOYMENT_DELETING] = 0,
};
STATE_TABLE(deployment_states, "deployment",
	TO(DEPLOYMENT_PENDING) | TO(DEPLOYMENT_ROLLING) | TO(DEPLOYMENT_READY) |
		TO(DEPLOYMENT_DEGRADED) | TO(DEPLOYMENT_IDLE) | TO(DEPLOYMENT_FAILED));

static const char *const revision_states_names[] = { "STARTING", "READY", "DRAINING", "GONE",
	"FAILED" };
static const unsigned revision_states_next[] = {
	[REVISION_STARTING] = TO(REVISION_READY) | TO(REVISION_DRAINING) | TO(REVISION_GONE) |
			      TO(REVISION_FAILED),
	[REVISION_READY] = TO(REVISION_DRAINING) | TO(REVISION_GONE) | TO(REVISION_FAILED),
	[REVISION_DRAINING] = TO(REVISION_GONE),
	[REVISION_GONE] = 0,
	[REVISION_FAILED] = TO(REVISION_DRAINING) | TO(REVISION_GONE),
};
STATE_TABLE(revision_states, "revision",
	TO(REVISION_STARTING) | TO(REVISION_READY) | TO(REVISION_DRAINING));

static const char *const alloc_states_names[] = { "RESERVED", "BOUND", "RELEASED" };
static const unsigned alloc_states_next[] = {
	[ALLOC_RESERVED] = TO(ALLOC_BOUND) | TO(ALLOC_RELEASED),
	[ALLOC_BOUND] = TO(ALLOC_RELEASED),
	[ALLOC_RELEASED] = 0,
};
STATE_TABLE(alloc_states, "allocation", TO(ALLOC_RESERVED) | TO(ALLOC_BOUND));

static const char *const instance_states_names[] = { "STARTING", "READY", "DRAINING", "GONE",
	"FAILED" };
static const unsigned instance_states_next[] = {
	[INSTANCE_STARTING] = TO(INSTANCE_READY) | TO(INSTANCE_FAILED) | TO(INSTANCE_GONE) |
			      TO(INSTANCE_DRAINING),
	[INSTANCE_READY] = TO(INSTANCE_DRAINING) | TO(INSTANCE_FAILED) | TO(INSTANCE_GONE),
	[INSTANCE_DRAINING] = TO(INSTANCE_GONE),
	[INSTANCE_GONE] = 0,
	[INSTANCE_FAILED] = TO(INSTANCE_STARTING) | TO(INSTANCE_GONE),
};
STATE_TABLE(instance_states, "instance",
	TO(INSTANCE_STARTING) | TO(INSTANCE_READY) | TO(INSTANCE_DRAINING));

static const char *const invoice_states_names[] = { "DRAFT", "ISSUED", "PAID", "VOID" };
static const unsigned invoice_states_next[] = {
	[INVOICE_DRAFT] = TO(INVOICE_ISSUED) | TO(INVOICE_VOID),
	[INVOICE_ISSUED] = TO(INVOICE_PAID) | TO(INVOICE_VOID),
	[INVOICE_VOID] = 0,
};
STATE_TABLE(invoice_states, "invoice", TO(INVOICE_DRAFT) | TO(INVOICE_ISSUED));

static const char *const model_version_states_names[] = { "PENDING", "READY", "FAILED",
	"ARCHIVED" };
static const unsigned model_version_states_next[] = {
	[MV_PENDING] = TO(MV_READY) | TO(MV_FAILED),
	[MV_READY] = TO(MV_ARCHIVED),
	[MV_FAILED] = TO(MV_ARCHIVED),
	[MV_ARCHIVED] = TO(MV_READY),
};
STATE_TABLE(model_version_states, "model version", TO(MV_PENDING) | TO(MV_READY));

const struct state_table *const state_tables[] = { &run_states, &step_states, &deployment_states,
	&revision_states, &alloc_states, &instance_states, &invoice_states, &model_version_states,
	NULL };
