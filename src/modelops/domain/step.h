/* A step of a run. */
#ifndef MODELOPS_DOMAIN_STEP_H
#define MODELOPS_DOMAIN_STEP_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum step_kind { STEP_TRAIN, STEP_EVALUATE, STEP_REGISTER, STEP_DEPLOY };
extern const struct enum_names step_kinds;

enum step_device { DEVICE_CPU, DEVICE_CUDA };
extern const struct enum_names step_devices;

enum step_state {
	STEP_BLOCKED,
	STEP_QUEUED,
	STEP_ALLOCATED,
	STEP_RUNNING,
	STEP_REGISTERING,
	STEP_SUCCEEDED,
	STEP_FAILED,
	STEP_SKIPPED,
	STEP_CANCELLED,
};

struct run_step {
	const char *id, *tenant_id, *project_id, *run_id;
	int64_t idx; /* order in the spec, 0.. */
	const char *name;
	enum step_kind kind;
	const char *needs; /* space-separated step names, or NULL */
	enum step_state state;
	const char *pool_id; /* NULL: register and deploy steps; with any_of only while it holds */
	const char *any_of;  /* space-separated pool ids in order of preference, or NULL */
	int64_t shares;
	enum step_device device;
	int64_t attempt;        /* 1..; 0 before the first */
	const char *attempt_id; /* NULL before the first */
	int64_t max_attempts;
	int64_t lost_attempts; /* by our failure: not counted in attempt */
	int64_t max_runtime_s; /* 0: none */
	int64_t not_before;    /* 0: now */
	const char *reason;    /* why it failed */
	const char *detail;    /* why it waits */
	int64_t progress_ppm;  /* 0..1000000 */
	int64_t eta_s;         /* -1: unknown */
	int64_t created_at, queued_at, started_at, finished_at; /* 0: not yet */
	const char *inputs;                                     /* JSON document: resolved `with` */
	const char *outputs;                                    /* JSON document, or NULL */
	const char *device_used; /* what the trainer ran on, or NULL */
};

/* train and evaluate run as jobs on shares of a pool; register and deploy run in the controller. */
static inline int step_kind_runs_job(enum step_kind kind)
{
	return kind == STEP_TRAIN || kind == STEP_EVALUATE;
}

#endif
