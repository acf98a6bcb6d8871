/* Walks the route table and writes one OpenAPI document. */
#include "openapi.h"

#include "modelops/base/check.h"
#include "modelops/json/jw.h"
#include "modelops/wire/schema.h"

#include "query.h"
#include "route.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_MAX = 4 << 20 };

/* The one JSON reply without a noun: this document itself. */
#define OPENAPI_SCHEMA \
	"{\"type\":\"object\",\"x-opaque\":true,\"description\":\"Opaque: an OpenAPI 3.1 " \
	"document.\"}"

/* The server core writes problems, so their schema is here and not in wire. */
static const char problem_schema[] =
	"{\"type\":\"object\",\"description\":\"An error (RFC "
	"9457).\",\"additionalProperties\":false,"
	"\"required\":[\"type\",\"title\",\"status\",\"code\",\"detail\",\"request_id\"],"
	"\"properties\":{"
	"\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":"
	"\"integer\"},"
	"\"code\":{\"type\":\"string\",\"description\":\"Stable word for programs.\"},"
	"\"detail\":{\"type\":\"string\",\"description\":\"What happened; names the offending "
	"value.\"},"
	"\"field\":{\"type\":\"string\",\"description\":\"Path of the offending field.\"},"
	"\"hint\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}}}";

static const char security_schemes[] =
	"{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"API key of a "
	"principal.\"},"
	"\"actor\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Actor\","
	"\"description\":\"Demo mode only: NAME|tenant=TENANT|role=admin, user or viewer.\"},"
	"\"attempt\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"Token of a live "
	"attempt.\"}}";

/* "/v1/blobs/{key...}" is "{key}" in OpenAPI. */
static void path_text(const char *path, char out[128])
{
	size_t n = 0;
	for (const char *p = path; *p && n + 1 < 128; p++) {
		if (!strncmp(p, "...}", 4))
			p += 3;
		out[n++] = *p;
	}
	out[n] = '\0';
}

static void parameter(
	struct jw *w, const char *in, const char *name, bool required, const char *help)
{
	jw_obj(w);
	jw_kstr(w, "name", name);
	jw_kstr(w, "in", in);
	jw_kbool(w, "required", required);
	if (help)
		jw_kstr(w, "description", help);
	jw_key(w, "schema");
	jw_obj(w);
}

static void end_parameter(struct jw *w)
{
	jw_end_obj(w);
	jw_end_obj(w);
}

static void query_parameter(struct jw *w, const struct query_field *f)
{
	static const char *const types[] = {
		[Q_TEXT] = "string",
		[Q_INT] = "integer",
		[Q_TIME] = "string",
		[Q_ENUM] = "string",
		[Q_BOOL] = "boolean",
	};
	parameter(w, "query", f->name, f->required, f->help);
	jw_kstr(w, "type", types[f->type]);
	if (f->type == Q_TIME)
		jw_kstr(w, "format", "date-time");
	if (f->type == Q_ENUM) {
		jw_key(w, "enum");
		jw_arr(w);
		for (const char *c = f->choices; *c;) {
			size_t n = strcspn(c, " ");
			jw_strn(w, c, n);
			c += n + (c[n] == ' ');
		}
		jw_end_arr(w);
	}
	end_parameter(w);
}

static void header_parameter(struct jw *w, const char *name, const char *help)
{
	parameter(w, "header", name, false, help);
	jw_kstr(w, "type", "string");
	end_parameter(w);
}

static void path_parameters(struct jw *w, const char *path)
{
	for (const char *p = strchr(path, '{'); p; p = strchr(p, '{')) {
		size_t n = strcspn(++p, ".}");
		char name[32];
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		parameter(w, "path", name, true, NULL);
		jw_kstr(w, "type", !strcmp(name, "version") ? "integer" : "string");
		end_parameter(w);
	}
}

static void parameters(struct jw *w, const struct route *route)
{
	const struct query_field *fields[QUERY_MAX];
	unsigned n = query_fields(route, fields);
	bool any = n || strchr(route->path, '{') || route->flags & (RF_IDEMPOTENT | RF_MATCH);
	if (!any)
		return;
	jw_key(w, "parameters");
	jw_arr(w);
	path_parameters(w, route->path);
	for (unsigned i = 0; i < n; i++)
		query_parameter(w, fields[i]);
	if (route->flags & RF_IDEMPOTENT)
		header_parameter(w, "Idempotency-Key",
			"Repeats of the same request get the first reply for 24 hours.");
	if (route->flags & RF_MATCH)
		header_parameter(w, "If-Match", "ETag the object must still have; else 412.");
	jw_end_arr(w);
}

static void schema_ref(struct jw *w, const struct wire_noun *noun, enum wire_shape shape)
{
	char name[WIRE_SCHEMA_NAME], ref[WIRE_SCHEMA_NAME + 32];
	snprintf(ref, sizeof(ref), "#/components/schemas/%s", wire_schema_name(noun, shape, name));
	jw_obj(w);
	jw_kstr(w, "$ref", ref);
	jw_end_obj(w);
}

