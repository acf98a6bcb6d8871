/* Register and deploy steps: work that is a few rows, done here and not by a job. */
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/domain/deployment_spec.h"
#include "modelops/domain/value.h"
#include "modelops/json/jw.h"
#include "modelops/store/deployments.h"
#include "modelops/store/models.h"
#include "modelops/store/pool_choice.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "modelops/wire/deployment.h"
#include "modelops/wire/value.h"
#include "runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct work {
	struct controller *ctl;
	struct step_seen *seen;
	struct value with;
	char refused[256]; /* the user's input does not allow it */
	const char *outputs;
};

static int refuse(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct work *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->refused, sizeof(w->refused), fmt, ap);
	va_end(ap);
	return 0;
}

/* Outputs of step NAME of this run, in the same pass's picture. */
static int outputs_of(struct work *w, const char *name, struct value *ret, struct mo_err *err)
{
	const struct live_run *live = w->seen->live;

	for (size_t i = 0; i < live->nsteps; i++)
		if (mo_streq(live->steps[i].name, name) && live->steps[i].outputs)
			return wire_value_parse(live->steps[i].outputs, &w->ctl->arena, ret, err);
	*ret = (struct value){ .type = VALUE_NULL };
	return 0;
}

static const char *json_of(struct work *w, const struct value *v)
{
	struct mo_buf b;
	struct jw j;

	if (!v)
		return NULL;
	mo_buf_init(&b, 4 << 20);
	jw_init(&j, &b);
	wire_value_write(&j, v);
	const char *text = b.failed ? NULL : mo_arena_memdup(&w->ctl->arena, mo_buf_str(&b), b.len);
	mo_buf_free(&b);
	return text;
}

/* `require: {metric, max, min}` against the metrics of the step it registers. */
static bool requirement_met(struct work *w, const struct value *from)
{
	const struct value *require = value_get(&w->with, "require");
	const char *metric = value_text(require, "metric", NULL);
	const struct value *max = value_get(require, "max"), *min = value_get(require, "min");

	if (!metric)
		return true;
	const struct value *got = value_get(value_get(from, "metrics"), metric);
	if (!got || (got->type != VALUE_NUMBER && got->type != VALUE_INT))
		refuse(w, "required metric '%.80s' was not reported", metric);
	else if (max && got->number > max->number)
		refuse(w, "metric '%.80s' is %g, required is at most %g", metric, got->number,
			max->number);
	else if (min && got->number < min->number)
		refuse(w, "metric '%.80s' is %g, required is at least %g", metric, got->number,
			min->number);
	return !w->refused[0];
}

static int version_outputs(struct work *w, const struct new_version *v, struct mo_err *err)
{
	struct mo_buf b;
	struct jw j;

	mo_buf_init(&b, 65536);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kstr(&j, "model", v->model);
	jw_kstr(&j, "model_id", v->model_id);
	jw_kstr(&j, "model_version_id", v->id);
	jw_ki64(&j, "version", v->version);
	jw_end_obj(&j);
	w->outputs = b.failed ? NULL : mo_arena_memdup(&w->ctl->arena, mo_buf_str(&b), b.len);
	mo_buf_free(&b);
	return w->outputs ? 0 : mo_fail(err, MO_ENOMEM, "outputs");
}

