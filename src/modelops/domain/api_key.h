/* An API key: shown once, stored as the SHA-256 of its secret part. */
#ifndef MODELOPS_DOMAIN_API_KEY_H
#define MODELOPS_DOMAIN_API_KEY_H

#include <stdint.h>

struct api_key {
	const char *id, *tenant_id, *principal_id, *name, *role;
	const char *project_id;  /* NULL: all projects */
	const char *scopes;      /* space-separated permissions; NULL: all of the role */
	const char *secret_hash; /* 64 hex digits; never leaves the process */
	int64_t created_at;
	int64_t expires_at, revoked_at, last_used_at; /* 0: never */
};

#endif
