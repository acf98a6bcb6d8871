/* Authentication from the cache, or on a worker from the store, and the check of the route's
 * permission. */
#include "authenticate.h"

#include "modelops/base/time.h"

#include "key_load.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STALE_MAX_US = 4 * MO_SECOND };

static int refuse(struct mo_err *err, const char *why)
{
	mo_fail(err, MO_EAUTH, "%s", why);
	return mo_advise(err, NULL, "send Authorization: Bearer <API key>");
}

/* NAME's entry from the cache, or with STORE from the store. 1 found, 0 not in the cache, -1. */
static int look_up(struct api_req *r, const char *name, bool store, struct key_entry *ret_entry,
	struct mo_err *err)
{
	bool forward = r->route->perm == PERM_PREDICT || r->route->perm == PERM_EXPLAIN;
	int64_t stale = forward && r->api->cfg.auth_stale_max > STALE_MAX_US
				? r->api->cfg.auth_stale_max
				: STALE_MAX_US;
	if (key_cache_get(r->api->keys, name, stale, ret_entry))
		return 1;
	if (!store)
		return 0;
	unsigned long generation = key_cache_generation(r->api->keys);
	if (key_load(r->api->store, name, ret_entry, err) < 0)
		return -1;
	if (ret_entry->found)
		key_cache_put(r->api->keys, name, ret_entry, generation);
	return 1;
}

static int by_key(struct api_req *r, struct mo_str text, bool store, struct mo_err *err)
{
	char id[MO_ID_MAX], hash[AUTH_HASH_TEXT];
	struct key_entry entry;
	if (auth_key_parse(text, id, hash, err) < 0)
		return -1;
	int found = look_up(r, id, store, &entry, err);
	if (found <= 0)
		return found;
	bool expired = entry.actor.expires_at && entry.actor.expires_at <= mo_now();
	if (!entry.found || !auth_hash_equal(entry.hash, hash) || entry.refused || expired)
		return refuse(err, "the API key is unknown, expired or revoked");
	r->actor = entry.actor;
	r->authenticated = true;
	return 0;
}

/* A proxy on this machine speaks for others, and a browser may be led here under a foreign name
 * (DNS rebinding): neither is the loopback that demo mode trusts. */
static bool for_others(const struct api_req *r)
{
	static const char *const names[] = { "Forwarded", "X-Forwarded-For", "X-Real-IP", "Via" };
	struct mo_str host;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (http_head_count(r->http->head, names[i]))
			return true;
	if (!http_head_get(r->http->head, "Host", &host) || host.n == 0)
		return false;
	if (host.n >= 9 && !strncasecmp(host.p, "localhost", 9) &&
		(host.n == 9 || host.p[9] == ':'))
		return false;
	for (size_t i = 0; i < host.n && host.p[0] != '['; i++)
		if (!strchr("0123456789.:", host.p[i]))
			return true;
	return false;
}

static int by_claim(struct api_req *r, struct mo_str header, bool store, struct mo_err *err)
{
	struct auth_claim claim;
	struct key_entry entry;
	char name[8 + AUTH_NAME_MAX];
	if ((!r->http->peer_local || for_others(r)) && !r->api->cfg.demo_allow_remote)
		return refuse(err, "X-Actor is answered on loopback only");
	if (auth_claim_parse(header, &claim, err) < 0)
		return -1;
	snprintf(name, sizeof(name), "tenant:%s", claim.tenant);
	int found = look_up(r, name, store, &entry, err);
	if (found <= 0)
		return found;
	if (!entry.found || entry.refused)
		return refuse(err, "the actor's tenant does not exist or is suspended");
	r->actor = entry.actor;
	r->actor.role = claim.role;
	r->actor.perms = auth_role_perms(claim.role);
	memcpy(r->actor.name, claim.name, sizeof(claim.name));
	r->authenticated = true;
	return 0;
}

static bool bearer(const struct api_req *r, struct mo_str *ret_token)
{
	struct mo_str value;
	if (!http_head_get(r->http->head, "Authorization", &value) || value.n < 7 ||
		strncasecmp(value.p, "Bearer ", 7) != 0)
		return false;
	*ret_token = (struct mo_str){ value.p + 7, value.n - 7 };
	return true;
}

static int by_attempt(struct api_req *r, bool store, struct mo_err *err)
{
	struct mo_str token;
	if (!bearer(r, &token))
		return refuse(err, "an attempt token is needed");
	char *attempt = mo_arena_zalloc(r->arena, MO_ID_MAX);
	if (!attempt)
		return mo_fail(err, MO_ENOMEM, "attempt token");
	if (workload_claim(token, attempt, err) < 0)
		return -1;
	if (!store)
		return 0;
	r->attempt = attempt;
	if (attempt_load(r, token, err) < 0)
		return -1;
	r->authenticated = true;
	return 0;
}

static int by_actor(struct api_req *r, bool store, struct mo_err *err)
{
	struct mo_str value;
	bool demo = r->api->cfg.auth_mode == AUTH_MODE_DEMO &&
		    http_head_get(r->http->head, "X-Actor", &value);
	if (http_head_count(r->http->head, "Authorization") +
			(demo ? http_head_count(r->http->head, "X-Actor") : 0) >
		1)
		return refuse(err, "more than one credential was sent");
	if (demo)
		return by_claim(r, value, store, err);
	if (bearer(r, &value))
		return by_key(r, value, store, err);
	mo_fail(err, MO_EAUTH, "nobody is logged in");
	return mo_advise(err, NULL,
		r->api->cfg.auth_mode == AUTH_MODE_DEMO
			? "say who: X-Actor: NAME|tenant=TENANT|role=ROLE (modelops --actor)"
			: "send Authorization: Bearer <API key> (modelops --token)");
}

int authenticate(struct api_req *r, bool store, struct mo_err *err)
{
	switch (r->route->auth) {
	case AUTH_ATTEMPT:
		return by_attempt(r, store, err);
	case AUTH_ACTOR:
		if (by_actor(r, store, err) < 0)
			return -1;
		r->tenant = r->actor.role == ROLE_PLATFORM_ADMIN ? NULL : r->actor.tenant_id;
		return 0;
	case AUTH_PUBLIC:
	case AUTH_SIGNED:
		r->authenticated = true;
		return 0;
	}
	return 0;
}

int actor_may(const struct api_req *r, enum auth_perm perm, struct mo_err *err)
{
	if (auth_allows(r->actor.perms, perm))
		return 0;
	mo_fail(err, MO_EDENIED, "this needs the permission %s; %s has not got it",
		auth_perm_name(perm), r->actor.name);
	return mo_advise(err, "permission_denied", NULL);
}

int authorise(const struct api_req *r, struct mo_err *err)
{
	const struct route *route = r->route;
	if (route->auth != AUTH_ACTOR)
		return 0;
	if (actor_may(r, route->perm, err) < 0)
		return -1;
	if (r->actor.project_id[0] && !(route->flags & RF_PROJECT)) {
		mo_fail(err, MO_EDENIED,
			"the API key is limited to one project; this route is not");
		return mo_advise(err, "project_key", NULL);
	}
	return 0;
}
