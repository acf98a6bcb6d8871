/* Bodies of the workload door: what a job asks and tells. */
#ifndef MODELOPS_WIRE_WORKLOAD_H
#define MODELOPS_WIRE_WORKLOAD_H

#include "modelops/wire/schema.h"

#include <stddef.h>
#include <stdint.h>

struct wire_workload_input {
	const char *path, *url;
	int64_t size;
	const char *sha256;
};
extern const struct wire_noun wire_workload_input;

/* GET /v1/workload/spec */
struct wire_workload_spec {
	const char *attempt_id, *kind; /* train, evaluate, serve */
	const char *step; /* JSON object: the resolved `with` and what else the step needs */
	const struct wire_workload_input *inputs;
	size_t input_count;
};
extern const struct wire_noun wire_workload_spec;

/* POST /v1/workload/progress */
struct wire_progress {
	int64_t progress_ppm;
	double eta_s;        /* seconds */
	const char *message; /* or NULL */
};
extern const struct wire_noun wire_progress;

struct wire_metric {
	const char *key;
	int64_t iteration;
	double value;
};
extern const struct wire_noun wire_metric;

/* POST /v1/workload/metrics */
struct wire_metrics {
	const struct wire_metric *metrics;
	size_t metric_count;
};
extern const struct wire_noun wire_metrics;

/* POST /v1/workload/outputs */
struct wire_output {
	const char *path;
	int64_t size;
	const char *sha256;
};
extern const struct wire_noun wire_output;

/* Its reply: where to send the bytes. */
struct wire_output_link {
	const char *url, *method;
	const char *headers; /* JSON object */
};
extern const struct wire_noun wire_output_link;

/* Reply of the posts that have nothing to say. */
struct wire_ok {
	bool ok;
};
extern const struct wire_noun wire_ok;

#endif
