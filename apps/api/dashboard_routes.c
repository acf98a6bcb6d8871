/* Dashboards: Grafana documents of tenants (scope user) and of the platform (scope admin). */
#include "handlers.h"

#include "modelops/domain/dashboard.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/dashboards.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/dashboard.h"

#include "configmap.h"
#include "rows.h"

#include <string.h>

static bool is_admin(const struct api_req *r)
{
	return r->actor.role == ROLE_PLATFORM_ADMIN;
}

static int need_platform(const struct api_req *r, struct mo_err *err)
{
	if (is_admin(r))
		return 0;
	mo_fail(err, MO_EDENIED, "dashboards of scope admin are for platform admins");
	return mo_advise(err, "permission_denied", NULL);
}

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct dashboard *rows = NULL;
	size_t n = 0;
	const char *scope = query_text(&r->query, "scope");
	struct dashboard_filter f = { .admin = is_admin(r), .scope = -1 };
	if (scope)
		f.scope = enum_parse(&dashboard_scopes, scope);
	if (f.scope == DASHBOARD_ADMIN && need_platform(r, err) < 0)
		return -1;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &f.tenant, err) < 0 ||
		store_dashboard_list(tx, &f, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int dashboard_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

/* Dashboards of tenants, and built-in ones of scope user, are for everybody in the tenant; the rest
 * is absent. */
static int find(struct api_req *r, struct store_tx *tx, struct dashboard **ret, struct mo_err *err)
{
	struct dashboard_filter f = { .tenant = r->tenant, .admin = is_admin(r), .scope = -1 };
	return store_dashboard_get(tx, &f, req_param(r, "id"), r->arena, ret, err);
}

static int find_writable(
	struct api_req *r, struct store_tx *tx, struct dashboard **ret, struct mo_err *err)
{
	struct dashboard *found = NULL;
	if (find(r, tx, &found, err) < 0)
		return -1;
	if (found->builtin)
		return mo_fail(err, MO_ECONFLICT,
			"dashboard '%s' is built in; make one of another name", found->name);
	*ret = found;
	return 0;
}

static int answer(struct api_req *r, const struct dashboard *dashboard, struct mo_err *err)
{
	r->etag = dashboard->version;
	return req_answer(r, dashboard, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct dashboard *dashboard = NULL;
	return find(r, tx, &dashboard, err) < 0 ? -1 : answer(r, dashboard, err);
}

int dashboard_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* scope and tenant_id may stand in the query, the body or both alike. */
static int place(struct api_req *r, struct store_tx *tx, struct dashboard *d, struct mo_err *err)
{
	const char *scope = query_text(&r->query, "scope");
	if (scope && strcmp(scope, enum_name(&dashboard_scopes, (int)d->scope)) != 0)
		return mo_fail_field(err, "scope", "the query says '%s', the body '%s'", scope,
			enum_name(&dashboard_scopes, (int)d->scope));
	if (d->scope == DASHBOARD_USER)
		return req_create_tenant(r, tx, d->tenant_id, &d->tenant_id, err);
	if (need_platform(r, err) < 0)
		return -1;
	if (d->tenant_id)
		return mo_fail_field(
			err, "tenant_id", "dashboards of scope admin belong to no tenant");
	return 0;
}

static const char *owner(const struct dashboard *d)
{
	return d->tenant_id ? d->tenant_id : TENANT_PLATFORM_ID;
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct dashboard dashboard = *(const struct dashboard *)r->in;
	if (place(r, tx, &dashboard, err) < 0)
		return -1;
	dashboard.id = req_new_id(r, "dsh");
	dashboard.version = 1;
	dashboard.created_at = dashboard.updated_at = store_now(tx);
	if (store_dashboard_insert(tx, &dashboard, err) < 0 ||
		req_record(r, tx, owner(&dashboard), "create", "dashboard", dashboard.id, err) < 0)
		return -1;
	return answer(r, &dashboard, err);
}

int dashboard_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

/* A body may repeat whose it is, by id or name. */
static int check_owner(struct api_req *r, struct store_tx *tx, const struct dashboard *in,
	const struct dashboard *old, struct mo_err *err)
{
	const char *tenant = NULL;
	if (!in->tenant_id)
		return 0;
	if (req_tenant(r, tx, in->tenant_id, &tenant, err) < 0)
		return -1;
	if (!old->tenant_id || strcmp(tenant, old->tenant_id) != 0)
		return mo_fail_field(err, "tenant_id", "the owner of a dashboard stays what it is");
	return 0;
}

static int replace(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct dashboard *in = r->in;
	struct dashboard *old = NULL;
	if (find_writable(r, tx, &old, err) < 0 || req_if_match(r, old->version, err) < 0)
		return -1;
	if (in->scope != old->scope)
		return mo_fail_field(err, "scope", "the scope of a dashboard stays what it is");
	if (check_owner(r, tx, in, old, err) < 0)
		return -1;
	struct dashboard next = *old;
	next.name = in->name;
	next.title = in->title;
	next.definition = in->definition;
	next.updated_at = store_now(tx);
	if (store_dashboard_update(tx, &next, err) < 0 ||
		req_record(r, tx, owner(&next), "update", "dashboard", next.id, err) < 0)
		return -1;
	next.version++;
	return answer(r, &next, err);
}

int dashboard_put(struct api_req *r, struct mo_err *err)
{
	return req_write(r, replace, err);
}

static int remove_dashboard(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct dashboard *dashboard = NULL;
	if (find_writable(r, tx, &dashboard, err) < 0)
		return -1;
	if (store_dashboard_delete(tx, dashboard->tenant_id, dashboard->id, err) < 0 ||
		req_record(r, tx, owner(dashboard), "delete", "dashboard", dashboard->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int dashboard_delete(struct api_req *r, struct mo_err *err)
{
	return req_write(r, remove_dashboard, err);
}

static int export(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct dashboard *dashboard = NULL;
	const char *namespace = query_text(&r->query, "namespace"), *text = NULL;
	struct tenant *owner = NULL;
	if (!namespace)
	namespace = "monitoring";
	if (!mo_name_valid(namespace, strlen(namespace)))
		return mo_fail_field(err, "namespace", "'%.80s' is no namespace", namespace);
	if (find(r, tx, &dashboard, err) < 0)
		return -1;
	if (dashboard->tenant_id &&
		store_tenant_get(tx, dashboard->tenant_id, r->arena, &owner, err) < 0)
		return -1;
	if (configmap_text(dashboard, owner ? owner->name : NULL, namespace, r->arena, &text, err) <
		0)
		return -1;
	return req_answer_text(r, "application/yaml", mo_str(text));
}

int dashboard_export(struct api_req *r, struct mo_err *err)
{
	return req_read(r, export, err);
}
