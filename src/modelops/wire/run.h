/* Runs, training jobs, steps and metrics. */
#ifndef MODELOPS_WIRE_RUN_H
#define MODELOPS_WIRE_RUN_H

#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_run;        /* struct run */
extern const struct wire_noun wire_run_step;   /* struct run_step */
extern const struct wire_noun wire_run_metric; /* struct run_metric */

/* POST /v1/runs: exactly one of pipeline_id and pipeline. */
struct wire_run_create {
	const char *project_id; /* id or name */
	const char *pipeline_id, *pipeline;
	int64_t version; /* 0: the latest */
	const char *name;
	const struct value *params;
	const char *pool; /* overrides every step's pool */
	int64_t max_runtime_s;
};
extern const struct wire_noun wire_run_create;

/* `register` of a train step or job. */
struct wire_register {
	const char *model, *alias;
};
extern const struct wire_noun wire_register;

/* POST /v1/training-jobs */
struct wire_training_job_create {
	const char *project_id, *name;
	const char *pool;
	int64_t shares;
	enum step_device device;
	int64_t max_runtime_s, retries;
	const struct value *with;
	const struct wire_register *reg;
};
extern const struct wire_noun wire_training_job_create;

#endif
