/* Models, their versions, and the names that point at versions. */
#include "handlers.h"

#include "modelops/domain/model.h"
#include "modelops/store/models.h"
#include "modelops/wire/model.h"

#include "rows.h"

#include <string.h>

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct model *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL, *project = NULL, *name = query_text(&r->query, "name");
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		req_list_project(r, tx, tenant, &project, err) < 0 ||
		store_model_list(tx, tenant, project, name, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int model_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int find(struct api_req *r, struct store_tx *tx, struct model **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct model *model = NULL;
	if (store_model_get(tx, r->tenant, id, r->arena, &model, err) < 0 ||
		req_in_project(r, model->project_id, "model", id, err) < 0)
		return -1;
	*ret = model;
	return 0;
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct model *model = NULL;
	return find(r, tx, &model, err) < 0 ? -1 : req_answer(r, model, err);
}

int model_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

static const char *version_cursor(struct api_req *r, const void *row)
{
	const struct model_version *version = row;
	return mo_arena_printf(r->arena, "%lld", (long long)version->version);
}

static int versions(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct model *model = NULL;
	struct model_version *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &model, err) < 0 ||
		store_model_version_list(
			tx, model->tenant_id, model->id, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows_by(r, rows, n, version_cursor, err);
}

int model_version_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, versions, err);
}

static int version_get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	int64_t number = 0;
	struct model *model = NULL;
	struct model_version *version = NULL;
	if (req_version(r, &number, err) < 0 || find(r, tx, &model, err) < 0 ||
		store_model_version_find(
			tx, model->tenant_id, model->id, number, r->arena, &version, err) < 0)
		return -1;
	return req_answer(r, version, err);
}

int model_version_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, version_get, err);
}

static const char *alias_cursor(struct api_req *r, const void *row)
{
	return ((const struct model_alias *)row)->alias;
}

static int aliases(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct model *model = NULL;
	struct model_alias *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 || find(r, tx, &model, err) < 0 ||
		store_model_alias_list(
			tx, model->tenant_id, model->id, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows_by(r, rows, n, alias_cursor, err);
}

int model_alias_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, aliases, err);
}

static int alias_put(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct model_alias *in = r->in;
	const char *name = req_param(r, "alias");
	struct model *model = NULL;
	struct model_version *version = NULL;
	if (!mo_name_valid(name, strlen(name)))
		return mo_fail_field(err, "alias",
			"'%.80s' is no name: lower-case letters, digits and '-'", name);
	if (find(r, tx, &model, err) < 0 ||
		store_model_version_find(
			tx, model->tenant_id, model->id, in->version, r->arena, &version, err) < 0)
		return -1;
	struct model_alias alias = {
		.tenant_id = model->tenant_id,
		.model_id = model->id,
		.alias = name,
		.version = in->version,
		.created_at = store_now(tx),
	};
	struct model_alias *made = NULL;
	if (store_model_alias_put(tx, &alias, err) < 0 ||
		store_model_alias_get(tx, model->tenant_id, model->id, name, r->arena, &made, err) <
			0 ||
		req_record(r, tx, model->tenant_id, "update", "model", model->id, err) < 0)
		return -1;
	return req_answer(r, made, err);
}

int model_alias_put(struct api_req *r, struct mo_err *err)
{
	return req_write(r, alias_put, err);
}

static int alias_delete(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct model *model = NULL;
	if (find(r, tx, &model, err) < 0 ||
		store_model_alias_delete(
			tx, model->tenant_id, model->id, req_param(r, "alias"), err) < 0 ||
		req_record(r, tx, model->tenant_id, "update", "model", model->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int model_alias_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, alias_delete, err);
}
