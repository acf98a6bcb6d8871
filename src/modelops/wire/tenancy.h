/* Tenants, projects, principals, role bindings, API keys, quotas. */
#ifndef MODELOPS_WIRE_TENANCY_H
#define MODELOPS_WIRE_TENANCY_H

#include "modelops/domain/api_key.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_tenant;       /* struct tenant */
extern const struct wire_noun wire_project;      /* struct project */
extern const struct wire_noun wire_principal;    /* struct principal */
extern const struct wire_noun wire_role_binding; /* struct role_binding */
extern const struct wire_noun wire_api_key;      /* struct api_key; CREATE takes expires_at too */

/* The one reply that shows the secret. */
struct wire_api_key_created {
	struct api_key key;
	const char *secret; /* "mok_..." */
};
extern const struct wire_noun wire_api_key_created;

extern const struct wire_noun wire_quota;     /* struct quota */
extern const struct wire_noun wire_quota_put; /* struct quota, body of PUT: max_shares */

/* GET /v1/whoami */
struct wire_whoami {
	const char *name, *principal_id, *tenant_id, *tenant, *role, *project_id, *key_id;
	const char *permissions; /* space-separated */
};
extern const struct wire_noun wire_whoami;

#endif
