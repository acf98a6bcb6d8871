/* Presigned links of our own: method, key and expiry under an HMAC. */
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

/* The newline cannot occur in a method, a valid key or digits: no two links share a text. */
static void sign(const struct link_key *key, const char *method, const char *object,
	const char *expires, char ret_hex[2 * CRYPTO_SHA256 + 1])
{
	char text[1024];
	unsigned char mac[CRYPTO_SHA256];

	int n = snprintf(text, sizeof(text), "blob\n%s\n%s\n%s", method, object, expires);
	MO_ASSERT(n > 0 && (size_t)n < sizeof(text));
	crypto_hmac_sha256(key->bytes, sizeof(key->bytes), text, (size_t)n, mac);
	mo_hex(mac, sizeof(mac), ret_hex);
}

int link_make(const struct link_key *key, const char *method, const char *object,
	int64_t expires_at, struct mo_buf *out, struct mo_err *err)
{
	char expires[24], sig[2 * CRYPTO_SHA256 + 1];

	snprintf(expires, sizeof(expires), "%" PRId64, expires_at / MO_SECOND);
	sign(key, method, object, expires, sig);
	if (mo_buf_printf(out, "/v1/blobs/%s?expires=%s&method=%s&sig=%s", object, expires, method,
		    sig) < 0)
		return mo_fail(err, MO_ENOMEM, "link to '%s'", object);
	return 0;
}

int link_verify(const struct link_key *key, const char *method, const char *object,
	const char *expires, const char *link_method, const char *sig, int64_t now,
	struct mo_err *err)
{
	char want[2 * CRYPTO_SHA256 + 1];
	int64_t until;

	if (!expires || !link_method || !sig || strlen(expires) > 20 || strlen(link_method) > 8 ||
		strlen(sig) != sizeof(want) - 1 ||
		mo_parse_i64(expires, strlen(expires), &until) < 0)
		return mo_fail(err, MO_EDENIED, "the link is not one of ours");
	sign(key, link_method, object, expires, want);
	if (!crypto_equal(want, sig, sizeof(want) - 1))
		return mo_fail(err, MO_EDENIED, "the link is not one of ours");
	if (!mo_streq(method, link_method) &&
		!(mo_streq(method, "HEAD") && mo_streq(link_method, "GET")))
		return mo_fail(err, MO_EDENIED, "the link is for %s, not %s", link_method, method);
	if (now / MO_SECOND >= until)
		return mo_fail(err, MO_EDENIED, "the link has expired");
	return 0;
}
