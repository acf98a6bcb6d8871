/* Making a run: the pipeline version with its parameters filled in becomes a run and its steps, in
 * one transaction. */
#include "handlers.h"

#include "modelops/domain/artifact.h"
#include "modelops/domain/pipeline.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step_decide.h"
#include "modelops/store/artifacts.h"
#include "modelops/store/deployments.h"
#include "modelops/store/pipelines.h"
#include "modelops/store/pool_choice.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "modelops/wire/pipeline.h"
#include "modelops/wire/run.h"
#include "modelops/wire/value.h"

#include "authenticate.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

enum { STEP_DEFAULT_S = 3600, DOC_MAX = 1 << 20 };

/* What a run is made of. */
struct plan {
	const char *tenant, *project;
	struct run run;
	struct pipeline_spec spec; /* resolved */
};

/* An error about something that the body names: 422 with the field instead of 404. */
static int blame(struct mo_err *err, const char *field)
{
	struct mo_err copy = *err;
	return copy.code == MO_ENOTFOUND ? mo_fail_field(err, field, "%s", copy.msg) : -1;
}

/* V as JSON in the arena. */
static const char *value_doc(struct api_req *r, const struct value *v, struct mo_err *err)
{
	mo_autobuf struct mo_buf out;
	struct jw w;
	mo_buf_init(&out, DOC_MAX);
	jw_init(&w, &out);
	wire_value_write(&w, v);
	const char *text = jw_done(&w) == 0 ? mo_arena_memdup(r->arena, out.data, out.len) : NULL;
	if (!text && (out.failed == MO_BUF_NOMEM || !out.failed))
		mo_fail(err, MO_ENOMEM, "a document of the run");
	else if (!text)
		mo_fail(err, MO_ETOOBIG, "a document of the run is larger than %d bytes", DOC_MAX);
	return text;
}

/* WITH with member KEY set to TEXT: names become ids, so that a later upload changes nothing. */
static const struct value *with_text(
	struct api_req *r, const struct value *with, const char *key, const char *text)
{
	struct value *copy = mo_arena_alloc(r->arena, sizeof(*copy));
	struct value_member *members =
		mo_arena_alloc(r->arena, (with->count + 1) * sizeof(*members));
	if (!copy || !members)
		return NULL;
	*copy = *with;
	memcpy(members, with->members, with->count * sizeof(*members));
	copy->members = members;
	for (size_t i = 0; i < with->count; i++)
		if (!strcmp(members[i].key, key))
			members[i].value = (struct value){ .type = VALUE_TEXT, .text = text };
	return copy;
}

/* The step's dataset exists, is READY, and goes by its id. */
static int resolve_dataset(struct api_req *r, struct store_tx *tx, const struct plan *plan,
	struct spec_step *step, size_t index, struct mo_err *err)
{
	struct artifact *artifact = NULL;
	char field[48];
	const char *ref = value_text(step->with, "dataset", NULL);
	if (!ref)
		return 0;
	snprintf(field, sizeof(field), "steps[%zu].with.dataset", index);
	if (store_dataset_find(tx, plan->tenant, plan->project, ref, r->arena, &artifact, err) < 0)
		return blame(err, field);
	step->with = with_text(r, step->with, "dataset", artifact->id);
	return step->with ? 0 : mo_fail(err, MO_ENOMEM, "step");
}

/* Where a step may run: in POOL, or in one of ANY_OF (ids with blanks between). */
struct placing {
	struct pool *pool;
	const char *any_of;
	int64_t default_max_runtime_s; /* the least that a pool of them sets; 0: none does */
};

static int choose_one(struct api_req *r, struct store_tx *tx, const struct spec_step *step,
	const struct pool_wish *wish, struct placing *ret, struct mo_err *err)
{
	struct pool *pool = NULL;
	if (store_pool_choose(tx, wish, r->arena, &pool, err) < 0 ||
		pool_check_threads(pool, step->shares, value_int(step->with, "nthread", 0), err) <
			0)
		return -1;
	ret->pool = pool;
	int64_t limit = pool->default_max_runtime_s;
	if (limit && (!ret->default_max_runtime_s || limit < ret->default_max_runtime_s))
		ret->default_max_runtime_s = limit;
	return 0;
}

