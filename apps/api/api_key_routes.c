/* API keys: the secret is in one answer and nowhere else. */
#include "handlers.h"

#include "modelops/auth/key.h"
#include "modelops/base/time.h"
#include "modelops/domain/api_key.h"
#include "modelops/domain/principal.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/tenants.h"
#include "modelops/wire/tenancy.h"

#include "replay.h"
#include "rows.h"

#include <string.h>

static int list(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct api_key *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_api_key_list(tx, tenant, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int api_key_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, list, err);
}

static int get(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct api_key *key = NULL;
	if (store_api_key_get(tx, r->tenant, req_param(r, "id"), r->arena, &key, err) < 0)
		return -1;
	return req_answer(r, key, err);
}

int api_key_get(struct api_req *r, struct mo_err *err)
{
	return req_read(r, get, err);
}

/* Nobody hands on more than they hold: a key cut by scopes or to a project makes no wider one. */
static int check_own(
	struct api_req *r, const struct api_key *key, uint64_t scopes, struct mo_err *err)
{
	uint64_t wide = auth_role_perms(auth_role_parse(key->role)) & scopes & ~r->actor.perms;
	for (int p = 0; p < PERM_COUNT; p++)
		if (wide >> p & 1)
			return mo_fail_field(err, "scopes",
				"you may not '%s' yourself, so no key of yours may: name fewer "
				"scopes",
				auth_perm_name((enum auth_perm)p));
	return 0;
}

/* Nor does a key outlive the one that made it. */
static int check_expiry(struct api_req *r, int64_t now, struct api_key *key, struct mo_err *err)
{
	int64_t own = r->actor.expires_at;
	char text[MO_TIME_TEXT];
	if (key->expires_at && key->expires_at <= now)
		return mo_fail_field(err, "expires_at", "the time has passed");
	if (own && key->expires_at > own)
		return mo_fail_field(err, "expires_at",
			"your own key ends at %s, so no key of yours may live longer",
			mo_time_format(own, text));
	if (own && !key->expires_at)
		key->expires_at = own;
	return 0;
}

static int check(struct api_req *r, struct store_tx *tx, struct api_key *key, struct mo_err *err)
{
	struct principal *principal = NULL;
	struct project *project = NULL;
	uint64_t scopes = 0;
	if (role_grantable(r, key->role, err) < 0 ||
		auth_scopes_parse(key->scopes, &scopes, err) < 0 ||
		check_own(r, key, scopes, err) < 0)
		return -1;
	bool platform = !strcmp(key->tenant_id, TENANT_PLATFORM_ID);
	if (auth_role_parse(key->role) == ROLE_PLATFORM_ADMIN && !platform)
		return mo_fail_field(err, "role", "platform_admin belongs to the tenant platform");
	if (check_expiry(r, store_now(tx), key, err) < 0)
		return -1;
	if (store_principal_get(tx, key->tenant_id, key->principal_id, r->arena, &principal, err) <
		0)
		return -1;
	if (!key->project_id)
		return 0;
	if (req_project(r, tx, key->tenant_id, key->project_id, &project, err) < 0)
		return -1;
	key->project_id = project->id;
	return 0;
}

static int create(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct wire_api_key_created made = { .key = *(const struct api_key *)r->in };
	char hash[AUTH_HASH_TEXT], *text = mo_arena_alloc(r->arena, AUTH_KEY_TEXT);
	unsigned char secret[32];
	struct api_key *key = &made.key;
	if (!text)
		return mo_fail(err, MO_ENOMEM, "API key");
	if (req_create_tenant(r, tx, NULL, &key->tenant_id, err) < 0 || check(r, tx, key, err) < 0)
		return -1;
	key->id = req_new_id(r, "key");
	key->created_at = store_now(tx);
	key->secret_hash = hash;
	if (req_header(r, "Idempotency-Key"))
		replay_secret(r->api, key->id, secret);
	else
		mo_random(secret, sizeof(secret));
	auth_key_make(key->id, secret, text, hash);
	made.secret = r->secret = text;
	if (store_api_key_insert(tx, key, err) < 0 ||
		req_record(r, tx, key->tenant_id, "create", "api_key", key->id, err) < 0)
		return -1;
	return req_answer(r, &made, err);
}

int api_key_create(struct api_req *r, struct mo_err *err)
{
	return req_write(r, create, err);
}

static int revoke(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct api_key *key = NULL;
	if (store_api_key_get(tx, r->tenant, req_param(r, "id"), r->arena, &key, err) < 0)
		return -1;
	if (store_api_key_revoke(tx, key->tenant_id, key->id, store_now(tx), err) < 0 ||
		req_record(r, tx, key->tenant_id, "revoke", "api_key", key->id, err) < 0)
		return -1;
	return req_answer_none(r);
}

int api_key_revoke(struct api_req *r, struct mo_err *err)
{
	return req_write(r, revoke, err);
}
