/* Deployments: what people ask for. Making it true is the controller's work. */
#include "handlers.h"

#include "modelops/domain/deployment.h"
#include "modelops/domain/model.h"
#include "modelops/domain/pool.h"
#include "modelops/store/deployments.h"
#include "modelops/store/models.h"
#include "modelops/store/pool_choice.h"
#include "modelops/store/records.h"
#include "modelops/wire/deployment.h"

#include "rows.h"

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct store_deployment_filter f = { .name = query_text(&r->query, "name") };
	struct deployment *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		req_list_project(r, tx, tenant, &f.project_id, err) < 0 ||
		store_deployment_list(tx, tenant, &f, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int deployment_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int find(struct api_req *r, struct store_tx *tx, struct deployment **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct deployment *deployment = NULL;
	if (store_deployment_get(tx, r->tenant, id, r->arena, &deployment, err) < 0 ||
		req_in_project(r, deployment->project_id, "deployment", id, err) < 0)
		return -1;
	*ret = deployment;
	return 0;
}

static int answer(struct api_req *r, const struct deployment *deployment, struct mo_err *err)
{
	r->etag = deployment->generation;
	return req_answer(r, deployment, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct deployment *deployment = NULL;
	return find(r, tx, &deployment, err) < 0 ? -1 : answer(r, deployment, err);
}

int deployment_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* A store error about a thing that the body names is the body's fault. */
static int blame(struct mo_err *err, const char *field)
{
	if (err->code == MO_ENOTFOUND) {
		struct mo_err copy = *err;
		return mo_fail_field(err, field, "%s", copy.msg);
	}
	return -1;
}

/* Model, version or alias, and pool exist, and one instance can ever fit. A spec that names no pool
 * gets the one it goes to. */
static int check(struct api_req *r, struct store_tx *tx, const char *tenant,
	struct deployment_spec *spec, struct mo_err *err)
{
	struct model *model = NULL;
	struct model_alias *alias = NULL;
	struct model_version *version = NULL;
	struct pool *pool = NULL;
	if (deployment_spec_validate(spec, err) < 0)
		return -1;
	if (store_model_find(tx, tenant, spec->project_id, spec->model, r->arena, &model, err) < 0)
		return blame(err, "model");
	if (spec->alias && store_model_alias_get(
				   tx, tenant, model->id, spec->alias, r->arena, &alias, err) < 0)
		return blame(err, "alias");
	int64_t number = alias ? alias->version : spec->version;
	if (store_model_version_find(tx, tenant, model->id, number, r->arena, &version, err) < 0)
		return blame(err, alias ? "alias" : "version");
	if (version->state != MV_READY)
		return mo_fail_field(err, "version", "version %lld of model '%s' is not READY",
			(long long)number, model->name);
	struct pool_wish wish = { .tenant = tenant,
		.pool = spec->pool,
		.field = "pool",
		.shares = spec->shares,
		.device = DEVICE_CPU };
	if (store_pool_choose(tx, &wish, r->arena, &pool, err) < 0)
		return -1;
	spec->pool = pool->name;
	return 0;
}

/* Every deployment costs the controller time in every pass, and gateways memory. */
int deployment_room(struct api_req *r, struct store_tx *tx, const char *tenant, struct mo_err *err)
{
	int64_t max = r->api->cfg.max_deployments, n;
	if (store_deployment_count(tx, tenant, max, &n, err) < 0)
		return -1;
	if (n < max)
		return 0;
	mo_fail(err, MO_EQUOTA,
		"the tenant has %lld deployments, as many as may be (API_MAX_DEPLOYMENTS)",
		(long long)n);
	return mo_advise(err, "quota_exceeded", "delete those that are not needed any more");
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct deployment_spec spec = *(const struct deployment_spec *)r->in;
	struct project *project = NULL;
	const char *tenant = NULL;
	if (req_create_tenant(r, tx, NULL, &tenant, err) < 0 ||
		req_project(r, tx, tenant, spec.project_id, &project, err) < 0)
		return -1;
	spec.project_id = project->id;
	if (check(r, tx, project->tenant_id, &spec, err) < 0 ||
		deployment_room(r, tx, project->tenant_id, err) < 0)
		return -1;
	struct deployment deployment = {
		.id = req_new_id(r, "dep"),
		.tenant_id = project->tenant_id,
		.project_id = project->id,
		.name = spec.name,
		.state = DEPLOYMENT_PENDING,
		.spec = wire_deployment_spec_text(&spec, r->arena, err),
		.generation = 1,
		.created_at = store_now(tx),
		.updated_at = store_now(tx),
	};
	if (!deployment.spec || store_deployment_insert(tx, &deployment, err) < 0 ||
		store_event(tx, deployment.tenant_id, "deployment", deployment.id, "Created",
			"The deployment was asked for.", err) < 0 ||
		req_record(r, tx, deployment.tenant_id, "create", "deployment", deployment.id,
			err) < 0)
		return -1;
	return answer(r, &deployment, err);
}

int deployment_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

/* Naming a version lets go of the alias, and the other way round. */
static void choose(struct deployment_spec *spec, uint64_t set)
{
	bool version = set & wire_bit(&wire_deployment_spec, "version"),
	     alias = set & wire_bit(&wire_deployment_spec, "alias");
	if (version && !alias && spec->version)
		spec->alias = NULL;
	if (alias && !version && spec->alias)
		spec->version = 0;
}

static int patch(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct deployment *deployment = NULL;
	struct deployment_spec spec;
	uint64_t set = 0;
	if (find(r, tx, &deployment, err) < 0 || req_if_match(r, deployment->generation, err) < 0)
		return -1;
	if (deployment->state == DEPLOYMENT_DELETING)
		return mo_fail(
			err, MO_ECONFLICT, "deployment '%s' is being removed", deployment->name);
	if (wire_deployment_spec_parse(deployment->spec, r->arena, &spec, err) < 0 ||
		req_patch(r, &spec, &set, err) < 0)
		return -1;
	choose(&spec, set);
	if (check(r, tx, deployment->tenant_id, &spec, err) < 0)
		return -1;
	const char *text = wire_deployment_spec_text(&spec, r->arena, err);
	if (!text ||
		store_deployment_respec(tx, deployment->tenant_id, deployment->id, text,
			deployment->generation, store_now(tx), &deployment->generation, err) < 0 ||
		req_record(r, tx, deployment->tenant_id, "update", "deployment", deployment->id,
			err) < 0)
		return -1;
	deployment->spec = text;
	deployment->updated_at = store_now(tx);
	return answer(r, deployment, err);
}

int deployment_patch(struct api_req *r, struct mo_err *err)
{
	return req_write(r, patch, err);
}

static int remove_deployment(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct deployment *deployment = NULL;
	bool moved = false;
	if (find(r, tx, &deployment, err) < 0)
		return -1;
	if (deployment->state != DEPLOYMENT_DELETING &&
		(store_deployment_move(tx, deployment->tenant_id, deployment->id,
			 DEPLOYMENT_DELETING, NULL, 0, &moved, err) < 0 ||
			req_record(r, tx, deployment->tenant_id, "delete", "deployment",
				deployment->id, err) < 0))
		return -1;
	deployment->state = DEPLOYMENT_DELETING;
	return answer(r, deployment, err);
}

int deployment_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_deployment, err);
}

static int revisions(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct deployment *deployment = NULL;
	struct revision *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &deployment, err) < 0 ||
		store_revision_list(tx, deployment->tenant_id, deployment->id, &page, r->arena,
			&rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int revision_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, revisions, err);
}

static int instances(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct deployment *deployment = NULL;
	struct instance *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &deployment, err) < 0 ||
		store_instance_list(tx, deployment->tenant_id, deployment->id, false, &page,
			r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int instance_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, instances, err);
}

static int events(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct deployment *deployment = NULL;
	if (find(r, tx, &deployment, err) < 0)
		return -1;
	return req_answer_events(r, tx, deployment->tenant_id, deployment->id, err);
}

int deployment_event_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, events, err);
}
