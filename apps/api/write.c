/* Write transactions with Idempotency-Key: effect and stored answer are one commit. */
#include "modelops/crypto/crypto.h"
#include "modelops/domain/event.h"
#include "modelops/store/records.h"

#include "replay.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 200 };

struct write {
	struct api_req *r;
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err);
	const char *key; /* NULL: none sent */
	char route[160], principal[MO_ID_MAX + AUTH_NAME_MAX], hash[65];
};

static int read_key(struct write *w, struct mo_err *err)
{
	struct api_req *r = w->r;
	const char *key = r->route->flags & RF_IDEMPOTENT ? req_header(r, "Idempotency-Key") : NULL;
	if (!key)
		return 0;
	size_t n = strlen(key);
	if (n < 1 || n > KEY_MAX || http_head_count(r->http->head, "Idempotency-Key") != 1)
		return mo_fail_field(err, "Idempotency-Key",
			"Idempotency-Key must be sent once, with 1 to %d characters", KEY_MAX);
	w->key = key;
	snprintf(w->route, sizeof(w->route), "%s %s", http_method_name(r->route->method),
		r->route->path);
	const char *id = r->actor.principal_id;
	snprintf(w->principal, sizeof(w->principal), "%s%s",
		id[0] ? "" : "demo:", id[0] ? id : r->actor.name);
	return 0;
}

/* What makes two requests the same: where they go and what they carry. A streamed body stands by
 * its own digest. */
static int hash_request(struct write *w, struct mo_err *err)
{
	const struct http_req *http = w->r->http;
	struct mo_str body = http->stream_body ? mo_str(w->r->body_sha256) : http->body;
	struct crypto_hash *hash = crypto_hash_new();
	unsigned char digest[CRYPTO_SHA256];
	if (!hash)
		return mo_fail(err, MO_ENOMEM, "digest of the request");
	crypto_hash_add(hash, http->head->target.p, http->head->target.n);
	crypto_hash_add(hash, "\n", 1);
	crypto_hash_add(hash, body.p, body.n);
	crypto_hash_end(hash, digest);
	mo_hex(digest, sizeof(digest), w->hash);
	return 0;
}

/* 1: the answer was given before and is the reply now; 0: a new request. */
static int replay(struct write *w, struct store_tx *tx, struct mo_err *err)
{
	struct idempotency_key *old = NULL;
	struct api_req *r = w->r;
	if (store_idempotency_get(tx, r->actor.tenant_id, w->principal, w->route, w->key, r->arena,
		    &old, err) < 0)
		return -1;
	if (!old)
		return 0;
	if (strcmp(old->body_sha256, w->hash) != 0) {
		mo_fail_field(err, "Idempotency-Key", "the key was used with another request");
		return mo_advise(err, "idempotency_mismatch", "use a new key for a new request");
	}
	return replay_answer(r, old, err) < 0 ? -1 : 1;
}

static int store_answer(struct write *w, struct store_tx *tx, struct mo_err *err)
{
	const struct api_req *r = w->r;
	const char *text = replay_text(r);
	if (!text)
		return mo_fail(err, MO_ENOMEM, "answer to keep");
	struct idempotency_key row = {
		.tenant_id = r->actor.tenant_id,
		.principal = w->principal,
		.route = w->route,
		.key = w->key,
		.body_sha256 = w->hash,
		.status = r->reply.status,
		.etag = r->etag,
		.response = text,
	};
	return store_idempotency_insert(tx, &row, err);
}

static int run(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct write *w = ctx;
	struct api_req *r = w->r;
	r->reply = (struct http_reply){ 0 };
	r->etag = 0;
	r->secret = NULL;
	r->drop_keys = NULL;
	int known = w->key ? replay(w, tx, err) : 0;
	r->replayed = known > 0;
	if (known)
		return known < 0 ? -1 : 0;
	if (w->fn(r, tx, err) < 0)
		return -1;
	return w->key ? store_answer(w, tx, err) : 0;
}

int req_write(struct api_req *r,
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err), struct mo_err *err)
{
	struct write w = { .r = r, .fn = fn };
	if (read_key(&w, err) < 0 || (w.key && hash_request(&w, err) < 0))
		return -1;
	int rc = store_write(r->api->store, run, &w, err);
	/* Two at once under one key: the second finds the first one's row now. */
	if (rc < 0 && w.key && err->code == MO_ECONFLICT && err->slug &&
		!strcmp(err->slug, "already_exists")) {
		*err = (struct mo_err){ 0 };
		rc = store_write(r->api->store, run, &w, err);
	}
	return rc;
}
