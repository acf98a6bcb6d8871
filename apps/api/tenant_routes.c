/* Tenants: made and changed by the platform admin, seen by their own people. */
#include "handlers.h"

#include "modelops/domain/tenant.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/tenancy.h"

#include "rows.h"

#include <string.h>

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct tenant *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 ||
		store_tenant_list(tx, NULL, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int tenant_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

/* By id or name; others than platform admins find their own only. */
static int find(struct api_req *r, struct store_tx *tx, struct tenant **ret, struct mo_err *err)
{
	const char *ref = req_param(r, "id");
	bool own = !strcmp(ref, r->actor.tenant_id) || !strcmp(ref, r->actor.tenant_name);
	if (!own && r->actor.role != ROLE_PLATFORM_ADMIN)
		return mo_fail(err, MO_ENOTFOUND, "no tenant '%.80s'", ref);
	return store_tenant_find(tx, ref, r->arena, ret, err);
}

static int answer(struct api_req *r, const struct tenant *tenant, struct mo_err *err)
{
	r->etag = tenant->updated_at;
	return req_answer(r, tenant, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct tenant *tenant = NULL;
	return find(r, tx, &tenant, err) < 0 ? -1 : answer(r, tenant, err);
}

int tenant_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct tenant tenant = *(const struct tenant *)r->in;
	tenant.id = req_new_id(r, "ten");
	tenant.created_at = tenant.updated_at = store_now(tx);
	if (store_tenant_insert(tx, &tenant, err) < 0 ||
		req_record(r, tx, tenant.id, "create", "tenant", tenant.id, err) < 0)
		return -1;
	return answer(r, &tenant, err);
}

int tenant_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

static int patch(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct tenant *tenant = NULL;
	if (find(r, tx, &tenant, err) < 0 || req_if_match(r, tenant->updated_at, err) < 0 ||
		req_patch(r, tenant, NULL, err) < 0)
		return -1;
	if (!strcmp(tenant->id, TENANT_PLATFORM_ID) && tenant->state != TENANT_ACTIVE)
		return mo_fail(err, MO_ECONFLICT, "the platform's own tenant cannot be suspended");
	tenant->updated_at = store_now(tx);
	if (store_tenant_update(tx, tenant, err) < 0 ||
		req_record(r, tx, tenant->id, "update", "tenant", tenant->id, err) < 0)
		return -1;
	return answer(r, tenant, err);
}

int tenant_patch(struct api_req *r, struct mo_err *err)
{
	return req_write(r, patch, err);
}

static int remove_tenant(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct tenant *tenant = NULL;
	if (find(r, tx, &tenant, err) < 0)
		return -1;
	if (!strcmp(tenant->id, TENANT_PLATFORM_ID))
		return mo_fail(err, MO_ECONFLICT, "the platform's own tenant cannot be removed");
	if (store_tenant_delete(tx, tenant->id, err) < 0 ||
		req_record(r, tx, TENANT_PLATFORM_ID, "delete", "tenant", tenant->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int tenant_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_tenant, err);
}
