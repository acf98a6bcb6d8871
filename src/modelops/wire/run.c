/* Field tables of runs, steps and metrics. */
#include "modelops/wire/run.h"

#include "modelops/domain/pipeline_spec.h"
#include "modelops/domain/state.h"
#include "modelops/wire/fields.h"

static const struct wire_field run_fields[] = {
	ID_FIELD(run),
	TENANT_FIELD(run),
	FIELD(run, project_id, WIRE_ID),
	FIELD(run, name, WIRE_TEXT),
	FIELD(run, kind, WIRE_ENUM, .ref = &run_kinds),
	FIELD(run, pipeline_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(run, pipeline_version, WIRE_INT, .flags = WIRE_NULL, .min = 1, .max = INT32_MAX),
	FIELD(run, params, WIRE_DOC, .flags = WIRE_NULL, .about = "Opaque: the values given."),
	FIELD(run, spec, WIRE_RAW, .schema = "{\"$ref\":\"#/components/schemas/PipelineSpec\"}"),
	FIELD(run, state, WIRE_ENUM, .ref = &run_states.names),
	FIELD(run, reason, WIRE_TEXT, .flags = WIRE_NULL,
		.about = "Why it failed or was cancelled."),
	FIELD(run, cancel_requested, WIRE_BOOL),
	FIELD(run, created_by, WIRE_TEXT, .flags = WIRE_NULL),
	FIELD_AS(run, "max_runtime", max_runtime_s, WIRE_DURATION, .flags = WIRE_NULL),
	TIME_FIELD(run, started_at),
	TIME_FIELD(run, finished_at),
	CREATED_FIELD(run),
};
NOUN(wire_run, "Run", run, run_fields, READ_ONLY,
	"One execution of a pipeline version, or a training job.");

static const struct wire_field step_fields[] = {
	ID_FIELD(run_step),
	TENANT_FIELD(run_step),
	FIELD(run_step, project_id, WIRE_ID),
	FIELD(run_step, run_id, WIRE_ID),
	FIELD_AS(run_step, "index", idx, WIRE_INT),
	FIELD(run_step, name, WIRE_TEXT),
	FIELD(run_step, kind, WIRE_ENUM, .ref = &step_kinds),
	FIELD(run_step, needs, WIRE_WORDS),
	FIELD(run_step, state, WIRE_ENUM, .ref = &step_states.names),
	FIELD(run_step, pool_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(run_step, shares, WIRE_INT),
	FIELD(run_step, device, WIRE_ENUM, .ref = &step_devices),
	FIELD(run_step, attempt, WIRE_INT),
	FIELD(run_step, attempt_id, WIRE_ID, .flags = WIRE_NULL),
	FIELD(run_step, max_attempts, WIRE_INT),
	FIELD(run_step, lost_attempts, WIRE_INT,
		.about = "Ended by a failure of the platform: unbilled, and not counted in "
			 "attempt."),
	FIELD_AS(run_step, "max_runtime", max_runtime_s, WIRE_DURATION, .flags = WIRE_NULL),
	TIME_FIELD(run_step, not_before, .about = "A retry waits until then."),
	FIELD(run_step, reason, WIRE_TEXT, .flags = WIRE_NULL, .about = "Why it failed."),
	FIELD(run_step, detail, WIRE_TEXT, .flags = WIRE_NULL, .about = "Why it waits."),
	FIELD_AS(run_step, "progress", progress_ppm, WIRE_PPM, .about = "0 to 1."),
	FIELD(run_step, eta_s, WIRE_INT, .flags = WIRE_NULL, .min = 0, .max = INT32_MAX,
		.about = "Seconds left; null: unknown."),
	TIME_FIELD(run_step, queued_at),
	TIME_FIELD(run_step, started_at),
	TIME_FIELD(run_step, finished_at),
	FIELD(run_step, inputs, WIRE_DOC, .flags = WIRE_NULL,
		.about = "Opaque: the resolved `with`."),
	FIELD(run_step, outputs, WIRE_DOC, .flags = WIRE_NULL, .about = "Opaque: what it made."),
	FIELD(run_step, device_used, WIRE_TEXT, .flags = WIRE_NULL),
	CREATED_FIELD(run_step),
};
NOUN(wire_run_step, "RunStep", run_step, step_fields, READ_ONLY, "A step of a run.");

static const struct wire_field metric_fields[] = {
	TENANT_FIELD(run_metric),
	FIELD(run_metric, run_id, WIRE_ID),
	FIELD(run_metric, step, WIRE_TEXT),
	FIELD(run_metric, key, WIRE_TEXT, .example = "\"valid-mlogloss\""),
	FIELD(run_metric, iteration, WIRE_INT),
	FIELD(run_metric, value, WIRE_NUMBER),
	FIELD(run_metric, at, WIRE_TIME),
};
NOUN(wire_run_metric, "RunMetric", run_metric, metric_fields, READ_ONLY,
	"One value of a metric series of a run.");

#define MAX_RUNTIME(s) \
	FIELD_AS(s, "max_runtime", max_runtime_s, WIRE_DURATION, .flags = WIRE_NULL, .min = 1, \
		.max = 30 * 86400, .example = "\"10m\"")

static const struct wire_field create_fields[] = {
	FIELD(wire_run_create, project_id, WIRE_REF, .flags = WIRE_REQ,
		.about = "Project, id or name."),
	FIELD(wire_run_create, pipeline_id, WIRE_REF, .flags = WIRE_NULL),
	FIELD(wire_run_create, pipeline, WIRE_REF, .flags = WIRE_NULL,
		.about = "The pipeline's name in the project, instead of pipeline_id."),
	FIELD(wire_run_create, version, WIRE_INT, .flags = WIRE_NULL, .min = 1, .max = INT32_MAX,
		.about = "null: the latest."),
	FIELD(wire_run_create, name, WIRE_NAME, .flags = WIRE_NULL),
	FIELD(wire_run_create, params, WIRE_VALUE, .flags = WIRE_NULL,
		.about = "Opaque: value by parameter name."),
	FIELD(wire_run_create, pool, WIRE_REF, .flags = WIRE_NULL,
		.about = "Pool of every step, instead of the pipeline's own choice."),
	MAX_RUNTIME(wire_run_create),
};
NOUN(wire_run_create, "RunCreate", wire_run_create, create_fields, BODY, "What to run.");

static const struct wire_field register_fields[] = {
	FIELD(wire_register, model, WIRE_NAME, .flags = WIRE_REQ),
	FIELD(wire_register, alias, WIRE_NAME, .flags = WIRE_NULL),
};
NOUN(wire_register, "RegisterModel", wire_register, register_fields, BODY,
	"Model to register the result as.");

static const struct wire_field job_fields[] = {
	FIELD(wire_training_job_create, project_id, WIRE_REF, .flags = WIRE_REQ),
	FIELD(wire_training_job_create, name, WIRE_NAME, .flags = WIRE_REQ, .example = "\"iris\""),
	FIELD(wire_training_job_create, pool, WIRE_REF, .flags = WIRE_NULL),
	FIELD(wire_training_job_create, shares, WIRE_INT, .min = 1, .max = SPEC_MAX_SHARES,
		.def = "1"),
	FIELD(wire_training_job_create, device, WIRE_ENUM, .ref = &step_devices, .def = "\"cpu\""),
	MAX_RUNTIME(wire_training_job_create),
	FIELD(wire_training_job_create, retries, WIRE_INT, .min = 0, .max = SPEC_MAX_RETRIES,
		.def = "0"),
	FIELD(wire_training_job_create, with, WIRE_VALUE, .flags = WIRE_REQ,
		.about = "Opaque: settings of a train step.",
		.example = "{\"dataset\":\"iris.csv\",\"label\":\"species\"}"),
	FIELD_AS(wire_training_job_create, "register", reg, WIRE_POINTER, .flags = WIRE_NULL,
		.ref = &wire_register),
};
NOUN(wire_training_job_create, "TrainingJobCreate", wire_training_job_create, job_fields, BODY,
	"A run of one train step.");
