/* Keys, tenants and attempts from the store. */
#include "key_load.h"

#include "modelops/base/log.h"
#include "modelops/base/time.h"
#include "modelops/domain/api_key.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/principal.h"
#include "modelops/domain/state.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/deployments.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "modelops/store/tenants.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20, BINDINGS_MAX = 1000 };

struct load {
	const char *name;
	struct key_entry *entry;
	struct mo_arena arena;
};

static int fill_tenant(struct auth_actor *actor, const struct tenant *tenant, struct mo_err *err)
{
	if (mo_str_copy(actor->tenant_id, sizeof(actor->tenant_id), tenant->id) < 0 ||
		mo_str_copy(actor->tenant_name, sizeof(actor->tenant_name), tenant->name) < 0)
		return mo_fail(
			err, MO_EINTERNAL, "tenant '%s' has a name that is too long", tenant->id);
	return 0;
}

/* Not found is an answer, not a failure. */
static int absent(struct mo_err *err)
{
	if (err->code != MO_ENOTFOUND)
		return -1;
	*err = (struct mo_err){ 0 };
	return 0;
}

static int load_tenant(struct store_tx *tx, struct load *l, struct mo_err *err)
{
	struct tenant *tenant = NULL;
	if (store_tenant_find(tx, l->name + strlen("tenant:"), &l->arena, &tenant, err) < 0)
		return absent(err);
	l->entry->found = true;
	l->entry->refused = tenant->state != TENANT_ACTIVE;
	return fill_tenant(&l->entry->actor, tenant, err);
}

static int fill_key(struct key_entry *entry, const struct api_key *key,
	const struct principal *principal, struct mo_err *err)
{
	struct auth_actor *actor = &entry->actor;
	uint64_t scopes = 0;
	actor->role = auth_role_parse(key->role);
	if (auth_scopes_parse(key->scopes, &scopes, err) < 0)
		return -1;
	actor->perms = auth_role_perms(actor->role) & scopes;
	actor->expires_at = key->expires_at;
	if (mo_str_copy(entry->hash, sizeof(entry->hash), key->secret_hash) < 0 ||
		mo_str_copy(actor->name, sizeof(actor->name), principal->name) < 0 ||
		mo_str_copy(actor->principal_id, sizeof(actor->principal_id), principal->id) < 0 ||
		mo_str_copy(actor->key_id, sizeof(actor->key_id), key->id) < 0 ||
		mo_str_copy(actor->project_id, sizeof(actor->project_id),
			key->project_id ? key->project_id : "") < 0)
		return mo_fail(
			err, MO_EINTERNAL, "API key '%s' has a text that is too long", key->id);
	return 0;
}

/* A principal that had a role binding once acts with no more than the highest of those that hold
 * for KEY: the tenant-wide ones and those of the key's project; with none that holds, not at all.
 */
static int limit_role(
	struct store_tx *tx, struct load *l, const struct api_key *key, struct mo_err *err)
{
	struct auth_actor *actor = &l->entry->actor;
	struct store_page page = { .limit = BINDINGS_MAX };
	struct role_binding *rows = NULL;
	enum auth_role most = ROLE_NOBODY;
	size_t n = 0;
	if (store_role_binding_list(
		    tx, key->tenant_id, key->principal_id, &page, &l->arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		enum auth_role role = auth_role_parse(rows[i].role);
		bool holds = !rows[i].project_id ||
			     (key->project_id && !strcmp(rows[i].project_id, key->project_id));
		if (holds && role > most)
			most = role;
	}
	if (actor->role <= most)
		return 0;
	actor->role = most;
	actor->perms &= auth_role_perms(most);
	l->entry->refused = l->entry->refused || most == ROLE_NOBODY;
	return 0;
}

static int load_key(struct store_tx *tx, struct load *l, struct mo_err *err)
{
	struct api_key *key = NULL;
	struct principal *principal = NULL;
	struct tenant *tenant = NULL;
	if (store_api_key_get(tx, NULL, l->name, &l->arena, &key, err) < 0)
		return absent(err);
	if (store_principal_get(tx, key->tenant_id, key->principal_id, &l->arena, &principal, err) <
			0 ||
		store_tenant_get(tx, key->tenant_id, &l->arena, &tenant, err) < 0)
		return absent(err);
	l->entry->found = true;
	l->entry->refused = key->revoked_at != 0 || tenant->state != TENANT_ACTIVE;
	if (fill_tenant(&l->entry->actor, tenant, err) < 0 ||
		fill_key(l->entry, key, principal, err) < 0)
		return -1;
	return principal->limited ? limit_role(tx, l, key, err) : 0;
}

static int run_load(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct load *l = ctx;
	memset(l->entry, 0, sizeof(*l->entry));
	return l->name[0] == 't' ? load_tenant(tx, l, err) : load_key(tx, l, err);
}

int key_load(struct store *store, const char *name, struct key_entry *ret_entry, struct mo_err *err)
{
	struct load l = { .name = name, .entry = ret_entry };
	mo_arena_init(&l.arena, ARENA_MAX, 4096);
	int rc = store_read(store, run_load, &l, err);
	mo_arena_free(&l.arena);
	return rc;
}

struct attempt {
	struct api_req *r;
	struct mo_str token;
};

static int fill_attempt(
	struct attempt *a, const char *tenant, const char *project, bool live, struct mo_err *err)
{
	struct api_req *r = a->r;
	if (!workload_verify(&r->api->workload_key, a->token, r->attempt, tenant))
		return mo_fail(err, MO_EAUTH, "the attempt token is none of ours");
	if (!live) {
		mo_fail(err, MO_EDENIED, "attempt '%s' is over", r->attempt);
		return mo_advise(err, "attempt_over", NULL);
	}
	if (mo_str_copy(r->actor.tenant_id, sizeof(r->actor.tenant_id), tenant) < 0 ||
		mo_str_copy(r->actor.project_id, sizeof(r->actor.project_id), project) < 0 ||
		mo_str_copy(r->actor.name, sizeof(r->actor.name), r->attempt) < 0)
		return mo_fail(err, MO_EINTERNAL, "attempt '%s' has a tenant that is too long",
			r->attempt);
	r->tenant = r->actor.tenant_id;
	return 0;
}

static int unknown(struct mo_err *err)
{
	if (err->code != MO_ENOTFOUND)
		return -1;
	return mo_fail(err, MO_EAUTH, "the attempt token is none of ours");
}

static int run_attempt(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct attempt *a = ctx;
	struct api_req *r = a->r;
	struct run_step *step = NULL;
	struct instance *instance = NULL;
	struct deployment *deployment = NULL;
	if (!strncmp(r->attempt, "att_", 4)) {
		if (store_step_of_attempt(tx, NULL, r->attempt, r->arena, &step, err) < 0)
			return unknown(err);
		bool live = step->state == STEP_ALLOCATED || step->state == STEP_RUNNING;
		return fill_attempt(a, step->tenant_id, step->project_id, live, err);
	}
	if (store_instance_get(tx, NULL, r->attempt, r->arena, &instance, err) < 0)
		return unknown(err);
	if (store_deployment_get(tx, NULL, instance->deployment_id, r->arena, &deployment, err) < 0)
		return unknown(err);
	bool live = instance->state == INSTANCE_STARTING || instance->state == INSTANCE_READY;
	return fill_attempt(a, instance->tenant_id, deployment->project_id, live, err);
}

int attempt_load(struct api_req *r, struct mo_str token, struct mo_err *err)
{
	struct attempt a = { r, token };
	return store_read(r->api->store, run_attempt, &a, err);
}
