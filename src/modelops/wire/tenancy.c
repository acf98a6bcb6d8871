/* Field tables of tenants, projects, principals, role bindings, API keys, quotas. */
#include "modelops/wire/tenancy.h"

#include "modelops/domain/principal.h"
#include "modelops/domain/project.h"
#include "modelops/domain/quota.h"
#include "modelops/domain/tenant.h"
#include "modelops/wire/fields.h"

static const struct wire_field tenant_fields[] = {
	ID_FIELD(tenant),
	FIELD(tenant, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"acme\""),
	FIELD(tenant, state, WIRE_ENUM, .flags = WIRE_PATCHY, .ref = &tenant_states,
		.def = "\"ACTIVE\"",
		.about = "A suspended tenant's requests are refused, its queued "
			 "work waits, its instances are drained."),
	FIELD(tenant, price_plan_id, WIRE_ID, .flags = WIRE_PATCHY | WIRE_NULL,
		.about = "The price plan of its invoices; null for the default plan."),
	CREATED_FIELD(tenant),
	UPDATED_FIELD(tenant),
};
NOUN(wire_tenant, "Tenant", tenant, tenant_fields, READ_PATCH,
	"A customer of the platform; owner of everything else.");

static const struct wire_field project_fields[] = {
	ID_FIELD(project),
	TENANT_FIELD(project),
	FIELD(project, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"vision\"",
		.about = "Unique in the tenant."),
	CREATED_FIELD(project),
};
NOUN(wire_project, "Project", project, project_fields, READ_WRITE, "A folder for a tenant's work.");

static const struct wire_field principal_fields[] = {
	ID_FIELD(principal),
	TENANT_FIELD(principal),
	FIELD(principal, kind, WIRE_ENUM, .ref = &principal_kinds, .def = "\"user\""),
	FIELD(principal, name, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63,
		.about = "Unique in the tenant.", .example = "\"ana\""),
	FIELD(principal, limited, WIRE_BOOL, .flags = WIRE_RO,
		.about = "It had a role binding once: its keys act by its bindings only."),
	CREATED_FIELD(principal),
};
NOUN(wire_principal, "Principal", principal, principal_fields, READ_WRITE,
	"A person or a service account of a tenant.");

static const struct wire_field role_binding_fields[] = {
	ID_FIELD(role_binding),
	TENANT_FIELD(role_binding),
	FIELD(role_binding, principal_id, WIRE_ID, .flags = WIRE_REQ),
	FIELD(role_binding, role, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 32,
		.example = "\"user\"", .about = "tenant_admin, user or viewer."),
	FIELD(role_binding, project_id, WIRE_REF, .flags = WIRE_NULL,
		.about = "null: all projects."),
	CREATED_FIELD(role_binding),
};
NOUN(wire_role_binding, "RoleBinding", role_binding, role_binding_fields, READ_WRITE,
	"What a principal may do.");

#define API_KEY_FIELDS(s, at) \
	FIELD_AS(s, "id", at id, WIRE_ID, .flags = WIRE_RO), \
		FIELD_AS(s, "tenant_id", at tenant_id, WIRE_ID, .flags = WIRE_RO), \
		FIELD_AS(s, "principal_id", at principal_id, WIRE_ID, .flags = WIRE_REQ), \
		FIELD_AS(s, "name", at name, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63, \
			.example = "\"ci\""), \
		FIELD_AS(s, "role", at role, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 32, \
			.example = "\"user\""), \
		FIELD_AS(s, "project_id", at project_id, WIRE_REF, .flags = WIRE_NULL, \
			.about = "The only project it may touch; null: all."), \
		FIELD_AS(s, "scopes", at scopes, WIRE_WORDS, \
			.about = "Permissions it is cut down to; empty: all of the role.", \
			.example = "[\"run.read\"]"), \
		FIELD_AS(s, "expires_at", at expires_at, WIRE_TIME, .flags = WIRE_NULL), \
		FIELD_AS(s, "revoked_at", at revoked_at, WIRE_TIME, .flags = WIRE_RO | WIRE_NULL), \
		FIELD_AS(s, "last_used_at", at last_used_at, WIRE_TIME, \
			.flags = WIRE_RO | WIRE_NULL), \
		FIELD_AS(s, "created_at", at created_at, WIRE_TIME, .flags = WIRE_RO)

static const struct wire_field api_key_fields[] = { API_KEY_FIELDS(api_key, ) };
NOUN(wire_api_key, "ApiKey", api_key, api_key_fields, READ_WRITE,
	"An API key, without its secret.");

static const struct wire_field api_key_created_fields[] = {
	API_KEY_FIELDS(wire_api_key_created, key.),
	FIELD_AS(wire_api_key_created, "key", secret, WIRE_TEXT,
		.about = "The key itself. It is shown this once and not stored."),
};
NOUN(wire_api_key_created, "ApiKeyCreated", wire_api_key_created, api_key_created_fields, REPLY,
	"A new API key with its secret.");

#define MAX_SHARES FIELD(quota, max_shares, WIRE_INT, .flags = WIRE_REQ, .min = 0, .max = 1000000)

static const struct wire_field quota_fields[] = {
	TENANT_FIELD(quota),
	FIELD(quota, pool_id, WIRE_ID, .flags = WIRE_RO),
	MAX_SHARES,
	CREATED_FIELD(quota),
	UPDATED_FIELD(quota),
};
NOUN(wire_quota, "Quota", quota, quota_fields, READ_ONLY, "A tenant's share limit in one pool.");

static const struct wire_field quota_put_fields[] = { MAX_SHARES };
NOUN(wire_quota_put, "QuotaPut", quota, quota_put_fields, BODY, "The limit to set.");

static const struct wire_field whoami_fields[] = {
	FIELD(wire_whoami, name, WIRE_TEXT),
	FIELD(wire_whoami, principal_id, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(wire_whoami, tenant_id, WIRE_ID),
	FIELD(wire_whoami, tenant, WIRE_TEXT, .about = "The tenant's name."),
	FIELD(wire_whoami, role, WIRE_TEXT),
	FIELD(wire_whoami, project_id, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(wire_whoami, key_id, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(wire_whoami, permissions, WIRE_WORDS),
};
NOUN(wire_whoami, "Whoami", wire_whoami, whoami_fields, REPLY, "Who the server takes you for.");
