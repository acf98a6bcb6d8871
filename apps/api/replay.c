/* Replays of stored answers. The only answer with a secret is that of POST /v1/api-keys. */
#include "replay.h"

#include "modelops/auth/key.h"
#include "modelops/base/check.h"
#include "modelops/crypto/crypto.h"
#include "modelops/json/json.h"
#include "modelops/wire/tenancy.h"

#include <stdio.h>
#include <string.h>

enum { SECRET_AT = 4 + 26 + 1, SECRET_TEXT = 43 }; /* of "mok_<ULID>_<secret>" */

void replay_secret(const struct api *api, const char *key_id, unsigned char ret_secret[32])
{
	char said[16 + MO_ID_MAX];
	int n = snprintf(said, sizeof(said), "api-key|%s", key_id);
	crypto_hmac_sha256(api->workload_key.bytes, sizeof(api->workload_key.bytes), said,
		(size_t)n, ret_secret);
}

/* KEY without its secret. Nobody can have sent this text, or KEY, in the request that made the key:
 * its id was not known then. So wherever it stands in the answer, it is the key. */
static void star_out(char *key)
{
	memset(key + SECRET_AT, '*', SECRET_TEXT);
}

const char *replay_text(const struct api_req *r)
{
	struct mo_str body = r->reply.body;
	char *text = mo_arena_memdup(r->arena, body.n ? body.p : "", body.n);
	if (text && r->secret) {
		char *key = strstr(text, r->secret);
		MO_ASSERT(key); /* it would be stored whole */
		star_out(key);
	}
	return text;
}

/* The answer TEXT to a key's making: puts the derived key where the starred one is. */
static int show_key(const struct api_req *r, char *text, struct mo_err *err)
{
	mo_autojson json_t *doc = NULL;
	char key[AUTH_KEY_TEXT], starred[AUTH_KEY_TEXT], hash[AUTH_HASH_TEXT];
	unsigned char secret[32];
	if (mo_json_parse(text, strlen(text), MO_JSON_BYTES, MO_JSON_DEPTH, &doc, err) < 0)
		return mo_wrap(err, "stored answer");
	const char *id = json_string_value(json_object_get(doc, "id"));
	if (!id || !mo_id_valid(id, strlen(id), "key"))
		return mo_fail(err, MO_EINTERNAL, "a stored answer names no key");
	replay_secret(r->api, id, secret);
	auth_key_make(id, secret, key, hash);
	memcpy(starred, key, sizeof(key));
	star_out(starred);
	char *at = strstr(text, starred);
	if (!at)
		return mo_fail(
			err, MO_EINTERNAL, "the stored answer of %s has no place for it", id);
	memcpy(at, key, sizeof(key) - 1);
	return 0;
}

int replay_answer(struct api_req *r, const struct idempotency_key *old, struct mo_err *err)
{
	char *text = mo_arena_strdup(r->arena, old->response ? old->response : "");
	if (!text)
		return mo_fail(err, MO_ENOMEM, "stored answer");
	if (r->route->out.noun == &wire_api_key_created && show_key(r, text, err) < 0)
		return -1;
	r->etag = old->etag;
	r->reply = (struct http_reply){
		.status = (int)old->status,
		.content_type = *text ? "application/json" : NULL,
		.body = mo_str(text),
		.stable = true,
	};
	return 0;
}