static int choose_any(struct api_req *r, struct store_tx *tx, const struct spec_step *step,
	struct pool_wish *wish, struct placing *ret, struct mo_err *err)
{
	const char *ids = NULL;
	for (size_t i = 0; i < step->any_of.count; i++) {
		char field[32];
		snprintf(field, sizeof(field), "any_of[%zu]", i);
		wish->pool = step->any_of.at[i];
		wish->field = field;
		if (choose_one(r, tx, step, wish, ret, err) < 0)
			return -1;
		ids = mo_arena_printf(
			r->arena, "%s%s%s", i ? ids : "", i ? " " : "", ret->pool->id);
		if (!ids)
			return mo_fail(err, MO_ENOMEM, "any_of");
	}
	ret->any_of = ids;
	ret->pool = NULL; /* the controller's choice */
	return 0;
}

static int choose_pool(struct api_req *r, struct store_tx *tx, const struct plan *plan,
	const struct spec_step *step, size_t index, struct placing *ret, struct mo_err *err)
{
	char field[48];
	struct pool_wish wish = { .tenant = plan->tenant,
		.pool = step->pool,
		.field = "pool",
		.shares = step->shares,
		.device = step->device };
	int status = step->any_of.count ? choose_any(r, tx, step, &wish, ret, err)
					: choose_one(r, tx, step, &wish, ret, err);
	snprintf(field, sizeof(field), "steps[%zu]", index);
	return status < 0 ? mo_wrap_field(err, field) : 0;
}

/* A deployment that is there already is changed, not added. */
static int check_room(struct api_req *r, struct store_tx *tx, const struct plan *plan,
	const char *name, struct mo_err *err)
{
	struct deployment *there = NULL;
	struct mo_err mine = { 0 };
	if (store_deployment_find(tx, plan->tenant, plan->project, name, r->arena, &there, &mine) ==
		0)
		return 0;
	if (mine.code == MO_ENOTFOUND)
		return deployment_room(r, tx, plan->tenant, err);
	*err = mine;
	return -1;
}

/* A deploy step is refused now, not after the training, when its deployment can never have a pool.
 */
static int check_deploy(struct api_req *r, struct store_tx *tx, const struct plan *plan,
	const struct spec_step *step, size_t index, struct mo_err *err)
{
	char field[48];
	struct pool *pool = NULL;
	struct pool_wish wish = { .tenant = plan->tenant,
		.pool = value_text(step->with, "pool", NULL),
		.field = "pool",
		.shares = value_int(step->with, "shares", 1),
		.device = DEVICE_CPU };
	if (store_pool_choose(tx, &wish, r->arena, &pool, err) == 0)
		return check_room(r, tx, plan, value_text(step->with, "deployment", ""), err);
	snprintf(field, sizeof(field), "steps[%zu].with", index);
	return mo_wrap_field(err, field);
}

/* The names of NEEDS with blanks between; NULL when there are none. */
static const char *words(struct api_req *r, const struct text_list *list)
{
	const char *all = NULL;
	for (size_t i = 0; i < list->count; i++)
		all = all ? mo_arena_printf(r->arena, "%s %s", all, list->at[i])
			  : mo_arena_strdup(r->arena, list->at[i]);
	return all;
}

/* A step does nothing for its caller that the caller may not do. */
static int check_perms(struct api_req *r, const struct spec_step *step, struct mo_err *err)
{
	bool registers = step->kind == STEP_REGISTER || value_get(step->with, "register");
	bool refused =
		(step->kind == STEP_DEPLOY && actor_may(r, PERM_DEPLOYMENT_WRITE, err) < 0) ||
		(registers && actor_may(r, PERM_MODEL_WRITE, err) < 0);
	return refused ? mo_wrap(err, step->name) : 0;
}