/* "content": one media type with a schema: a wire shape, or bytes and text as they are. */
static void content(struct jw *w, const struct wire_body *body, const char *type, bool yaml)
{
	jw_key(w, "content");
	jw_obj(w);
	jw_key(w, type ? type : "application/json");
	jw_obj(w);
	jw_key(w, "schema");
	if (body->noun)
		schema_ref(w, body->noun, body->shape);
	else
		jw_raw(w, type && !strcmp(type, "application/json") ? OPENAPI_SCHEMA
								    : "{\"type\":\"string\"}");
	jw_end_obj(w);
	if (yaml)
		jw_kraw(w, "application/yaml", "{\"schema\":{\"type\":\"string\"}}");
	jw_end_obj(w);
}

static void responses(struct jw *w, const struct route *route)
{
	char status[16];
	snprintf(status, sizeof(status), "%d", route->status);
	jw_key(w, "responses");
	jw_obj(w);
	jw_key(w, status);
	jw_obj(w);
	jw_kstr(w, "description", "Success.");
	if (route->out.noun || route->out_type)
		content(w, &route->out, route->out_type, false);
	jw_end_obj(w);
	jw_kraw(w, "default",
		"{\"description\":\"Problem.\",\"content\":{\"application/problem+json\":"
		"{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}");
	jw_end_obj(w);
}

static void security(struct jw *w, const struct route *route)
{
	static const char *const text[] = {
		[AUTH_PUBLIC] = "[]",
		[AUTH_ACTOR] = "[{\"key\":[]},{\"actor\":[]}]",
		[AUTH_ATTEMPT] = "[{\"attempt\":[]}]",
		[AUTH_SIGNED] = "[]",
	};
	jw_kraw(w, "security", text[route->auth]);
}

static void operation(struct jw *w, const struct route *route)
{
	char method[16] = "";
	const char *name = http_method_name(route->method);
	for (size_t i = 0; name[i] && i + 1 < sizeof(method); i++)
		method[i] = (char)tolower((unsigned char)name[i]);
	jw_key(w, method);
	jw_obj(w);
	jw_kstr(w, "operationId", route->id);
	jw_kstr(w, "summary", route->summary);
	jw_key(w, "tags");
	jw_arr(w);
	jw_str(w, route->tag);
	jw_end_arr(w);
	if (route->auth == AUTH_ACTOR)
		jw_kstr(w, "x-permission", auth_perm_name(route->perm));
	security(w, route);
	parameters(w, route);
	if (route->in.noun || route->in_type) {
		jw_key(w, "requestBody");
		jw_obj(w);
		jw_kbool(w, "required", true);
		content(w, &route->in, route->in_type, route->flags & RF_YAML);
		jw_end_obj(w);
	}
	responses(w, route);
	jw_end_obj(w);
}

static bool first_of_path(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(api_routes[i].path, api_routes[index].path))
			return false;
	return true;
}

static void paths(struct jw *w)
{
	jw_key(w, "paths");
	jw_obj(w);
	for (size_t i = 0; i < api_route_count; i++) {
		if (!first_of_path(i))
			continue;
		char path[128];
		path_text(api_routes[i].path, path);
		jw_key(w, path);
		jw_obj(w);
		for (size_t j = i; j < api_route_count; j++)
			if (!strcmp(api_routes[j].path, api_routes[i].path))
				operation(w, &api_routes[j]);
		jw_end_obj(w);
	}
	jw_end_obj(w);
}

int openapi_build(struct mo_buf *out, struct mo_err *err)
{
	struct jw w;
	mo_buf_init(out, DOCUMENT_MAX);
	jw_init(&w, out);
	jw_obj(&w);
	jw_kstr(&w, "openapi", "3.1.0");
	jw_key(&w, "info");
	jw_obj(&w);
	jw_kstr(&w, "title", "ModelOps Studio");
	jw_kstr(&w, "version", MO_VERSION);
	jw_kstr(&w, "description",
		"Lists answer {items, next} and take limit and cursor. Errors are problem+json. "
		"Another tenant's id answers "
		"like an absent one.");
	jw_end_obj(&w);
	paths(&w);
	jw_key(&w, "components");
	jw_obj(&w);
	jw_key(&w, "schemas");
	jw_obj(&w);
	wire_components(&w);
	jw_kraw(&w, "Problem", problem_schema);
	jw_end_obj(&w);
	jw_kraw(&w, "securitySchemes", security_schemes);
	jw_end_obj(&w);
	jw_end_obj(&w);
	if (jw_done(&w) < 0) {
		mo_buf_free(out);
		return mo_fail(err, MO_ENOMEM, "OpenAPI document");
	}
	return 0;
}
