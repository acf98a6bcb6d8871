/* Attempt tokens of the workload door and instance secrets. */
#include "modelops/crypto/workload.h"

#include "modelops/base/check.h"
#include "modelops/crypto/crypto.h"
#include "modelops/crypto/key_file.h"

#include <stdio.h>
#include <string.h>

int workload_key_load(const char *path, struct workload_key *ret_key, struct mo_err *err)
{
	return key_file_load("workload key", path, ret_key->bytes, err);
}

void workload_token(const struct workload_key *key, const char *attempt_id, const char *tenant_id,
	char ret_text[WORKLOAD_TOKEN_TEXT])
{
	MO_ASSERT(strlen(attempt_id) < MO_ID_MAX && strlen(tenant_id) < MO_ID_MAX);
	char said[16 + 2 * MO_ID_MAX], hex[65];
	unsigned char mac[32];
	int n = snprintf(said, sizeof(said), "attempt|%s|%s", attempt_id, tenant_id);
	crypto_hmac_sha256(key->bytes, sizeof(key->bytes), said, (size_t)n, mac);
	mo_hex(mac, sizeof(mac), hex);
	snprintf(ret_text, WORKLOAD_TOKEN_TEXT, "mow_%s_%s", attempt_id, hex);
}

int workload_claim(struct mo_str text, char ret_attempt_id[MO_ID_MAX], struct mo_err *err)
{
	const size_t id_len = 4 + 26; /* "att_" or "ins_" and a ULID */
	bool form = text.n == 4 + id_len + 1 + 64 && !memcmp(text.p, "mow_", 4) &&
		    text.p[4 + id_len] == '_';
	if (!form || (!mo_id_valid(text.p + 4, id_len, "att") &&
			     !mo_id_valid(text.p + 4, id_len, "ins")))
		return mo_fail(err, MO_EAUTH, "the bearer token is not an attempt token");
	memcpy(ret_attempt_id, text.p + 4, id_len);
	ret_attempt_id[id_len] = '\0';
	return 0;
}

bool workload_verify(const struct workload_key *key, struct mo_str text, const char *attempt_id,
	const char *tenant_id)
{
	char right[WORKLOAD_TOKEN_TEXT];
	workload_token(key, attempt_id, tenant_id, right);
	return text.n == strlen(right) && crypto_equal(text.p, right, text.n);
}

void workload_instance_secret(const struct workload_key *key, const char *instance_id,
	char ret_text[WORKLOAD_SECRET_TEXT])
{
	MO_ASSERT(strlen(instance_id) < MO_ID_MAX);
	char said[16 + MO_ID_MAX];
	unsigned char mac[32];
	int n = snprintf(said, sizeof(said), "instance|%s", instance_id);
	crypto_hmac_sha256(key->bytes, sizeof(key->bytes), said, (size_t)n, mac);
	mo_hex(mac, sizeof(mac), ret_text);
}
