/* Field tables of deployments. */
#include "modelops/wire/deployment.h"

#include "modelops/domain/deployment.h"
#include "modelops/domain/pipeline_spec.h"
#include "modelops/domain/state.h"
#include "modelops/wire/fields.h"

#include <string.h>

static const struct wire_field deployment_fields[] = {
	ID_FIELD(deployment),
	TENANT_FIELD(deployment),
	FIELD(deployment, project_id, WIRE_ID),
	FIELD(deployment, name, WIRE_TEXT),
	FIELD(deployment, state, WIRE_ENUM, .ref = &deployment_states.names),
	FIELD(deployment, reason, WIRE_TEXT, .flags = WIRE_NULL, .about = "Why it is not READY."),
	FIELD(deployment, spec, WIRE_RAW,
		.schema = "{\"$ref\":\"#/components/schemas/DeploymentSpec\"}"),
	FIELD(deployment, generation, WIRE_INT, .about = "Grows with every change of spec."),
	FIELD(deployment, current_revision_id, WIRE_ID, .flags = WIRE_NULL),
	CREATED_FIELD(deployment),
	UPDATED_FIELD(deployment),
};
NOUN(wire_deployment, "Deployment", deployment, deployment_fields, READ_ONLY,
	"A model that is served.");

static const struct wire_field range_fields[] = {
	FIELD(replica_range, min, WIRE_INT, .min = 0, .max = 64, .def = "1"),
	FIELD(replica_range, max, WIRE_INT, .min = 0, .max = 64, .def = "1"),
};
NOUN(wire_replicas, "Replicas", replica_range, range_fields, SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE),
	"Instances wanted.");

static const struct wire_field spec_fields[] = {
	FIELD(deployment_spec, project_id, WIRE_REF, .flags = WIRE_REQ),
	FIELD(deployment_spec, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"iris\"",
		.about = "Unique in the project."),
	FIELD(deployment_spec, model, WIRE_REF, .flags = WIRE_REQ | WIRE_PATCHY,
		.about = "Model, name or id."),
	FIELD(deployment_spec, version, WIRE_INT, .flags = WIRE_NULL | WIRE_PATCHY, .min = 1,
		.max = INT32_MAX),
	FIELD(deployment_spec, alias, WIRE_NAME, .flags = WIRE_NULL | WIRE_PATCHY,
		.about = "Instead of version: the version that the alias names."),
	FIELD(deployment_spec, replicas, WIRE_OBJECT, .flags = WIRE_PATCHY, .ref = &wire_replicas,
		.def = "{}"),
	FIELD(deployment_spec, concurrency, WIRE_INT, .flags = WIRE_PATCHY, .min = 1, .max = 1024,
		.def = "4"),
	FIELD(deployment_spec, pool, WIRE_REF, .flags = WIRE_NULL | WIRE_PATCHY),
	FIELD(deployment_spec, shares, WIRE_INT, .flags = WIRE_PATCHY, .min = 1,
		.max = SPEC_MAX_SHARES, .def = "1"),
};
NOUN(wire_deployment_spec, "DeploymentSpec", deployment_spec, spec_fields,
	SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE) | SHAPE(WIRE_PATCH), "What to serve and how.");

