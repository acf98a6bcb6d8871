/* Events, the audit log, problems and the small replies. */
#ifndef MODELOPS_WIRE_EVENT_H
#define MODELOPS_WIRE_EVENT_H

#include "modelops/wire/schema.h"

#include <stdint.h>

extern const struct wire_noun wire_event; /* struct event */
extern const struct wire_noun wire_audit; /* struct audit_entry */

/* RFC 9457 application/problem+json */
struct wire_problem {
	const char *type; /* "about:blank" */
	const char *title;
	int64_t status;
	const char *detail, *code;
	const char *field, *hint; /* or NULL */
	const char *request_id;
};
extern const struct wire_noun wire_problem;

/* {"status":"ok"}: /healthz, /readyz */
struct wire_health {
	const char *status;
	const char *detail; /* why it is not ready, or NULL */
};
extern const struct wire_noun wire_health;

#endif
