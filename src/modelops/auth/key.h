/* API keys: `mok_<26 ULID letters of the key's id>_<43 base64url>`; the store keeps SHA-256 of the
 * secret part. */
#ifndef MODELOPS_AUTH_KEY_H
#define MODELOPS_AUTH_KEY_H

#include "modelops/base/err.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"

#include <stdbool.h>

enum { AUTH_KEY_TEXT = 4 + 26 + 1 + 43 + 1, AUTH_HASH_TEXT = 65 };

/* The text shown once and the hash to store (lower-case hex) of the key KEY_ID ("key_<ULID>") with
 * SECRET: 32 random bytes, or bytes derived from a key of ours. */
void auth_key_make(const char *key_id, const unsigned char secret[32], char ret_text[AUTH_KEY_TEXT],
	char ret_hash[AUTH_HASH_TEXT]);

/* Splits a presented key into its id and the hash of its secret. MO_EAUTH when it is not of that
 * form (the text itself is never repeated). */
int auth_key_parse(struct mo_str text, char ret_id[MO_ID_MAX], char ret_hash[AUTH_HASH_TEXT],
	struct mo_err *err);

/* Equal, in time that does not depend on where they differ. Both are hex of a SHA-256. */
bool auth_hash_equal(const char *a, const char *b);

#endif
