/* Who the caller is, as authentication found out. */
#include "handlers.h"

#include "modelops/base/buf.h"
#include "modelops/wire/tenancy.h"

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

int whoami_get(struct api_req *r, struct mo_err *err)
{
	const struct auth_actor *a = &r->actor;
	mo_autobuf struct mo_buf words;
	mo_buf_init(&words, 4096);
	for (int p = PERM_PLATFORM; p < PERM_COUNT; p++)
		if (auth_allows(a->perms, (enum auth_perm)p))
			mo_buf_printf(&words, "%s%s", words.len ? " " : "",
				auth_perm_name((enum auth_perm)p));
	struct wire_whoami me = {
		.name = a->name,
		.principal_id = or_null(a->principal_id),
		.tenant_id = a->tenant_id,
		.tenant = a->tenant_name,
		.role = auth_role_name(a->role),
		.project_id = or_null(a->project_id),
		.key_id = or_null(a->key_id),
		.permissions = mo_buf_str(&words),
	};
	return req_answer(r, &me, err);
}
