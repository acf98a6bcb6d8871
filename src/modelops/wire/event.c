/* Field tables of events, the audit log, problems and health. */
#include "modelops/wire/event.h"

#include "modelops/domain/event.h"
#include "modelops/wire/fields.h"

static const struct wire_field event_fields[] = {
	ID_FIELD(event),
	TENANT_FIELD(event),
	FIELD(event, noun, WIRE_TEXT),
	FIELD(event, noun_id, WIRE_ID),
	FIELD(event, type, WIRE_TEXT, .example = "\"StepQueued\""),
	FIELD(event, message, WIRE_TEXT),
	CREATED_FIELD(event),
};
NOUN(wire_event, "Event", event, event_fields, READ_ONLY, "What happened to an object.");

static const struct wire_field audit_fields[] = {
	ID_FIELD(audit_entry),
	TENANT_FIELD(audit_entry),
	FIELD(audit_entry, actor, WIRE_TEXT),
	FIELD(audit_entry, action, WIRE_TEXT),
	FIELD(audit_entry, noun, WIRE_TEXT),
	FIELD(audit_entry, noun_id, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(audit_entry, request_id, WIRE_TEXT, .flags = WIRE_NULL),
	CREATED_FIELD(audit_entry),
};
NOUN(wire_audit, "AuditEntry", audit_entry, audit_fields, READ_ONLY, "Who did what.");

static const struct wire_field health_fields[] = {
	FIELD(wire_health, status, WIRE_TEXT, .example = "\"ok\""),
	FIELD(wire_health, detail, WIRE_TEXT, .flags = WIRE_NULL),
};
NOUN(wire_health, "Health", wire_health, health_fields, REPLY, "State of this process.");
