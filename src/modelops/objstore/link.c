/* Presigned links of our own: what is granted, under an HMAC. */
#include "modelops/objstore/link.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/crypto/crypto.h"
#include "modelops/crypto/key_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int link_key_load(const char *path, struct link_key *ret_key, struct mo_err *err)
{
	return key_file_load("presign key", path, ret_key->bytes, err);
}

/* What is signed, as texts; SIZE and SHA256 are "" in a link without them. The newline cannot occur
 * in a method, a valid key, digits or hex: no two links share a text. */
static void sign(const struct link_key *key, const char *object, const struct objstore_link *link,
	char ret_hex[2 * CRYPTO_SHA256 + 1])
{
	char text[1024];
	unsigned char mac[CRYPTO_SHA256];

	int n = snprintf(text, sizeof(text), "blob\n%s\n%s\n%s\n%s\n%s", link->method, object,
		link->expires, link->size ? link->size : "", link->sha256 ? link->sha256 : "");
	MO_ASSERT(n > 0 && (size_t)n < sizeof(text));
	crypto_hmac_sha256(key->bytes, sizeof(key->bytes), text, (size_t)n, mac);
	mo_hex(mac, sizeof(mac), ret_hex);
}

int link_make(const struct link_key *key, const struct objstore_grant *grant, struct mo_buf *out,
	struct mo_err *err)
{
	char expires[24], size[24], sig[2 * CRYPTO_SHA256 + 1];
	struct objstore_link link = { .expires = expires, .method = grant->method };

	snprintf(expires, sizeof(expires), "%" PRId64, grant->expires_at / MO_SECOND);
	snprintf(size, sizeof(size), "%" PRId64, grant->size);
	if (grant->sha256) {
		link.size = size;
		link.sha256 = grant->sha256;
	}
	sign(key, grant->key, &link, sig);
	mo_buf_printf(out, "/v1/blobs/%s?expires=%s&method=%s", grant->key, expires, grant->method);
	if (grant->sha256)
		mo_buf_printf(out, "&size=%s&sha256=%s", size, grant->sha256);
	if (mo_buf_printf(out, "&sig=%s", sig) < 0)
		return mo_fail(err, MO_ENOMEM, "link to '%s'", grant->key);
	return 0;
}

static bool shorter(const char *text, size_t max)
{
	return !text || strlen(text) <= max;
}

int link_verify(const struct link_key *key, const char *method, const char *object,
	const struct objstore_link *link, int64_t now, struct mo_err *err)
{
	char want[2 * CRYPTO_SHA256 + 1];
	int64_t until;

	if (!link->expires || !link->method || !link->sig || !shorter(link->expires, 20) ||
		!shorter(link->method, 8) || !shorter(link->size, 20) ||
		!shorter(link->sha256, 2 * CRYPTO_SHA256) ||
		strlen(link->sig) != sizeof(want) - 1 ||
		mo_parse_i64(link->expires, strlen(link->expires), &until) < 0)
		return mo_fail(err, MO_EDENIED, "the link is not one of ours");
	sign(key, object, link, want);
	if (!crypto_equal(want, link->sig, sizeof(want) - 1))
		return mo_fail(err, MO_EDENIED, "the link is not one of ours");
	if (!mo_streq(method, link->method) &&
		!(mo_streq(method, "HEAD") && mo_streq(link->method, "GET")))
		return mo_fail(err, MO_EDENIED, "the link is for %s, not %s", link->method, method);
	if (now / MO_SECOND >= until)
		return mo_fail(err, MO_EDENIED, "the link has expired");
	return 0;
}
