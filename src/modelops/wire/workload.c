/* Field tables of the workload door. */
#include "modelops/wire/workload.h"

#include "modelops/wire/fields.h"

static const struct wire_field input_fields[] = {
	FIELD(wire_workload_input, path, WIRE_TEXT, .about = "A single safe name."),
	FIELD(wire_workload_input, url, WIRE_TEXT,
		.about = "Absolute, or relative to this server's origin."),
	FIELD(wire_workload_input, size, WIRE_INT),
	FIELD(wire_workload_input, sha256, WIRE_TEXT),
};
NOUN(wire_workload_input, "WorkloadInput", wire_workload_input, input_fields, REPLY,
	"A file to bring.");

static const struct wire_field spec_fields[] = {
	FIELD(wire_workload_spec, attempt_id, WIRE_ID),
	FIELD(wire_workload_spec, kind, WIRE_TEXT),
	FIELD(wire_workload_spec, step, WIRE_DOC, .about = "Opaque: settings of the step."),
	FIELD(wire_workload_spec, inputs, WIRE_LIST, .ref = &wire_workload_input),
};
NOUN(wire_workload_spec, "WorkloadSpec", wire_workload_spec, spec_fields, REPLY,
	"What an attempt is to do.");

static const struct wire_field progress_fields[] = {
	FIELD_AS(wire_progress, "progress", progress_ppm, WIRE_PPM, .flags = WIRE_REQ),
	FIELD(wire_progress, eta_s, WIRE_NUMBER, .min = -1, .max = INT32_MAX, .def = "-1",
		.about = "Seconds left; -1: unknown."),
	FIELD(wire_progress, message, WIRE_TEXT, .flags = WIRE_NULL, .min = 0, .max = 500),
};
NOUN(wire_progress, "WorkloadProgress", wire_progress, progress_fields, BODY, "How far it is.");

static const struct wire_field metric_fields[] = {
	FIELD(wire_metric, key, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 100),
	FIELD(wire_metric, iteration, WIRE_INT, .min = 0, .max = INT32_MAX, .def = "0"),
	FIELD(wire_metric, value, WIRE_NUMBER, .flags = WIRE_REQ),
};
NOUN(wire_metric, "WorkloadMetric", wire_metric, metric_fields, BODY, "One value.");

static const struct wire_field metrics_fields[] = {
	FIELD(wire_metrics, metrics, WIRE_LIST, .flags = WIRE_REQ, .ref = &wire_metric,
		.max = 2000),
};
NOUN(wire_metrics, "WorkloadMetrics", wire_metrics, metrics_fields, BODY, "Values of metrics.");

static const struct wire_field output_fields[] = {
	FIELD(wire_output, path, WIRE_TEXT, .flags = WIRE_REQ, .min = 1, .max = 128),
	FIELD(wire_output, size, WIRE_INT, .flags = WIRE_REQ, .min = 0, .max = INT64_C(1) << 40),
	FIELD(wire_output, sha256, WIRE_TEXT, .flags = WIRE_REQ, .min = 64, .max = 65),
};
NOUN(wire_output, "WorkloadOutput", wire_output, output_fields, BODY, "A file to upload.");

static const struct wire_field link_fields[] = {
	FIELD(wire_output_link, url, WIRE_TEXT),
	FIELD(wire_output_link, method, WIRE_TEXT),
	FIELD(wire_output_link, headers, WIRE_RAW,
		.schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},"
			  "\"description\":\"Headers to send along.\"}"),
};
NOUN(wire_output_link, "WorkloadOutputLink", wire_output_link, link_fields, REPLY,
	"Where to send the bytes.");

static const struct wire_field ok_fields[] = { FIELD(wire_ok, ok, WIRE_BOOL) };
NOUN(wire_ok, "Ok", wire_ok, ok_fields, REPLY, "Taken.");
