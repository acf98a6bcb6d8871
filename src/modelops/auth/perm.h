/* Permissions and roles: which role may do what. The table is perm_table.c; the reviewed truth is
 * tests/golden/authz.tsv. */
#ifndef MODELOPS_AUTH_PERM_H
#define MODELOPS_AUTH_PERM_H

#include "modelops/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum auth_perm {
	PERM_NONE, /* no actor needed: public, or proven another way (signature, attempt token) */
	PERM_ANY,  /* any actor */
	PERM_PLATFORM, /* platform admin only */
	PERM_TENANT_READ,
	PERM_TENANT_ADMIN,
	PERM_PROJECT_READ,
	PERM_PROJECT_WRITE,
	PERM_QUOTA_READ,
	PERM_POOL_READ,
	PERM_ARTIFACT_READ,
	PERM_ARTIFACT_WRITE,
	PERM_PIPELINE_READ,
	PERM_PIPELINE_WRITE,
	PERM_RUN_READ,
	PERM_RUN_WRITE,
	PERM_MODEL_READ,
	PERM_MODEL_WRITE,
	PERM_DEPLOYMENT_READ,
	PERM_DEPLOYMENT_WRITE,
	PERM_PREDICT,
	PERM_EXPLAIN,
	PERM_USAGE_READ,
	PERM_BILLING_READ,
	PERM_BILLING_WRITE,
	PERM_DASH_READ,
	PERM_DASH_WRITE,
	PERM_COUNT
};

enum auth_role {
	ROLE_NOBODY,
	ROLE_VIEWER,
	ROLE_USER,
	ROLE_TENANT_ADMIN,
	ROLE_PLATFORM_ADMIN,
	ROLE_COUNT
};

/* A set of permissions is a uint64_t: bit N is enum auth_perm N. */

/* "artifact.read"; string constant. */
const char *auth_perm_name(enum auth_perm perm);

/* What ROLE may do. */
uint64_t auth_role_perms(enum auth_role role);

/* "tenant_admin"; string constant. ROLE_NOBODY is "nobody". */
const char *auth_role_name(enum auth_role role);

/* ROLE_NOBODY when NAME is no role's name. */
enum auth_role auth_role_parse(const char *name);

/* Reads an API key's scopes ("artifact.read run.write"): space-separated permission names. NULL or
 * "" is "all the role may". MO_EFIELD naming an unknown one. */
int auth_scopes_parse(const char *scopes, uint64_t *ret_perms, struct mo_err *err);

/* PERMS holds PERM; PERM_NONE is held by everybody, PERM_ANY by every actor. */
static inline bool auth_allows(uint64_t perms, enum auth_perm perm)
{
	return perm == PERM_NONE || (perms >> perm & 1);
}

#endif
