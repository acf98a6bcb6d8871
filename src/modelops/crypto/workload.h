/* Secrets derived from the workload key, used by the API and the controller alike: tokens of
 * attempts, `mow_<attempt id>_<hex HMAC-SHA256(workload.key, "attempt|" attempt id "|" tenant
 * id)>`. */
#ifndef MODELOPS_CRYPTO_WORKLOAD_H
#define MODELOPS_CRYPTO_WORKLOAD_H

#include "modelops/base/err.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"

#include <stdbool.h>

enum { WORKLOAD_TOKEN_TEXT = 4 + MO_ID_MAX + 1 + 64 + 1 };

/* The key of HMAC: what `workload.key` holds (32 bytes, written as hex in the file). */
struct workload_key {
	unsigned char bytes[32];
};

/* Reads the key file (64 hex digits, a newline at most after them). The bytes never reach an error
 * text. */
int workload_key_load(const char *path, struct workload_key *ret_key, struct mo_err *err);

void workload_token(const struct workload_key *key, const char *attempt_id, const char *tenant_id,
	char ret_text[WORKLOAD_TOKEN_TEXT]);

/* The attempt id ("att_..." or "ins_...") that TEXT claims; MO_EAUTH when TEXT has not the form. */
int workload_claim(struct mo_str text, char ret_attempt_id[MO_ID_MAX], struct mo_err *err);

/* TEXT is the token of this attempt of this tenant; constant time. */
bool workload_verify(const struct workload_key *key, struct mo_str text, const char *attempt_id,
	const char *tenant_id);

enum { WORKLOAD_SECRET_TEXT = 65 };

/* The secret the gateway shows to a serving instance: hex HMAC-SHA256(key, "instance|" instance
 * id). */
void workload_instance_secret(const struct workload_key *key, const char *instance_id,
	char ret_text[WORKLOAD_SECRET_TEXT]);

#endif