static int make_step(struct api_req *r, struct store_tx *tx, const struct plan *plan,
	const struct spec_step *in, size_t index, struct run_step *ret, struct mo_err *err)
{
	struct spec_step step = *in;
	struct placing at = { 0 };
	bool job = step_kind_runs_job(step.kind);
	if (check_perms(r, &step, err) < 0 || resolve_dataset(r, tx, plan, &step, index, err) < 0 ||
		(job && choose_pool(r, tx, plan, &step, index, &at, err) < 0) ||
		(step.kind == STEP_DEPLOY && check_deploy(r, tx, plan, &step, index, err) < 0))
		return -1;
	int64_t limit = at.default_max_runtime_s ? at.default_max_runtime_s : STEP_DEFAULT_S;
	*ret = (struct run_step){
		.id = req_new_id(r, "stp"),
		.tenant_id = plan->tenant,
		.project_id = plan->project,
		.run_id = plan->run.id,
		.idx = (int64_t)index,
		.name = step.name,
		.kind = step.kind,
		.needs = words(r, &step.needs),
		.state = step.needs.count ? STEP_BLOCKED : STEP_QUEUED,
		.pool_id = at.pool ? at.pool->id : NULL,
		.any_of = at.any_of,
		.shares = job ? step.shares : 0,
		.device = step.device,
		.max_attempts = step.retries + 1,
		.max_runtime_s = step.max_runtime_s ? step.max_runtime_s : limit,
		.eta_s = -1,
		.created_at = store_now(tx),
		.queued_at = step.needs.count ? 0 : store_now(tx),
		.inputs = step.with ? value_doc(r, step.with, err) : NULL,
	};
	return step.with && !ret->inputs ? -1 : 0;
}

static struct run_step *make_steps(
	struct api_req *r, struct store_tx *tx, const struct plan *plan, struct mo_err *err)
{
	size_t n = plan->spec.step_count;
	struct run_step *rows = mo_arena_alloc(r->arena, n * sizeof(*rows));
	if (!rows)
		mo_fail(err, MO_ENOMEM, "%zu steps", n);
	for (size_t i = 0; rows && i < n; i++)
		if (make_step(r, tx, plan, &plan->spec.steps[i], i, &rows[i], err) < 0)
			return NULL;
	return rows;
}

/* Unless it is given: what its steps may take one after the other, each attempt to its end. */
static int64_t run_limit(const struct run_step *steps, size_t n)
{
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += steps[i].max_runtime_s * (steps[i].max_attempts + STEP_PLATFORM_RETRIES);
	return sum;
}

/* Every live run costs the controller time in every pass, whoever's it is. */
static int check_live(
	struct api_req *r, struct store_tx *tx, const char *tenant, struct mo_err *err)
{
	int64_t max = r->api->cfg.max_live_runs, live;
	if (store_run_live_count(tx, tenant, max, &live, err) < 0)
		return -1;
	if (live < max)
		return 0;
	mo_fail(err, MO_EQUOTA,
		"%lld runs of the tenant are waiting or running, as many as may be "
		"(API_MAX_LIVE_RUNS)",
		(long long)live);
	return mo_advise(err, "quota_exceeded", "wait for some to end, or cancel them");
}

