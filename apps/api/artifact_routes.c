/* Artifacts: rows here, bytes in the object store; a row appears only when its bytes are whole. */
#include "handlers.h"

#include "modelops/domain/artifact.h"
#include "modelops/objstore/objstore.h"
#include "modelops/store/artifacts.h"
#include "modelops/wire/artifact.h"

#include "content_digest.h"
#include "rows.h"
#include "transfer.h"

#include <stdio.h>
#include <string.h>

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct artifact_filter f = { 0 };
	struct artifact *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		req_list_project(r, tx, tenant, &f.project_id, err) < 0)
		return -1;
	f.name = query_text(&r->query, "name");
	f.run_id = query_text(&r->query, "run_id");
	if (store_artifact_list(tx, tenant, &f, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int artifact_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

/* The artifact of the path that the caller may see. */
static int find(struct api_req *r, struct store_tx *tx, struct artifact **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct artifact *artifact = NULL;
	if (store_artifact_get(tx, r->tenant, id, r->arena, &artifact, err) < 0 ||
		req_in_project(r, artifact->project_id, "artifact", id, err) < 0)
		return -1;
	if (artifact->state == ARTIFACT_DELETED)
		return mo_fail(err, MO_ENOTFOUND, "no artifact '%.80s'", id);
	*ret = artifact;
	return 0;
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct artifact *artifact = NULL;
	return find(r, tx, &artifact, err) < 0 ? -1 : req_answer(r, artifact, err);
}

int artifact_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

static int find_content(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct artifact *artifact = NULL;
	if (find(r, tx, &artifact, err) < 0)
		return -1;
	if (artifact->state != ARTIFACT_READY)
		return mo_fail(err, MO_ECONFLICT, "artifact '%s' is not ready", artifact->id);
	r->in = artifact;
	return 0;
}

int artifact_content(struct api_req *r, struct mo_err *err)
{
	if (req_read(r, find_content, err) < 0)
		return -1;
	const struct artifact *artifact = r->in;
	if (http_req_header(r->http, "X-Content-Type-Options", "nosniff", err) < 0 ||
		http_req_header(r->http, "Content-Disposition", "attachment", err) < 0 ||
		content_digest_add(r, artifact->sha256, err) < 0)
		return -1;
	return transfer_out(r, artifact->object_key, "application/octet-stream", err);
}

static int remove_artifact(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct artifact *artifact = NULL;
	if (find(r, tx, &artifact, err) < 0)
		return -1;
	if (store_artifact_delete(tx, artifact, err) < 0 ||
		req_record(r, tx, artifact->tenant_id, "delete", "artifact", artifact->id, err) < 0)
		return -1;
	r->in = artifact;
	return req_answer_none(r);
}

int artifact_delete(struct api_req *r, struct mo_err *err)
{
	if (req_write(r, remove_artifact, err) < 0)
		return -1;
	/* The row is gone; should this fail, the agent's sweep removes the object. */
	const struct artifact *artifact = r->in;
	struct mo_err ignored = { 0 };
	if (artifact)
		objstore_delete(r->api->objects, artifact->object_key, &ignored);
	return 0;
}

/* An upload on its way: the row that will be. */
struct upload {
	struct artifact row;
	const char *wanted; /* sha256 the client promised, or NULL */
};

/* Names become file names on other people's machines: no path tricks. */
static int check_name(const char *name, struct mo_err *err)
{
	size_t n = strlen(name);
	bool bad = n < 1 || n > 200 || name[0] == '.' || name[0] == '-';
	for (size_t i = 0; i < n && !bad; i++)
		bad = (unsigned char)name[i] < 0x20 || name[i] == 0x7f || strchr("/\\", name[i]);
	if (bad)
		return mo_fail_field(err, "name",
			"'%.80s' is no artifact name: 1 to 200 bytes without / \\ and control "
			"characters, not starting with . or -",
			name);
	return 0;
}

static int check_digest(struct api_req *r, struct upload *u, struct mo_err *err)
{
	const char *given = query_text(&r->query, "sha256"), *header = NULL;
	if (given && !sha256_text_valid(given))
		return mo_fail_field(
			err, "sha256", "'%.80s' is not 64 lower-case hex digits", given);
	if (content_digest(r, &header, err) < 0)
		return -1;
	if (given && header && strcmp(given, header) != 0)
		return mo_fail_field(
			err, "sha256", "the query and Content-Digest name different digests");
	u->wanted = given ? given : header;
	return 0;
}

/* Before the first byte: who, where, and under which key. */
static int place(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct upload *u = r->in;
	struct project *project = NULL;
	const char *tenant = NULL;
	if (req_create_tenant(r, tx, NULL, &tenant, err) < 0 ||
		req_project(r, tx, tenant, query_text(&r->query, "project_id"), &project, err) < 0)
		return -1;
	u->row.id = req_new_id(r, "art");
	u->row.tenant_id = project->tenant_id;
	u->row.project_id = project->id;
	u->row.object_key = mo_arena_printf(r->arena, "tenants/%s/projects/%s/artifacts/%s",
		project->tenant_id, project->id, u->row.id);
	return u->row.object_key ? 0 : mo_fail(err, MO_ENOMEM, "object key");
}

/* The object is whole and in place; now the row. */
static int insert(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct upload *u = r->in;
	u->row.created_at = store_now(tx);
	if (store_artifact_insert(tx, &u->row, err) < 0 ||
		req_record(r, tx, u->row.tenant_id, "create", "artifact", u->row.id, err) < 0)
		return -1;
	r->stored = true;
	return req_answer(r, &u->row, err);
}

static int receive(struct api_req *r, struct upload *u, struct mo_err *err)
{
	struct objstore_put *put = NULL;
	struct objstore_info info = { 0 };
	if (objstore_put_begin(r->api->objects, u->row.object_key, &put, err) < 0)
		return -1;
	if (transfer_in(r, put, err) < 0) {
		objstore_put_abort(put);
		return -1;
	}
	if (objstore_put_commit(put, u->wanted, -1, &info, err) < 0)
		return -1;
	u->row.size = info.size;
	memcpy(r->body_sha256, info.sha256, sizeof(r->body_sha256));
	u->row.sha256 = r->body_sha256;
	return 0;
}

int artifact_upload(struct api_req *r, struct mo_err *err)
{
	struct upload *u = mo_arena_zalloc(r->arena, sizeof(*u));
	if (!u)
		return mo_fail(err, MO_ENOMEM, "upload");
	const char *type = req_header(r, "Content-Type");
	u->row.name = query_text(&r->query, "name");
	u->row.kind =
		(enum artifact_kind)enum_parse(&artifact_kinds, query_text(&r->query, "kind"));
	u->row.state = ARTIFACT_READY;
	u->row.content_type = type ? type : "application/octet-stream";
	u->row.created_by = req_actor(r);
	r->in = u;
	if (check_name(u->row.name, err) < 0 || check_digest(r, u, err) < 0 ||
		req_read(r, place, err) < 0 || receive(r, u, err) < 0)
		return -1;
	int rc = req_write(r, insert, err);
	struct mo_err ignored = { 0 };
	if (rc < 0 ||
		!r->stored) /* refused, or an answer given before: these bytes belong to no row */
		objstore_delete(r->api->objects, u->row.object_key, &ignored);
	return rc;
}
