/* Events, the audit log, and the small replies. */
#ifndef MODELOPS_WIRE_EVENT_H
#define MODELOPS_WIRE_EVENT_H

#include "modelops/wire/schema.h"

#include <stdint.h>

extern const struct wire_noun wire_event; /* struct event */
extern const struct wire_noun wire_audit; /* struct audit_entry */

/* {"status":"ok"}: /healthz, /readyz */
struct wire_health {
	const char *status;
	const char *detail; /* why it is not ready, or NULL */
};
extern const struct wire_noun wire_health;

#endif