static const struct wire_field revision_fields[] = {
	ID_FIELD(revision),
	TENANT_FIELD(revision),
	FIELD(revision, deployment_id, WIRE_ID),
	FIELD(revision, number, WIRE_INT),
	FIELD(revision, model_version_id, WIRE_ID, .flags = WIRE_NULL,
		.about = "null: FAILED, for the model version asked for could not be had."),
	FIELD(revision, spec, WIRE_RAW,
		.schema = "{\"$ref\":\"#/components/schemas/DeploymentSpec\"}"),
	FIELD(revision, replicas, WIRE_INT),
	FIELD(revision, concurrency, WIRE_INT),
	FIELD(revision, pool_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(revision, shares, WIRE_INT),
	FIELD(revision, state, WIRE_ENUM, .ref = &revision_states.names),
	FIELD(revision, weight, WIRE_INT, .about = "Per cent of the traffic."),
	CREATED_FIELD(revision),
};
NOUN(wire_revision, "Revision", revision, revision_fields, READ_ONLY,
	"One immutable state of a deployment.");

static const struct wire_field instance_fields[] = {
	ID_FIELD(instance),
	TENANT_FIELD(instance),
	FIELD(instance, deployment_id, WIRE_ID),
	FIELD(instance, revision_id, WIRE_ID),
	FIELD_AS(instance, "index", idx, WIRE_INT),
	FIELD(instance, state, WIRE_ENUM, .ref = &instance_states.names),
	FIELD(instance, restarts, WIRE_INT),
	FIELD(instance, reason, WIRE_TEXT, .flags = WIRE_NULL),
	TIME_FIELD(instance, started_at),
	TIME_FIELD(instance, ready_at),
	TIME_FIELD(instance, not_before, .about = "A restart waits until then."),
	CREATED_FIELD(instance),
};
NOUN(wire_instance, "Instance", instance, instance_fields, READ_ONLY,
	"One serving process of a revision.");

#define VALUE_SCHEMA "{\"type\":[\"number\",\"string\",\"null\"]}"

struct wire_inference {
	const char *doc, *model_version, *request_id;
};

static const struct wire_field predict_request_fields[] = {
	FIELD_AS(wire_inference, "instances", doc, WIRE_RAW, .flags = WIRE_REQ,
		.schema = "{\"type\":\"array\",\"minItems\":1,\"description\":\"Rows: lists of "
			  "values in "
			  "the features' order, or objects by feature name; null is a missing "
			  "value.\","
			  "\"items\":{\"oneOf\":[{\"type\":\"array\",\"items\":" VALUE_SCHEMA
			  "},{\"type\":\"object\",\"additionalProperties\":" VALUE_SCHEMA
			  "}]},\"examples\":[[[5.1,3.5,1.4,0.2]]]}"),
};
NOUN(wire_predict_request, "PredictRequest", wire_inference, predict_request_fields, BODY,
	"Rows to predict or explain.");

static const struct wire_field predict_reply_fields[] = {
	FIELD_AS(wire_inference, "predictions", doc, WIRE_RAW,
		.schema = "{\"type\":\"array\",\"description\":\"One per row: a number, a label, "
			  "or with "
			  "proba=1 a probability by label.\",\"items\":{\"oneOf\":[{\"type\":"
			  "\"number\"},{\"type\":\"string\"},{\"type\":\"object\","
			  "\"additionalProperties\":{\"type\":\"number\"}},{\"type\":\"array\","
			  "\"items\":{\"type\":\"number\"}}]}}"),
	FIELD(wire_inference, model_version, WIRE_TEXT),
	FIELD(wire_inference, request_id, WIRE_TEXT),
};
NOUN(wire_predict_reply, "PredictReply", wire_inference, predict_reply_fields, REPLY,
	"Predictions in the order of the rows.");

static const struct wire_field explain_reply_fields[] = {
	FIELD_AS(wire_inference, "explanations", doc, WIRE_RAW,
		.schema =
			"{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
			"\"base_value\":{\"type\":\"number\"},\"values\":{\"type\":\"object\","
			"\"description\":\"Contribution by feature.\",\"additionalProperties\":{"
			"\"type\":\"number\"}},\"output\":{\"type\":\"number\",\"description\":"
			"\"base_value plus the sum of values.\"},\"class\":{\"type\":\"string\"}},"
			"\"required\":[\"base_value\",\"values\",\"output\"],"
			"\"additionalProperties\":false}}"),
	FIELD(wire_inference, model_version, WIRE_TEXT),
	FIELD(wire_inference, request_id, WIRE_TEXT),
};
NOUN(wire_explain_reply, "ExplainReply", wire_inference, explain_reply_fields, REPLY,
	"What each feature contributed to each prediction.");

int wire_deployment_spec_parse(
	const char *text, struct mo_arena *arena, struct deployment_spec *ret, struct mo_err *err)
{
	struct deployment_spec spec = { 0 };
	if (wire_parse(text, strlen(text), &wire_deployment_spec, WIRE_CREATE, arena, &spec, NULL,
		    err) < 0)
		return -1;
	*ret = spec;
	return 0;
}

const char *wire_deployment_spec_text(
	const struct deployment_spec *spec, struct mo_arena *arena, struct mo_err *err)
{
	return wire_text(&wire_deployment_spec, spec, arena, err);
}
