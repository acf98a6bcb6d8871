/* The one table of roles and permissions. */
#include "modelops/auth/perm.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <string.h>

enum {
	V = 1 << ROLE_VIEWER,
	U = 1 << ROLE_USER,
	T = 1 << ROLE_TENANT_ADMIN,
	P = 1 << ROLE_PLATFORM_ADMIN
};

/* Who holds each permission. */
static const struct {
	const char *name;
	unsigned roles;
} perms[PERM_COUNT] = {
	[PERM_NONE] = { "public", V | U | T | P },
	[PERM_ANY] = { "any", V | U | T | P },
	[PERM_PLATFORM] = { "platform", P },
	[PERM_TENANT_READ] = { "tenant.read", V | U | T | P },
	[PERM_TENANT_ADMIN] = { "tenant.admin", T | P },
	[PERM_PROJECT_READ] = { "project.read", V | U | T | P },
	[PERM_PROJECT_WRITE] = { "project.write", U | T | P },
	[PERM_QUOTA_READ] = { "quota.read", V | U | T | P },
	[PERM_POOL_READ] = { "pool.read", V | U | T | P },
	[PERM_ARTIFACT_READ] = { "artifact.read", V | U | T | P },
	[PERM_ARTIFACT_WRITE] = { "artifact.write", U | T | P },
	[PERM_PIPELINE_READ] = { "pipeline.read", V | U | T | P },
	[PERM_PIPELINE_WRITE] = { "pipeline.write", U | T | P },
	[PERM_RUN_READ] = { "run.read", V | U | T | P },
	[PERM_RUN_WRITE] = { "run.write", U | T | P },
	[PERM_MODEL_READ] = { "model.read", V | U | T | P },
	[PERM_MODEL_WRITE] = { "model.write", U | T | P },
	[PERM_DEPLOYMENT_READ] = { "deployment.read", V | U | T | P },
	[PERM_DEPLOYMENT_WRITE] = { "deployment.write", U | T | P },
	[PERM_PREDICT] = { "predict", U | T | P },
	[PERM_EXPLAIN] = { "explain", U | T | P },
	[PERM_USAGE_READ] = { "usage.read", V | U | T | P },
	[PERM_BILLING_READ] = { "billing.read", U | T | P },
	[PERM_BILLING_WRITE] = { "billing.write", T | P },
	[PERM_DASH_READ] = { "dash.read", V | U | T | P },
	[PERM_DASH_WRITE] = { "dash.write", U | T | P },
};

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_NOBODY] = "nobody",
	[ROLE_VIEWER] = "viewer",
	[ROLE_USER] = "user",
	[ROLE_TENANT_ADMIN] = "tenant_admin",
	[ROLE_PLATFORM_ADMIN] = "platform_admin",
};

const char *auth_perm_name(enum auth_perm perm)
{
	MO_ASSERT(perm < PERM_COUNT);
	return perms[perm].name;
}

uint64_t auth_role_perms(enum auth_role role)
{
	uint64_t set = 0;
	for (int i = 0; role != ROLE_NOBODY && i < PERM_COUNT; i++)
		if (perms[i].roles >> role & 1)
			set |= UINT64_C(1) << i;
	return set;
}

const char *auth_role_name(enum auth_role role)
{
	MO_ASSERT(role < ROLE_COUNT);
	return role_names[role];
}

enum auth_role auth_role_parse(const char *name)
{
	for (int i = ROLE_VIEWER; name && i < ROLE_COUNT; i++)
		if (!strcmp(name, role_names[i]))
			return (enum auth_role)i;
	return ROLE_NOBODY;
}

static int find_perm(struct mo_str word)
{
	for (int i = PERM_PLATFORM + 1; i < PERM_COUNT; i++)
		if (mo_str_eq(word, perms[i].name))
			return i;
	return -1;
}

int auth_scopes_parse(const char *scopes, uint64_t *ret_perms, struct mo_err *err)
{
	if (!scopes || !*scopes) {
		*ret_perms = ~UINT64_C(0);
		return 0;
	}
	uint64_t set = UINT64_C(1) << PERM_ANY;
	for (const char *s = scopes; *s;) {
		size_t n = strcspn(s, " ");
		int perm = find_perm((struct mo_str){ s, n });
		if (perm < 0)
			return mo_fail_field(err, "scopes", "'%.*s' is not a permission",
				(int)(n > 64 ? 64 : n), s);
		set |= UINT64_C(1) << perm;
		s += n + (s[n] == ' ');
	}
	*ret_perms = set;
	return 0;
}
