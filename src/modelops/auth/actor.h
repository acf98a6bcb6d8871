/* Who is asking: the result of authentication, and the demo header that names an actor outright. */
#ifndef MODELOPS_AUTH_ACTOR_H
#define MODELOPS_AUTH_ACTOR_H

#include "modelops/auth/perm.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"

enum { AUTH_NAME_MAX = 64 }; /* names are RFC 1123 labels of at most 63 bytes */

/* Fixed size and copied by value: caches hand out copies, never pointers. */
struct auth_actor {
	enum auth_role role;          /* ROLE_NOBODY: nobody */
	uint64_t perms;               /* the role's, cut by the key's scopes */
	char name[AUTH_NAME_MAX];     /* for people: audit, created_by */
	char principal_id[MO_ID_MAX]; /* "" for a demo actor */
	char tenant_id[MO_ID_MAX];
	char tenant_name[AUTH_NAME_MAX];
	char key_id[MO_ID_MAX];     /* "" for a demo actor */
	char project_id[MO_ID_MAX]; /* not "": may touch this project only */
	int64_t expires_at;         /* of the key: microseconds since the epoch; 0: never */
};

/* What an X-Actor header says, before the tenant is looked up. */
struct auth_claim {
	char name[AUTH_NAME_MAX], tenant[AUTH_NAME_MAX];
	enum auth_role role;
};

/* Reads "NAME|tenant=TENANT|role=admin|user|viewer" (exactly this order, no blanks; names are RFC
 * 1123 labels, the actor's name may also hold '.', '_' and '@'). admin of the tenant `platform` is
 * the platform admin, of another tenant its tenant admin. MO_EAUTH with what is wrong. */
int auth_claim_parse(struct mo_str header, struct auth_claim *ret_claim, struct mo_err *err);

#endif
