/* Field table of artifacts. */
#include "modelops/wire/artifact.h"

#include "modelops/domain/artifact.h"
#include "modelops/wire/fields.h"

static const struct wire_field fields[] = {
	ID_FIELD(artifact),
	TENANT_FIELD(artifact),
	FIELD(artifact, project_id, WIRE_ID),
	FIELD(artifact, name, WIRE_TEXT, .example = "\"iris.csv\""),
	FIELD(artifact, kind, WIRE_ENUM, .ref = &artifact_kinds),
	FIELD(artifact, state, WIRE_ENUM, .ref = &artifact_states),
	FIELD(artifact, size, WIRE_INT, .about = "Bytes."),
	FIELD(artifact, sha256, WIRE_TEXT, .flags = WIRE_NULL, .about = "Lower-case hex."),
	FIELD(artifact, content_type, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(artifact, created_by, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(artifact, run_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(artifact, step, WIRE_TEXT, .flags = WIRE_NULL),
	CREATED_FIELD(artifact),
};
NOUN(wire_artifact, "Artifact", artifact, fields, READ_ONLY,
	"Bytes with a digest, owned by a project.");
