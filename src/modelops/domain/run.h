/* A run: one execution of a pipeline version, or a training job. */
#ifndef MODELOPS_DOMAIN_RUN_H
#define MODELOPS_DOMAIN_RUN_H

#include "modelops/domain/enums.h"

#include <stdbool.h>
#include <stdint.h>

enum run_kind { RUN_PIPELINE, RUN_TRAINING_JOB };
extern const struct enum_names run_kinds;

enum run_state { RUN_PENDING, RUN_RUNNING, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED };

struct run {
	const char *id, *tenant_id, *project_id, *name;
	enum run_kind kind;
	const char *pipeline_id;  /* NULL for a training job */
	int64_t pipeline_version; /* 0 for a training job */
	const char *params;       /* JSON document: values given */
	const char *spec;         /* JSON document: the pipeline spec with parameters resolved */
	enum run_state state;
	const char *reason; /* why it failed or was cancelled, or NULL */
	bool cancel_requested;
	const char *created_by;
	int64_t created_at, started_at, finished_at; /* 0: not yet */
	int64_t waiting_since;                       /* all it does is wait for shares; 0: no */
	int64_t waited_us;                           /* all such times that are over */
	int64_t max_runtime_s;                       /* without the time it waited */
};

/* One value of a metric series. */
struct run_metric {
	const char *tenant_id, *run_id, *step, *key;
	int64_t iteration;
	double value;
	int64_t at;
};

/* One chunk of an attempt's log; the bytes are an object. */
struct run_log {
	const char *tenant_id, *run_id, *step_id, *attempt_id;
	int64_t chunk; /* 0.. */
	const char *object_key;
	int64_t size, at;
};

#endif
