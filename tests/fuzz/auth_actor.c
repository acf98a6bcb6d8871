/* Fuzzes the X-Actor header: what is accepted is terminated, within its rules and says the same
 * when written again. */
#include "modelops/auth/actor.h"
#include "modelops/base/check.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_claim claim, again;
	struct mo_err err = { 0 };
	struct mo_str header = { (const char *)data, size };

	if (auth_claim_parse(header, &claim, &err) < 0) {
		MO_ASSERT(err.code != MO_OK && err.msg[0]);
		return 0;
	}
	MO_ASSERT(strnlen(claim.name, sizeof(claim.name)) < sizeof(claim.name) && claim.name[0]);
	MO_ASSERT(mo_name_valid(claim.tenant, strnlen(claim.tenant, sizeof(claim.tenant))));
	/* No part of an accepted header is ignored: another role word is another claim. */
	char text[512];
	const char *role = memrchr(data, '=', size);
	snprintf(text, sizeof(text), "%s|tenant=%s|role%.*s", claim.name, claim.tenant,
		(int)((const char *)data + size - role), role);
	MO_ASSERT(strlen(text) == size && memcmp(text, data, size) == 0);
	MO_ASSERT(auth_claim_parse(mo_str(text), &again, &err) == 0 && again.role == claim.role);
	return 0;
}