static int do_register(struct store_tx *tx, struct work *w, struct mo_err *err)
{
	const struct run_step *step = w->seen->step;
	const char *from_name = value_text(&w->with, "from", "");
	struct value from;

	if (outputs_of(w, from_name, &from, err) < 0)
		return -1;
	const char *prefix = value_text(&from, "object_prefix", NULL);
	if (!prefix || !value_get(&from, "signature"))
		return refuse(w, "step '%.60s' left no model to register", from_name);
	if (!requirement_met(w, &from))
		return 0;
	struct new_version v = { .tenant_id = step->tenant_id,
		.project_id = step->project_id,
		.run_id = step->run_id,
		.step = from_name,
		.model = value_text(&w->with, "model", from_name),
		.alias = value_text(&w->with, "alias", NULL),
		.object_prefix = prefix,
		.manifest_sha256 = value_text(&from, "manifest_sha256", NULL),
		.metrics = json_of(w, value_get(&from, "metrics")),
		.signature = json_of(w, value_get(&from, "signature")),
		.size = value_int(&from, "size", 0),
		.dataset_artifact_id = value_text(&from, "dataset_artifact_id", NULL),
		.dataset_sha256 = value_text(&from, "dataset_sha256", NULL) };
	if (model_add_version(tx, &w->ctl->arena, &v, err) < 0)
		return -1;
	return version_outputs(w, &v, err);
}

static int find_model_version(
	struct store_tx *tx, struct work *w, struct deployment_spec *spec, struct mo_err *err)
{
	const struct run_step *step = w->seen->step;
	const char *from_name = value_text(&w->with, "from", NULL);
	struct mo_err mine = { 0 };
	struct model *model;
	struct value from;

	if (from_name) {
		if (outputs_of(w, from_name, &from, err) < 0)
			return -1;
		spec->model = value_text(&from, "model", NULL);
		spec->version = value_int(&from, "version", 0);
		if (!spec->model || !spec->version)
			return refuse(w, "step '%.60s' registered no model version", from_name);
		return 0;
	}
	spec->model = value_text(&w->with, "model", "");
	spec->version = value_int(&w->with, "version", 0);
	spec->alias = value_text(&w->with, "alias", NULL);
	if (store_model_find(tx, step->tenant_id, step->project_id, spec->model, &w->ctl->arena,
		    &model, &mine) == 0)
		return 0;
	if (mine.code != MO_ENOTFOUND) {
		*err = mine;
		return -1;
	}
	return refuse(w, "no model '%.80s' in this project", spec->model);
}

static void read_sizes(struct work *w, struct deployment_spec *spec)
{
	const struct value *replicas = value_get(&w->with, "replicas");

	spec->replicas.min = spec->replicas.max = 1;
	if (replicas && replicas->type == VALUE_INT)
		spec->replicas.min = spec->replicas.max = replicas->integer;
	else if (replicas) {
		spec->replicas.min = value_int(replicas, "min", 1);
		spec->replicas.max = value_int(replicas, "max", spec->replicas.min);
	}
	spec->concurrency = value_int(&w->with, "concurrency", 4);
	spec->pool = value_text(&w->with, "pool", NULL);
	spec->shares = value_int(&w->with, "shares", 1);
}

static int choose_pool(
	struct store_tx *tx, struct work *w, struct deployment_spec *spec, struct mo_err *err)
{
	struct pool_wish wish = { .tenant = w->seen->step->tenant_id,
		.pool = spec->pool,
		.field = "pool",
		.shares = spec->shares,
		.device = DEVICE_CPU };
	struct pool *pool;

	if (store_pool_choose(tx, &wish, &w->ctl->arena, &pool, err) < 0)
		return -1;
	spec->pool = pool->name;
	return 0;
}

static int write_deployment(struct store_tx *tx, struct work *w, const struct deployment_spec *spec,
	char id[MO_ID_MAX], int64_t *ret_generation, struct mo_err *err)
{
	const struct run_step *step = w->seen->step;
	const char *text = wire_deployment_spec_text(spec, &w->ctl->arena, err);
	struct mo_err mine = { 0 };
	struct deployment *old;

	if (!text)
		return -1;
	if (store_deployment_find(tx, step->tenant_id, step->project_id, spec->name, &w->ctl->arena,
		    &old, &mine) == 0) {
		if (old->state == DEPLOYMENT_DELETING)
			return refuse(w, "deployment '%.80s' is being deleted", spec->name);
		mo_str_copy(id, MO_ID_MAX, old->id);
		return store_deployment_respec(
			tx, step->tenant_id, old->id, text, 0, store_now(tx), ret_generation, err);
	}
	if (mine.code != MO_ENOTFOUND) {
		*err = mine;
		return -1;
	}
	struct deployment row = { .id = mo_id_new("dep", id),
		.tenant_id = step->tenant_id,
		.project_id = step->project_id,
		.name = spec->name,
		.state = DEPLOYMENT_PENDING,
		.spec = text,
		.generation = *ret_generation = 1,
		.created_at = store_now(tx),
		.updated_at = store_now(tx) };
	return store_deployment_insert(tx, &row, err);
}

