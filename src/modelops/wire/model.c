/* Field tables of models. */
#include "modelops/wire/model.h"

#include "modelops/domain/model.h"
#include "modelops/domain/state.h"
#include "modelops/wire/fields.h"

static const struct wire_field model_fields[] = {
	ID_FIELD(model),
	TENANT_FIELD(model),
	FIELD(model, project_id, WIRE_ID),
	FIELD(model, name, WIRE_TEXT),
	CREATED_FIELD(model),
};
NOUN(wire_model, "Model", model, model_fields, READ_ONLY, "A registered model.");

#define METRICS_SCHEMA \
	"{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":\"number\"}," \
	"\"description\":\"Metric by name.\",\"examples\":[{\"valid-rmse\":0.31}]}"

/* features.json of the model package: docs/ARCHITECTURE.md section 8. */
#define SIGNATURE_SCHEMA \
	"{\"type\":[\"object\",\"null\"],\"additionalProperties\":false," \
	"\"required\":[\"format\",\"task\",\"label\",\"features\",\"classes\"],\"properties\":{" \
	"\"format\":{\"const\":1}," \
	"\"task\":{\"enum\":[\"regression\",\"binary\",\"multiclass\"]}," \
	"\"label\":{\"type\":\"string\",\"description\":\"The column that is predicted.\"}," \
	"\"features\":{\"type\":\"array\",\"items\":{\"type\":\"object\"," \
	"\"additionalProperties\":false,\"required\":[\"name\",\"type\"],\"properties\":{" \
	"\"name\":{\"type\":\"string\"},\"type\":{\"enum\":[\"float\",\"int\"]}}}}," \
	"\"classes\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}}," \
	"\"description\":\"Features in the model's order, task, label and classes.\"}"

static const struct wire_field version_fields[] = {
	ID_FIELD(model_version),
	TENANT_FIELD(model_version),
	FIELD(model_version, project_id, WIRE_ID),
	FIELD(model_version, model_id, WIRE_ID),
	FIELD(model_version, version, WIRE_INT),
	FIELD(model_version, state, WIRE_ENUM, .ref = &model_version_states.names),
	FIELD(model_version, manifest_sha256, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(model_version, size, WIRE_INT, .about = "Bytes of the package."),
	FIELD(model_version, metrics, WIRE_RAW, .flags = WIRE_NULL, .schema = METRICS_SCHEMA),
	FIELD(model_version, signature, WIRE_RAW, .flags = WIRE_NULL, .schema = SIGNATURE_SCHEMA),
	FIELD(model_version, framework, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(model_version, run_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(model_version, step, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD(model_version, dataset_artifact_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(model_version, dataset_sha256, WIRE_TEXT, .flags = WIRE_NULL),
	CREATED_FIELD(model_version),
};
NOUN(wire_model_version, "ModelVersion", model_version, version_fields, READ_ONLY,
	"One immutable version of a model, with its lineage.");

static const struct wire_field alias_fields[] = {
	TENANT_FIELD(model_alias),
	FIELD(model_alias, model_id, WIRE_ID),
	FIELD(model_alias, alias, WIRE_TEXT),
	FIELD(model_alias, version, WIRE_INT),
	CREATED_FIELD(model_alias),
};
NOUN(wire_model_alias, "ModelAlias", model_alias, alias_fields, READ_ONLY,
	"A name for one version of a model.");

static const struct wire_field alias_put_fields[] = {
	FIELD(model_alias, version, WIRE_INT, .flags = WIRE_REQ, .min = 1, .max = INT32_MAX),
};
NOUN(wire_model_alias_put, "ModelAliasPut", model_alias, alias_put_fields, BODY,
	"The version that the alias names from now on.");
