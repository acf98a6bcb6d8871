/* --openapi and --routes: the program's own tables for tools and tests. */
#include "print.h"

#include "modelops/json/jw.h"

#include "openapi.h"
#include "route.h"

static int finish(struct mo_buf *text, FILE *out)
{
	int rc = text->failed || fwrite(text->data, 1, text->len, out) != text->len ||
		 fputc('\n', out) == EOF;
	mo_buf_free(text);
	return rc;
}

int print_openapi(FILE *out)
{
	struct mo_buf text;
	struct mo_err err = { 0 };
	if (openapi_build(&text, &err) < 0) {
		fprintf(stderr, "modelops-api: %s\n", err.msg);
		return 1;
	}
	return finish(&text, out);
}

static const char *const auth_names[] = {
	[AUTH_PUBLIC] = "public",
	[AUTH_ACTOR] = "actor",
	[AUTH_ATTEMPT] = "attempt",
	[AUTH_SIGNED] = "signature",
};
static const char *const where_names[] = {
	[ON_LOOP] = "LOOP",
	[ON_READ] = "LOOP",
	[ON_WRITE] = "WRITE",
	[ON_WORKER] = "WORKER",
	[ON_STREAM] = "STREAM",
};

/* Who holds PERM. */
static void print_roles(struct jw *w, enum auth_perm perm)
{
	jw_key(w, "roles");
	jw_arr(w);
	for (int role = ROLE_VIEWER; role < ROLE_COUNT; role++)
		if (auth_allows(auth_role_perms((enum auth_role)role), perm))
			jw_str(w, auth_role_name((enum auth_role)role));
	jw_end_arr(w);
}

int print_routes(FILE *out)
{
	struct mo_buf text;
	struct jw w;
	mo_buf_init(&text, 1 << 20);
	jw_init(&w, &text);
	jw_arr(&w);
	for (size_t i = 0; i < api_route_count; i++) {
		const struct route *r = &api_routes[i];
		jw_obj(&w);
		jw_kstr(&w, "method", http_method_name(r->method));
		jw_kstr(&w, "path", r->path);
		jw_kstr(&w, "auth", auth_names[r->auth]);
		jw_kstr(&w, "permission", auth_perm_name(r->perm));
		print_roles(&w, r->perm);
		jw_ki64(&w, "max_body", (int64_t)r->max_body);
		jw_kstr(&w, "where", where_names[r->where]);
		jw_kbool(&w, "idempotent", r->flags & RF_IDEMPOTENT);
		jw_kbool(&w, "demo_only", r->flags & RF_DEMO);
		jw_ki64(&w, "status", r->status);
		jw_kstr(&w, "tag", r->tag);
		jw_kstr(&w, "id", r->id);
		jw_kstr(&w, "summary", r->summary);
		jw_end_obj(&w);
	}
	jw_end_arr(&w);
	return jw_done(&w) < 0 ? 1 : finish(&text, out);
}