static int insert_run(struct api_req *r, struct store_tx *tx, struct plan *plan, struct mo_err *err)
{
	struct run *run = &plan->run;
	run->id = req_new_id(r, "run");
	run->tenant_id = plan->tenant;
	run->project_id = plan->project;
	run->state = RUN_PENDING;
	run->created_by = req_actor(r);
	run->created_at = store_now(tx);
	run->spec = wire_spec_text(&plan->spec, r->arena, err);
	if (!run->name)
		run->name = plan->spec.name;
	if (!run->spec || check_live(r, tx, plan->tenant, err) < 0)
		return -1;
	struct run_step *steps = make_steps(r, tx, plan, err);
	if (!steps)
		return -1;
	if (!run->max_runtime_s)
		run->max_runtime_s = run_limit(steps, plan->spec.step_count);
	if (store_run_insert(tx, run, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->spec.step_count; i++)
		if (store_step_insert(tx, &steps[i], err) < 0)
			return -1;
	if (store_event(tx, plan->tenant, "run", run->id, "Created", "The run was asked for.",
		    err) < 0 ||
		req_record(r, tx, plan->tenant, "create", "run", run->id, err) < 0)
		return -1;
	return req_answer(r, run, err);
}

static int place(struct api_req *r, struct store_tx *tx, const char *ref, struct plan *plan,
	struct mo_err *err)
{
	struct project *project = NULL;
	const char *tenant = NULL;
	if (req_create_tenant(r, tx, NULL, &tenant, err) < 0 ||
		req_project(r, tx, tenant, ref, &project, err) < 0)
		return -1;
	plan->tenant = project->tenant_id;
	plan->project = project->id;
	return 0;
}

static int find_version(struct api_req *r, struct store_tx *tx, struct plan *plan,
	const struct wire_run_create *in, struct pipeline_spec *ret, struct mo_err *err)
{
	struct pipeline *pipeline = NULL;
	struct pipeline_version *version = NULL;
	const char *field = in->pipeline_id ? "pipeline_id" : "pipeline",
		   *ref = in->pipeline_id ? in->pipeline_id : in->pipeline;
	if (!ref == !in->pipeline_id && in->pipeline && in->pipeline_id)
		return mo_fail_field(err, "pipeline", "name pipeline_id or pipeline, not both");
	if (!ref)
		return mo_fail_field(err, "pipeline_id", "pipeline_id or pipeline is required");
	if (store_pipeline_find(tx, plan->tenant, plan->project, ref, r->arena, &pipeline, err) < 0)
		return blame(err, field);
	if (strcmp(pipeline->project_id, plan->project) != 0)
		return mo_fail_field(err, field, "no pipeline '%.80s' in this project", ref);
	int64_t number = in->version ? in->version : pipeline->latest_version;
	if (store_pipeline_version_get(
		    tx, plan->tenant, pipeline->id, number, r->arena, &version, err) < 0)
		return blame(err, "version");
	plan->run.pipeline_id = pipeline->id;
	plan->run.pipeline_version = number;
	return wire_spec_parse(version->spec, r->arena, ret, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_run_create *in = r->in;
	struct plan plan = { .run = { .kind = RUN_PIPELINE,
				     .name = in->name,
				     .max_runtime_s = in->max_runtime_s } };
	struct pipeline_spec template;
	if (place(r, tx, in->project_id, &plan, err) < 0 ||
		find_version(r, tx, &plan, in, &template, err) < 0 ||
		spec_resolve(&template, in->params, in->pool, r->arena, &plan.spec, err) < 0)
		return -1;
	if (in->params) {
		plan.run.params = value_doc(r, in->params, err);
		if (!plan.run.params)
			return -1;
	}
	return insert_run(r, tx, &plan, err);
}

int run_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

/* `with` and `register` of a training job as one map. */
static int job_with(struct api_req *r, const struct wire_training_job_create *in, struct value *ret,
	struct mo_err *err)
{
	struct value_member *members =
		mo_arena_alloc(r->arena, (in->with->count + 1) * sizeof(*members));
	struct value_member *reg = mo_arena_zalloc(r->arena, 2 * sizeof(*reg));
	if (!members || !reg)
		return mo_fail(err, MO_ENOMEM, "training job");
	memcpy(members, in->with->members, in->with->count * sizeof(*members));
	*ret = (struct value){ .type = VALUE_MAP, .members = members, .count = in->with->count };
	if (!in->reg)
		return 0;
	if (value_get(in->with, "register"))
		return mo_fail_field(err, "register", "register stands in `with` already");
	reg[0] = (struct value_member){ "model", { .type = VALUE_TEXT, .text = in->reg->model } };
	reg[1] = (struct value_member){ "alias", { .type = VALUE_TEXT, .text = in->reg->alias } };
	members[ret->count++] = (struct value_member){ "register",
		{ .type = VALUE_MAP, .members = reg, .count = in->reg->alias ? 2 : 1 } };
	return 0;
}

static int create_job(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_training_job_create *in = r->in;
	struct plan plan = { .run = { .kind = RUN_TRAINING_JOB, .name = in->name } };
	struct value *with = mo_arena_zalloc(r->arena, sizeof(*with));
	struct spec_step *step = mo_arena_zalloc(r->arena, sizeof(*step));
	if (!with || !step)
		return mo_fail(err, MO_ENOMEM, "training job");
	if (place(r, tx, in->project_id, &plan, err) < 0 || job_with(r, in, with, err) < 0)
		return -1;
	*step = (struct spec_step){
		.name = "train",
		.kind = STEP_TRAIN,
		.pool = in->pool,
		.shares = in->shares,
		.device = in->device,
		.max_runtime_s = in->max_runtime_s,
		.retries = in->retries,
		.with = with,
	};
	plan.spec = (struct pipeline_spec){ .name = in->name, .steps = step, .step_count = 1 };
	return spec_validate(&plan.spec, err) < 0 ? -1 : insert_run(r, tx, &plan, err);
}

int job_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create_job, err);
}
