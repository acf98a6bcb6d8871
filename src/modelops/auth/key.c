/* API keys: their text, their hash, and the compare. */
#include "modelops/auth/key.h"

#include "modelops/base/check.h"
#include "modelops/crypto/crypto.h"

#include <string.h>

enum { SECRET_BYTES = 32, SECRET_TEXT = 43, ULID_TEXT = 26 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 32 bytes as 43 letters: base64url without padding. */
static void secret_text(const unsigned char secret[SECRET_BYTES], char *out)
{
	uint32_t bits = 0;
	int have = 0;
	char *o = out;
	for (size_t i = 0; i < SECRET_BYTES; i++) {
		bits = bits << 8 | secret[i];
		for (have += 8; have >= 6; have -= 6)
			*o++ = alphabet[bits >> (have - 6) & 63];
	}
	*o++ = alphabet[bits << (6 - have) & 63];
	*o = '\0';
}

static void hash_secret(const char *text, char ret_hash[AUTH_HASH_TEXT])
{
	unsigned char digest[32];
	crypto_sha256(text, SECRET_TEXT, digest);
	mo_hex(digest, sizeof(digest), ret_hash);
}

void auth_key_make(const char *key_id, const unsigned char secret[32], char ret_text[AUTH_KEY_TEXT],
	char ret_hash[AUTH_HASH_TEXT])
{
	MO_ASSERT(mo_id_valid(key_id, strlen(key_id), "key"));
	memcpy(ret_text, "mok_", 4);
	memcpy(ret_text + 4, key_id + 4, ULID_TEXT);
	ret_text[4 + ULID_TEXT] = '_';
	secret_text(secret, ret_text + 4 + ULID_TEXT + 1);
	hash_secret(ret_text + 4 + ULID_TEXT + 1, ret_hash);
}

static bool secret_valid(const char *s)
{
	for (size_t i = 0; i < SECRET_TEXT; i++)
		if (s[i] == '\0' || !strchr(alphabet, s[i]))
			return false;
	return true;
}

int auth_key_parse(struct mo_str text, char ret_id[MO_ID_MAX], char ret_hash[AUTH_HASH_TEXT],
	struct mo_err *err)
{
	char id[MO_ID_MAX];
	if (text.n != AUTH_KEY_TEXT - 1 || memcmp(text.p, "mok_", 4) != 0 ||
		text.p[4 + ULID_TEXT] != '_')
		return mo_fail(
			err, MO_EAUTH, "the bearer token is not an API key of this platform");
	memcpy(id, "key_", 4);
	memcpy(id + 4, text.p + 4, ULID_TEXT);
	id[4 + ULID_TEXT] = '\0';
	if (!mo_id_valid(id, strlen(id), "key") || !secret_valid(text.p + 4 + ULID_TEXT + 1))
		return mo_fail(
			err, MO_EAUTH, "the bearer token is not an API key of this platform");
	memcpy(ret_id, id, 4 + ULID_TEXT + 1);
	hash_secret(text.p + 4 + ULID_TEXT + 1, ret_hash);
	return 0;
}

bool auth_hash_equal(const char *a, const char *b)
{
	size_t n = strlen(a);
	return n == strlen(b) && crypto_equal(a, b, n);
}