static int do_deploy(struct store_tx *tx, struct work *w, struct mo_err *err)
{
	struct deployment_spec spec = { .project_id = w->seen->step->project_id };
	char id[MO_ID_MAX] = "";
	int64_t generation = 0;

	spec.name = value_text(&w->with, "deployment", "");
	if (find_model_version(tx, w, &spec, err) < 0)
		return -1;
	if (w->refused[0])
		return 0;
	read_sizes(w, &spec);
	struct mo_err mine = { 0 };
	if (deployment_spec_validate(&spec, &mine) < 0 || choose_pool(tx, w, &spec, &mine) < 0) {
		if (mine.code == MO_EFIELD)
			return refuse(w, "%s: %s", mine.field, mine.msg);
		*err = mine;
		return -1;
	}
	if (write_deployment(tx, w, &spec, id, &generation, err) < 0)
		return -1;
	w->outputs = mo_arena_printf(&w->ctl->arena,
		"{\"deployment_id\":\"%s\",\"deployment\":\"%s\",\"generation\":%" PRId64 "}", id,
		spec.name, generation);
	return w->outputs ? 0 : mo_fail(err, MO_ENOMEM, "outputs");
}

static int fail_step(struct store_tx *tx, struct work *w, struct mo_err *err)
{
	const struct run_step *step = w->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_FAILED,
		    SETS(SET_TIME("finished_at", store_now(tx)), SET_TEXT("reason", w->refused)),
		    &moved, err) < 0)
		return -1;
	return store_event(tx, step->tenant_id, "run", step->run_id, "StepFailed",
		mo_arena_printf(&w->ctl->arena, "Step '%s' failed: %s", step->name, w->refused),
		err);
}

static int do_work(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct work *w = ctx;
	const struct run_step *step = w->seen->step;
	bool moved;

	w->refused[0] = '\0';
	w->outputs = NULL;
	int status = step->kind == STEP_REGISTER ? do_register(tx, w, err) : do_deploy(tx, w, err);
	if (status < 0)
		return -1;
	if (w->refused[0])
		return fail_step(tx, w, err);
	if (store_step_move(tx, step->tenant_id, step->id, STEP_RUNNING,
		    SETS(SET_TIME("started_at", store_now(tx)),
			    SET_INT("attempt", step->attempt + 1), SET_TEXT("outputs", w->outputs),
			    SET_TEXT("detail", NULL)),
		    &moved, err) < 0)
		return -1;
	return moved ? 0
		     : mo_fail(err, MO_ECONFLICT, "step '%s' is not QUEUED any more", step->name);
}

static int note(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct work *w = ctx;
	const struct run_step *step = w->seen->step;

	return store_step_set(
		tx, step->tenant_id, step->id, SETS(SET_TEXT("detail", w->seen->waits_for)), err);
}

int inline_act(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	struct work w = { .ctl = ctl, .seen = seen };

	if (seen->step->state != STEP_QUEUED) { /* done; its effect is awaited */
		bool said = mo_streq(seen->step->detail, seen->waits_for);
		return said ? 0 : ctl_write(ctl, note, &w, err);
	}
	if (seen->step->inputs &&
		wire_value_parse(seen->step->inputs, &ctl->arena, &w.with, err) < 0)
		return -1;
	return ctl_write(ctl, do_work, &w, err);
}
