/* Replays of stored answers. The only answer with a secret is that of POST /v1/api-keys. */
#include "replay.h"

#include "modelops/auth/key.h"
#include "modelops/crypto/crypto.h"
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

const char *replay_text(const struct api_req *r)
{
	char *text =
		mo_arena_memdup(r->arena, r->reply.body.n ? r->reply.body.p : "", r->reply.body.n);
	char *secret = text && r->secret_in_reply ? strstr(text, "\"mok_") : NULL;
	if (secret)
		memset(secret + 1 + SECRET_AT, '*', SECRET_TEXT);
	return text ? text : "";
}

int replay_answer(struct api_req *r, const struct idempotency_key *old, struct mo_err *err)
{
	char *text = mo_arena_strdup(r->arena, old->response ? old->response : "");
	if (!text)
		return mo_fail(err, MO_ENOMEM, "stored answer");
	/* Elsewhere such a text is a client's own words: no secret may be made of them. */
	char *stars = r->route->out.noun == &wire_api_key_created
			      ? strstr(text, "_*******************************************\"")
			      : NULL;
	if (stars && stars - text >= 4 + 26) {
		char id[MO_ID_MAX], key[AUTH_KEY_TEXT], hash[AUTH_HASH_TEXT];
		unsigned char secret[32];
		snprintf(id, sizeof(id), "key_%.26s", stars - 26);
		replay_secret(r->api, id, secret);
		auth_key_make(id, secret, key, hash);
		memcpy(stars + 1, key + SECRET_AT, SECRET_TEXT);
	}
	const char *type = *text ? "application/json" : NULL;
	r->reply = (struct http_reply){
		.status = (int)old->status,
		.content_type = type,
		.body = mo_str(text),
		.stable = true,
	};
	return 0;
}
