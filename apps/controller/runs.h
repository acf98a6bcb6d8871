/* Runs and steps inside the controller: what is seen of a step, and the acts on it. */
#ifndef MODELOPS_CONTROLLER_RUNS_H
#define MODELOPS_CONTROLLER_RUNS_H

#include "controller.h"
#include "modelops/artifact/manifest.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/domain/step_decide.h"
#include "rooms.h"

/* A live run with its steps; memory is ctl->arena. */
struct live_run {
	struct run *run;
	struct run_step *steps;
	size_t nsteps;
};

/* What an attempt left in the object store. */
struct outputs {
	enum step_outputs state;
	struct manifest manifest;
	char prefix[OBJSTORE_KEY_MAX]; /* without the last '/' */
	char manifest_sha256[OBJSTORE_SHA256_TEXT];
	int64_t size;          /* of all files */
	const char *signature; /* text of features.json, or NULL */
	char why[512];         /* BAD: what is wrong */
};

/* One step as observed; decide reads VIEW only. */
struct step_seen {
	struct live_run *live;
	struct run_step *step;
	struct step_view view;
	struct exec_status exec;
	struct outputs outputs;
	struct room *room;    /* where it fits, or NULL */
	struct room *awaited; /* the room it waits for */
	struct room_wish wish;
	struct fit_answer fit;
	char why[256];         /* inline work: why it failed */
	const char *waits_for; /* inline work: what keeps it, or NULL */
};

/* run_observe.c */
/* Every live run, as each_live goes. */
int each_run(struct controller *ctl,
	int (*fn)(struct controller *ctl, struct live_run *live, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err);
int step_observe(struct controller *ctl, struct rooms *rooms, struct live_run *live,
	struct run_step *step, struct step_seen *ret, struct mo_err *err);

/* outputs.c: checks manifest and digests; OUTPUTS_UNCHECKED with an error when the store does not
 * answer. */
int outputs_check(struct controller *ctl, const struct run_step *step, struct outputs *ret,
	struct mo_err *err);

/* step_act.c: carries D out. */
int step_act(struct controller *ctl, struct step_seen *seen, const struct step_decision *d,
	struct mo_err *err);

/* complete.c: REGISTERING -> SUCCEEDED with all that belongs to it. */
int step_complete(struct controller *ctl, struct step_seen *seen, struct mo_err *err);

/* inline_observe.c, inline.c: register and deploy steps. Observing says how far the work is; doing
 * it is one transaction that moves QUEUED -> RUNNING, or -> FAILED when the user's input does not
 * allow it.
 */
int inline_observe(struct controller *ctl, struct step_seen *seen, struct mo_err *err);
int inline_act(struct controller *ctl, struct step_seen *seen, struct mo_err *err);

/* models.c: adds a version of MODEL (made when absent) in this transaction, and points ALIAS at it.
 */
struct new_version {
	const char *tenant_id, *project_id, *run_id, *step, *model, *alias;
	const char *object_prefix, *manifest_sha256, *metrics, *signature;
	int64_t size;
	const char *dataset_artifact_id, *dataset_sha256;
	char id[40], model_id[40]; /* filled */
	int64_t version;           /* filled */
};
int model_add_version(
	struct store_tx *tx, struct mo_arena *a, struct new_version *v, struct mo_err *err);

/* Text of a step's or run's end for people: "step 'train': ...". */
const char *step_reason(struct mo_arena *a, const struct run_step *step);

#endif
