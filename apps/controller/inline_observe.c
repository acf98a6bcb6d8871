/* Observes register and deploy steps: a deploy step is done when what it asked for serves. */
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/value.h"
#include "modelops/store/deployments.h"
#include "modelops/wire/value.h"
#include "runs.h"

#include <stdarg.h>
#include <stdio.h>

struct rollout {
	struct controller *ctl;
	struct step_seen *seen;
	const char *id;
	int64_t generation;
	const struct deployment *dep;
	struct revision *revs;
	size_t nrevs;
};

static int give_up(struct rollout *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int give_up(struct rollout *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->seen->why, sizeof(r->seen->why), fmt, ap);
	va_end(ap);
	r->seen->view.job = JOB_USER_ERROR;
	return 0;
}

/* What the instances of the generation wait for is what the step waits for. */
static int read_waiting(struct store_tx *tx, struct rollout *r, const char *rev, struct mo_err *err)
{
	struct instance *inss;
	size_t n;

	if (store_instance_list(
		    tx, r->dep->tenant_id, r->id, true, NULL, &r->ctl->arena, &inss, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && !r->seen->waits_for; i++)
		if (mo_streq(inss[i].revision_id, rev) && inss[i].state != INSTANCE_READY)
			r->seen->waits_for = inss[i].reason;
	return 0;
}

/* The step ends when the generation it asked for serves (or one after it does, which it may have
 * served before), or when that can not be any more. */
static int judge(struct store_tx *tx, struct rollout *r, struct mo_err *err)
{
	const struct revision *own = NULL;

	for (size_t i = 0; i < r->nrevs; i++) {
		if (r->revs[i].number == r->generation)
			own = &r->revs[i];
		if (r->revs[i].number >= r->generation && r->revs[i].state == REVISION_READY)
			r->seen->view.job = JOB_SUCCEEDED;
	}
	if (r->seen->view.job == JOB_SUCCEEDED)
		return 0;
	if (r->dep->state == DEPLOYMENT_DELETING)
		return give_up(r, "the deployment is being deleted");
	if (r->dep->generation > r->generation)
		return give_up(r,
			"generation %lld of the deployment replaced %lld before it served",
			(long long)r->dep->generation, (long long)r->generation);
	if (own && own->state != REVISION_STARTING)
		return give_up(
			r, "the rollout failed: %.200s", r->dep->reason ? r->dep->reason : "");
	return own ? read_waiting(tx, r, own->id, err) : 0;
}

static int read_rollout(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct rollout *r = ctx;
	const char *tenant = r->seen->step->tenant_id;
	struct mo_arena *a = &r->ctl->arena;
	struct mo_err mine = { 0 };
	struct deployment *dep;

	r->seen->view.job = JOB_RUNNING;
	if (store_deployment_get(tx, tenant, r->id, a, &dep, &mine) < 0) {
		if (mine.code == MO_ENOTFOUND)
			return give_up(r, "the deployment was deleted");
		*err = mine;
		return -1;
	}
	if (store_revision_list(tx, tenant, r->id, NULL, a, &r->revs, &r->nrevs, err) < 0)
		return -1;
	r->dep = dep;
	return judge(tx, r, err);
}

/* A job's limit is its shim's matter; this work has none, so it is held to it here. */
static void hold_to_limit(struct controller *ctl, struct step_seen *seen)
{
	const struct run_step *step = seen->step;
	int64_t left = step->started_at + step->max_runtime_s * MO_SECOND - seen->view.now;

	if (seen->view.job != JOB_RUNNING || step->max_runtime_s == 0)
		return;
	if (left > 0)
		watch_wake(ctl, left);
	else
		seen->view.job = JOB_TIMED_OUT;
}

int inline_observe(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	struct value outputs;

	seen->view.job = JOB_ABSENT;
	if (seen->step->state == STEP_REGISTERING)
		seen->view.outputs = OUTPUTS_GOOD;
	if (seen->step->state == STEP_QUEUED || !seen->step->outputs)
		return 0;
	if (seen->step->kind == STEP_REGISTER) {
		seen->view.job = JOB_SUCCEEDED;
		return 0;
	}
	if (wire_value_parse(seen->step->outputs, &ctl->arena, &outputs, err) < 0)
		return -1;
	struct rollout r = { .ctl = ctl,
		.seen = seen,
		.id = value_text(&outputs, "deployment_id", ""),
		.generation = value_int(&outputs, "generation", 0) };
	if (store_read(ctl->store, read_rollout, &r, err) < 0)
		return -1;
	hold_to_limit(ctl, seen);
	return 0;
}
