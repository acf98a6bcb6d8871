/* Scope, pages, audit and conditions: the same for every noun. */
#include "rows.h"

#include "modelops/domain/tenant.h"
#include "modelops/store/records.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/schema.h"

#include <string.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 500 };

struct read {
	struct api_req *r;
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err);
};

static int run_read(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct read *read = ctx;
	return read->fn(read->r, tx, err);
}

static struct store_reader *loop_reader(const struct api_req *r)
{
	for (int64_t i = 0; i < r->api->cfg.loops; i++)
		if (r->api->loops[i].loop == r->http->loop)
			return r->api->loops[i].reader;
	return NULL;
}

int req_read(struct api_req *r,
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err), struct mo_err *err)
{
	struct read read = { r, fn };
	return r->on_worker ? store_read(r->api->store, run_read, &read, err)
			    : store_reader_run(loop_reader(r), run_read, &read, err);
}

const char *req_new_id(struct api_req *r, const char *prefix)
{
	char id[MO_ID_MAX];
	return mo_arena_strdup(r->arena, mo_id_new(prefix, id));
}

const char *req_actor(const struct api_req *r)
{
	return r->actor.name;
}

int req_tenant(struct api_req *r, struct store_tx *tx, const char *ref, const char **ret_tenant,
	struct mo_err *err)
{
	bool own = !strcmp(ref, r->actor.tenant_id) || !strcmp(ref, r->actor.tenant_name);
	if (own) {
		*ret_tenant = r->actor.tenant_id;
		return 0;
	}
	if (r->actor.role != ROLE_PLATFORM_ADMIN)
		return mo_fail(err, MO_ENOTFOUND, "no tenant '%.80s'", ref);
	struct tenant *tenant = NULL;
	if (store_tenant_find(tx, ref, r->arena, &tenant, err) < 0)
		return -1;
	*ret_tenant = tenant->id;
	return 0;
}

int req_list_tenant(
	struct api_req *r, struct store_tx *tx, const char **ret_tenant, struct mo_err *err)
{
	const char *ref = query_text(&r->query, "tenant_id");
	if (ref)
		return req_tenant(r, tx, ref, ret_tenant, err);
	*ret_tenant = r->tenant;
	return 0;
}

int req_create_tenant(struct api_req *r, struct store_tx *tx, const char *body,
	const char **ret_tenant, struct mo_err *err)
{
	const char *ref = query_text(&r->query, "tenant_id");
	if (body && ref && strcmp(body, ref) != 0)
		return mo_fail_field(
			err, "tenant_id", "the body says '%.60s', the query '%.60s'", body, ref);
	return req_tenant(r, tx, body ? body : ref ? ref : r->actor.tenant_id, ret_tenant, err);
}

int req_in_project(const struct api_req *r, const char *project_id, const char *noun,
	const char *id, struct mo_err *err)
{
	if (!r->actor.project_id[0] || (project_id && !strcmp(project_id, r->actor.project_id)))
		return 0;
	return mo_fail(err, MO_ENOTFOUND, "no %s '%.80s'", noun, id);
}

int req_project(struct api_req *r, struct store_tx *tx, const char *tenant, const char *ref,
	struct project **ret_project, struct mo_err *err)
{
	struct project *project = NULL;
	if (store_project_find(tx, tenant, ref, r->arena, &project, err) < 0 ||
		req_in_project(r, project->id, "project", ref, err) < 0)
		return -1;
	*ret_project = project;
	return 0;
}

int req_list_project(struct api_req *r, struct store_tx *tx, const char *tenant,
	const char **ret_project_id, struct mo_err *err)
{
	const char *ref = query_text(&r->query, "project_id");
	struct project *project = NULL;
	if (!ref) {
		*ret_project_id = r->actor.project_id[0] ? r->actor.project_id : NULL;
		return 0;
	}
	if (req_project(r, tx, tenant, ref, &project, err) < 0)
		return -1;
	*ret_project_id = project->id;
	return 0;
}

int req_page(struct api_req *r, struct store_page *ret_page, struct mo_err *err)
{
	int64_t limit = query_number(&r->query, "limit", LIMIT_DEFAULT);
	const char *cursor = query_text(&r->query, "cursor");
	if (limit < 1 || limit > LIMIT_MAX)
		return mo_fail_field(
			err, "limit", "limit %lld is not 1 to %d", (long long)limit, LIMIT_MAX);
	if (cursor && strlen(cursor) > 3 * MO_ID_MAX)
		return mo_fail_field(err, "cursor", "the cursor is none of ours");
	*ret_page = (struct store_page){ .after = cursor, .limit = limit + 1 };
	return 0;
}

int req_answer_rows_by(struct api_req *r, const void *rows, size_t n,
	const char *(*cursor)(struct api_req *r, const void *row), struct mo_err *err)
{
	size_t limit = (size_t)query_number(&r->query, "limit", LIMIT_DEFAULT),
	       size = r->route->out.noun->size;
	const char *next = NULL;
	if (n > limit) {
		n = limit;
		next = cursor(r, (const char *)rows + (n - 1) * size);
		if (!next)
			return mo_fail(err, MO_ENOMEM, "cursor");
	}
	return req_answer_page(r, rows, n, next, err);
}

static const char *id_cursor(struct api_req *r, const void *row)
{
	const char *id;
	memcpy(&id, row, sizeof(id));
	return id;
}

int req_answer_rows(struct api_req *r, const void *rows, size_t n, struct mo_err *err)
{
	return req_answer_rows_by(r, rows, n, id_cursor, err);
}

int req_record(struct api_req *r, struct store_tx *tx, const char *tenant, const char *action,
	const char *noun, const char *id, struct mo_err *err)
{
	struct audit_entry entry = {
		.tenant_id = tenant,
		.actor = req_actor(r),
		.action = action,
		.noun = noun,
		.noun_id = id,
		.request_id = r->http->id,
	};
	const char *callers = key_cache_touched(noun, id, tenant);
	if (callers)
		r->drop_keys = callers;
	return store_audit(tx, &entry, err) < 0 ? -1 : store_change(tx, noun, tenant, id, err);
}

int req_if_match(struct api_req *r, int64_t version, struct mo_err *err)
{
	char text[32];
	const char *sent = req_header(r, "If-Match");
	req_etag_text(version, text);
	if (!sent || !strcmp(sent, "*") || !strcmp(sent, text))
		return 0;
	mo_fail(err, MO_EPRECOND, "If-Match is %.60s, the object has %s", sent, text);
	return mo_advise(err, NULL, "read the object again");
}

int req_version(struct api_req *r, int64_t *ret_version, struct mo_err *err)
{
	const char *text = req_param(r, "version");
	if (mo_parse_i64(text, strlen(text), ret_version) < 0 || *ret_version < 1)
		return mo_fail(err, MO_ENOTFOUND, "no version '%.40s'", text);
	return 0;
}
