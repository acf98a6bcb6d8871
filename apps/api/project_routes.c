/* Projects: folders for a tenant's work. */
#include "handlers.h"

#include "modelops/domain/project.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/tenancy.h"

#include "rows.h"

#include <string.h>

/* With ?name= or a key limited to one project there is at most one row. */
static int one(struct api_req *r, struct store_tx *tx, const char *tenant, const char *name,
	struct mo_err *err)
{
	struct project *project = NULL;
	struct mo_err absent = { 0 };
	const char *only = r->actor.project_id[0] ? r->actor.project_id : NULL;
	int rc = name ? store_project_find(tx, tenant, name, r->arena, &project, &absent)
		      : store_project_get(tx, tenant, only, r->arena, &project, &absent);
	if (rc < 0 && absent.code != MO_ENOTFOUND) {
		*err = absent;
		return -1;
	}
	bool hit = rc == 0 && (!only || !strcmp(only, project->id)) &&
		   (!name || !strcmp(name, project->name));
	return req_answer_rows(r, project, hit, err);
}

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct project *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL, *name = query_text(&r->query, "name");
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0)
		return -1;
	if (name && !tenant)
		return mo_fail_field(err, "tenant_id",
			"a name needs tenant_id: names are unique in a tenant only");
	if (name || r->actor.project_id[0])
		return one(r, tx, tenant, name, err);
	if (store_project_list(tx, tenant, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int project_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct project *project = NULL;
	const char *id = req_param(r, "id");
	if (store_project_get(tx, r->tenant, id, r->arena, &project, err) < 0 ||
		req_in_project(r, project->id, "project", id, err) < 0)
		return -1;
	return req_answer(r, project, err);
}

int project_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct project project = *(const struct project *)r->in;
	if (req_create_tenant(r, tx, NULL, &project.tenant_id, err) < 0)
		return -1;
	project.id = req_new_id(r, "prj");
	project.created_at = store_now(tx);
	if (store_project_insert(tx, &project, err) < 0 ||
		req_record(r, tx, project.tenant_id, "create", "project", project.id, err) < 0)
		return -1;
	return req_answer(r, &project, err);
}

int project_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

static int remove_project(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct project *project = NULL;
	if (store_project_get(tx, r->tenant, req_param(r, "id"), r->arena, &project, err) < 0)
		return -1;
	if (store_project_delete(tx, project->tenant_id, project->id, err) < 0 ||
		req_record(r, tx, project->tenant_id, "delete", "project", project->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int project_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_project, err);
}
