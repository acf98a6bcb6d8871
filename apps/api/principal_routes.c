/* Principals and their roles. */
#include "handlers.h"

#include "modelops/auth/perm.h"
#include "modelops/domain/principal.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/tenancy.h"

#include "rows.h"

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct principal *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_principal_list(tx, tenant, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int principal_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct principal principal = *(const struct principal *)r->in;
	if (req_create_tenant(r, tx, NULL, &principal.tenant_id, err) < 0)
		return -1;
	principal.id = req_new_id(r, "usr");
	principal.created_at = store_now(tx);
	if (store_principal_insert(tx, &principal, err) < 0 ||
		req_record(r, tx, principal.tenant_id, "create", "principal", principal.id, err) <
			0)
		return -1;
	return req_answer(r, &principal, err);
}

int principal_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

static int remove_principal(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct principal *principal = NULL;
	if (store_principal_get(tx, r->tenant, req_param(r, "id"), r->arena, &principal, err) < 0)
		return -1;
	if (store_principal_delete(tx, principal->tenant_id, principal->id, err) < 0 ||
		req_record(r, tx, principal->tenant_id, "delete", "principal", principal->id, err) <
			0)
		return -1;
	return req_answer_none(r);
}

int principal_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_principal, err);
}

static int binding_list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct role_binding *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_role_binding_list(tx, tenant, NULL, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int role_binding_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, binding_list, err);
}

int role_grantable(const struct api_req *r, const char *name, struct mo_err *err)
{
	enum auth_role role = auth_role_parse(name);
	if (role == ROLE_NOBODY)
		return mo_fail_field(
			err, "role", "'%.40s' is none of tenant_admin, user, viewer", name);
	if (role == ROLE_PLATFORM_ADMIN && r->actor.role != ROLE_PLATFORM_ADMIN)
		return mo_fail_field(err, "role", "only a platform admin makes platform admins");
	return 0;
}

static int binding_create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct role_binding binding = *(const struct role_binding *)r->in;
	struct principal *principal = NULL;
	struct project *project = NULL;
	if (role_grantable(r, binding.role, err) < 0 ||
		req_create_tenant(r, tx, NULL, &binding.tenant_id, err) < 0 ||
		store_principal_get(
			tx, binding.tenant_id, binding.principal_id, r->arena, &principal, err) < 0)
		return -1;
	if (binding.project_id) {
		if (req_project(r, tx, binding.tenant_id, binding.project_id, &project, err) < 0)
			return -1;
		binding.project_id = project->id;
	}
	binding.id = req_new_id(r, "rb");
	binding.created_at = store_now(tx);
	if (store_role_binding_insert(tx, &binding, err) < 0 ||
		req_record(r, tx, binding.tenant_id, "create", "role_binding", binding.id, err) < 0)
		return -1;
	return req_answer(r, &binding, err);
}

int role_binding_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, binding_create, err);
}

static int binding_delete(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct role_binding *binding = NULL;
	if (store_role_binding_get(tx, r->tenant, req_param(r, "id"), r->arena, &binding, err) < 0)
		return -1;
	if (store_role_binding_delete(tx, binding->tenant_id, binding->id, err) < 0 ||
		req_record(r, tx, binding->tenant_id, "delete", "role_binding", binding->id, err) <
			0)
		return -1;
	return req_answer_none(r);
}

int role_binding_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, binding_delete, err);
}
