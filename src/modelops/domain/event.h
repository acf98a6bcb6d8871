/* What happened to an object, and who did what. */
#ifndef MODELOPS_DOMAIN_EVENT_H
#define MODELOPS_DOMAIN_EVENT_H

#include <stdint.h>

struct event {
	const char *id, *tenant_id, *noun, *noun_id;
	const char *type; /* a short constant: "StepQueued" */
	const char *message;
	int64_t created_at;
};

struct audit_entry {
	const char *id, *tenant_id, *actor, *action, *noun, *noun_id, *request_id;
	int64_t created_at;
};

/* One line of the feed that caches and watchers follow. */
struct change {
	int64_t seq;
	const char *noun, *id, *tenant_id;
	int64_t created_at;
};

struct idempotency_key {
	const char *tenant_id, *principal, *route, *key, *body_sha256;
	int64_t status;       /* HTTP status of the stored reply */
	int64_t etag;         /* version in its header; 0: none */
	const char *response; /* its body, or NULL */
	int64_t created_at;
};

#endif
