/* Pipelines and their versions, from JSON or YAML. */
#include "handlers.h"

#include "modelops/domain/pipeline.h"
#include "modelops/store/pipelines.h"
#include "modelops/wire/pipeline.h"
#include "modelops/yaml/yaml.h"

#include "rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SPEC_DEPTH = 16 };

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct pipeline *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL, *project = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		req_list_project(r, tx, tenant, &project, err) < 0 ||
		store_pipeline_list(tx, tenant, project, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int pipeline_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int find(struct api_req *r, struct store_tx *tx, struct pipeline **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct pipeline *pipeline = NULL;
	if (store_pipeline_get(tx, r->tenant, id, r->arena, &pipeline, err) < 0 ||
		req_in_project(r, pipeline->project_id, "pipeline", id, err) < 0)
		return -1;
	*ret = pipeline;
	return 0;
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pipeline *pipeline = NULL;
	return find(r, tx, &pipeline, err) < 0 ? -1 : req_answer(r, pipeline, err);
}

int pipeline_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* The body, JSON or YAML by Content-Type, into the route's CREATE struct. */
static int read_body(struct api_req *r, struct mo_err *err)
{
	const struct wire_body *in = &r->route->in;
	const char *type = req_header(r, "Content-Type");
	bool yaml = type && (!strncasecmp(type, "application/yaml", 16) ||
				    !strncasecmp(type, "application/x-yaml", 18) ||
				    !strncasecmp(type, "text/yaml", 9));
	mo_autojson json_t *doc = NULL;
	struct mo_str body = r->http->body;
	int rc = yaml ? mo_yaml_parse(body.p, body.n, MO_JSON_BYTES, SPEC_DEPTH, &doc, err)
		      : mo_json_parse(body.p, body.n, MO_JSON_BYTES, MO_JSON_DEPTH, &doc, err);
	r->in = rc < 0 ? NULL : mo_arena_zalloc(r->arena, in->noun->size);
	if (rc < 0)
		return -1;
	if (!r->in)
		return mo_fail(err, MO_ENOMEM, "pipeline");
	return wire_decode(doc, in->noun, in->shape, r->arena, r->in, &r->in_set, err);
}

/* SPEC as the next version of PIPELINE, whose latest_version follows. */
static int add_version(struct api_req *r, struct store_tx *tx, struct pipeline *pipeline,
	const struct pipeline_spec *spec, struct pipeline_version *ret, struct mo_err *err)
{
	struct pipeline_version version = {
		.tenant_id = pipeline->tenant_id,
		.pipeline_id = pipeline->id,
		.spec = wire_spec_text(spec, r->arena, err),
		.created_by = req_actor(r),
		.created_at = store_now(tx),
	};
	if (!version.spec || store_pipeline_version_add(tx, &version, &version.version, err) < 0)
		return -1;
	pipeline->latest_version = version.version;
	*ret = version;
	return 0;
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_pipeline_create *in = r->in;
	const char *ref = query_text(&r->query, "project_id"), *tenant = NULL;
	struct project *project = NULL;
	struct pipeline_version version;
	if (!ref)
		ref = in->project_id;
	if (!ref)
		return mo_fail_field(
			err, "project_id", "project_id is required: in the body or the query");
	if (req_create_tenant(r, tx, NULL, &tenant, err) < 0 ||
		req_project(r, tx, tenant, ref, &project, err) < 0)
		return -1;
	struct pipeline pipeline = {
		.id = req_new_id(r, "pl"),
		.tenant_id = project->tenant_id,
		.project_id = project->id,
		.name = in->spec.name,
		.created_at = store_now(tx),
	};
	if (store_pipeline_insert(tx, &pipeline, err) < 0 ||
		add_version(r, tx, &pipeline, &in->spec, &version, err) < 0 ||
		req_record(r, tx, pipeline.tenant_id, "create", "pipeline", pipeline.id, err) < 0)
		return -1;
	return req_answer(r, &pipeline, err);
}

int pipeline_create(struct api_req *r, struct mo_err *err)
{
	if (read_body(r, err) < 0)
		return -1;
	const struct wire_pipeline_create *in = r->in;
	return spec_validate(&in->spec, err) < 0 ? -1 : req_write(r, create, err);
}

static int version_create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct pipeline_spec *spec = r->in;
	struct pipeline *pipeline = NULL;
	struct pipeline_version version;
	if (find(r, tx, &pipeline, err) < 0)
		return -1;
	if (strcmp(spec->name, pipeline->name) != 0)
		return mo_fail_field(err, "name", "'%.63s' is not this pipeline's name '%.63s'",
			spec->name, pipeline->name);
	if (add_version(r, tx, pipeline, spec, &version, err) < 0 ||
		req_record(r, tx, pipeline->tenant_id, "update", "pipeline", pipeline->id, err) < 0)
		return -1;
	return req_answer(r, &version, err);
}

int pipeline_version_create(struct api_req *r, struct mo_err *err)
{
	if (read_body(r, err) < 0)
		return -1;
	return spec_validate(r->in, err) < 0 ? -1 : req_write(r, version_create, err);
}

static const char *version_cursor(struct api_req *r, const void *row)
{
	const struct pipeline_version *version = row;
	return mo_arena_printf(r->arena, "%lld", (long long)version->version);
}

static int version_list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct pipeline *pipeline = NULL;
	struct pipeline_version *rows = NULL;
	size_t n = 0;
	int64_t after = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &pipeline, err) < 0)
		return -1;
	if (page.after && mo_parse_i64(page.after, strlen(page.after), &after) < 0)
		return mo_fail_field(err, "cursor", "'%.40s' is no cursor of versions", page.after);
	if (store_pipeline_version_list(tx, pipeline->tenant_id, pipeline->id, after, page.limit,
		    r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows_by(r, rows, n, version_cursor, err);
}

int pipeline_version_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, version_list, err);
}

static int version_get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	int64_t number = 0;
	struct pipeline *pipeline = NULL;
	struct pipeline_version *version = NULL;
	if (req_version(r, &number, err) < 0 || find(r, tx, &pipeline, err) < 0 ||
		store_pipeline_version_get(
			tx, pipeline->tenant_id, pipeline->id, number, r->arena, &version, err) < 0)
		return -1;
	return req_answer(r, version, err);
}

int pipeline_version_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, version_get, err);
}

static int remove_pipeline(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct pipeline *pipeline = NULL;
	if (find(r, tx, &pipeline, err) < 0)
		return -1;
	if (store_pipeline_delete(tx, pipeline->tenant_id, pipeline->id, err) < 0 ||
		req_record(r, tx, pipeline->tenant_id, "delete", "pipeline", pipeline->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int pipeline_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_pipeline, err);
}
