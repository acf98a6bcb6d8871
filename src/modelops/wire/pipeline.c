/* Field tables of pipelines. */
#include "modelops/wire/pipeline.h"

#include "modelops/wire/fields.h"

#include <string.h>

_Static_assert(offsetof(struct pipeline_spec, param_count) ==
		       offsetof(struct pipeline_spec, params) + sizeof(void *),
	"a list is a pointer and a count side by side");

static const struct wire_field pipeline_fields[] = {
	ID_FIELD(pipeline),
	TENANT_FIELD(pipeline),
	FIELD(pipeline, project_id, WIRE_ID),
	FIELD(pipeline, name, WIRE_TEXT),
	FIELD(pipeline, latest_version, WIRE_INT),
	CREATED_FIELD(pipeline),
};
NOUN(wire_pipeline, "Pipeline", pipeline, pipeline_fields, READ_ONLY,
	"A versioned template of steps.");

static const struct wire_field version_fields[] = {
	TENANT_FIELD(pipeline_version),
	FIELD(pipeline_version, pipeline_id, WIRE_ID),
	FIELD(pipeline_version, version, WIRE_INT),
	FIELD(pipeline_version, spec, WIRE_RAW,
		.schema = "{\"$ref\":\"#/components/schemas/PipelineSpec\"}"),
	FIELD(pipeline_version, created_by, WIRE_TEXT, .flags = WIRE_NULL),
	CREATED_FIELD(pipeline_version),
};
NOUN(wire_pipeline_version, "PipelineVersion", pipeline_version, version_fields, READ_ONLY,
	"One immutable version of a pipeline.");

static const struct wire_field param_fields[] = {
	FIELD(spec_param, name, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 63),
	FIELD(spec_param, type, WIRE_ENUM, .ref = &param_types, .def = "\"string\""),
	FIELD_AS(spec_param, "default", def, WIRE_ANY, .flags = WIRE_NULL,
		.about = "Opaque: the value of a run that gives none; null: it must be given."),
	FIELD(spec_param, description, WIRE_TEXT, .flags = WIRE_NULL, .min = 0, .max = 500),
};
NOUN(wire_spec_param, "PipelineParameter", spec_param, param_fields,
	SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE), "A parameter: ${params.NAME} stands for its value.");

static const struct wire_field step_fields[] = {
	FIELD(spec_step, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"train\""),
	FIELD(spec_step, kind, WIRE_ENUM, .flags = WIRE_REQ, .ref = &step_kinds),
	FIELD(spec_step, needs, WIRE_TEXTS, .max = SPEC_MAX_STEPS,
		.about = "Steps that must succeed first."),
	FIELD(spec_step, pool, WIRE_TEXT, .flags = WIRE_NULL, .min = 1, .max = 128),
	FIELD(spec_step, any_of, WIRE_TEXTS, .max = 16, .about = "Pools in order of preference."),
	FIELD(spec_step, shares, WIRE_INT, .min = 1, .max = SPEC_MAX_SHARES, .def = "1"),
	FIELD(spec_step, device, WIRE_ENUM, .ref = &step_devices, .def = "\"cpu\""),
	FIELD_AS(spec_step, "max_runtime", max_runtime_s, WIRE_DURATION, .flags = WIRE_NULL,
		.min = 1, .max = 30 * 86400, .example = "\"10m\""),
	FIELD(spec_step, retries, WIRE_INT, .min = 0, .max = SPEC_MAX_RETRIES, .def = "0"),
	FIELD(spec_step, with, WIRE_VALUE, .def = "{}",
		.about = "Opaque: settings of the step's kind, see docs/API_EXAMPLES.md."),
};
NOUN(wire_spec_step, "PipelineStep", spec_step, step_fields, SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE),
	"A step of a pipeline.");

#define SPEC_FIELDS(s, at) \
	FIELD_AS(s, "name", at name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"iris\""), \
		FIELD_AS(s, "description", at description, WIRE_TEXT, .flags = WIRE_NULL, \
			.min = 0, .max = 1000), \
		FIELD_AS(s, "parameters", at params, WIRE_LIST, .ref = &wire_spec_param, \
			.max = SPEC_MAX_PARAMS), \
		FIELD_AS(s, "steps", at steps, WIRE_LIST, .flags = WIRE_REQ, \
			.ref = &wire_spec_step, .max = SPEC_MAX_STEPS)

static const struct wire_field spec_fields[] = { SPEC_FIELDS(pipeline_spec, ) };
NOUN(wire_pipeline_spec, "PipelineSpec", pipeline_spec, spec_fields,
	SHAPE(WIRE_READ) | SHAPE(WIRE_CREATE), "Parameters and a graph of steps.");

static const struct wire_field create_fields[] = {
	FIELD(wire_pipeline_create, project_id, WIRE_REF,
		.about = "Project, id or name; may stand in the query instead."),
	SPEC_FIELDS(wire_pipeline_create, spec.),
};
NOUN(wire_pipeline_create, "PipelineCreate", wire_pipeline_create, create_fields, BODY,
	"A new pipeline: its first version's specification.");

int wire_spec_parse(
	const char *text, struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err)
{
	struct pipeline_spec spec = { 0 };
	if (wire_parse(
		    text, strlen(text), &wire_pipeline_spec, WIRE_CREATE, arena, &spec, NULL, err))
		return -1;
	*ret = spec;
	return 0;
}

const char *wire_spec_text(
	const struct pipeline_spec *spec, struct mo_arena *arena, struct mo_err *err)
{
	return wire_text(&wire_pipeline_spec, spec, arena, err);
}
