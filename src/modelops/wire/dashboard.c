/* Field table of dashboards. */
#include "modelops/wire/dashboard.h"

#include "modelops/wire/fields.h"

static const struct wire_field fields[] = {
	ID_FIELD(dashboard),
	FIELD(dashboard, tenant_id, WIRE_REF, .flags = WIRE_NULL,
		.about = "Owner; null for dashboards of the platform."),
	FIELD(dashboard, scope, WIRE_ENUM, .flags = WIRE_REQ, .ref = &dashboard_scopes),
	FIELD(dashboard, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"runtime-resources\""),
	FIELD(dashboard, title, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 200),
	FIELD(dashboard, builtin, WIRE_BOOL, .flags = WIRE_RO),
	FIELD(dashboard, version, WIRE_INT, .flags = WIRE_RO),
	FIELD(dashboard, definition, WIRE_DOC, .flags = WIRE_REQ, .max = 512 << 10,
		.about = "Opaque: Grafana's dashboard JSON."),
	CREATED_FIELD(dashboard),
	UPDATED_FIELD(dashboard),
};
NOUN(wire_dashboard, "Dashboard", dashboard, fields, READ_WRITE,
	"A Grafana dashboard with an owner.");
