/* Tokens of workloads: `mow_<attempt id>_<hex HMAC-SHA256(workload.key, "attempt|" attempt id "|"
 * tenant id)>`. */
#ifndef MODELOPS_AUTH_WORKLOAD_H
#define MODELOPS_AUTH_WORKLOAD_H

#include "modelops/base/err.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"

#include <stdbool.h>

enum { AUTH_WORKLOAD_TEXT = 4 + MO_ID_MAX + 1 + 64 + 1 };

/* The key of HMAC: what `workload.key` holds (32 bytes, written as hex in the file). */
struct auth_workload_key {
	unsigned char bytes[32];
};

/* Reads the key file (64 hex digits, a newline at most after them). The bytes never reach an error
 * text. */
int auth_workload_key_load(const char *path, struct auth_workload_key *ret_key, struct mo_err *err);

void auth_workload_token(const struct auth_workload_key *key, const char *attempt_id,
	const char *tenant_id, char ret_text[AUTH_WORKLOAD_TEXT]);

/* The attempt id ("att_..." or "ins_...") that TEXT claims; MO_EAUTH when TEXT has not the form. */
int auth_workload_claim(struct mo_str text, char ret_attempt_id[MO_ID_MAX], struct mo_err *err);

/* TEXT is the token of this attempt of this tenant; constant time. */
bool auth_workload_verify(const struct auth_workload_key *key, struct mo_str text,
	const char *attempt_id, const char *tenant_id);

#endif
