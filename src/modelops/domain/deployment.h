/* A deployment, its immutable revisions and their serving instances. */
#ifndef MODELOPS_DOMAIN_DEPLOYMENT_H
#define MODELOPS_DOMAIN_DEPLOYMENT_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum deployment_state {
	DEPLOYMENT_PENDING,
	DEPLOYMENT_ROLLING,
	DEPLOYMENT_READY,
	DEPLOYMENT_DEGRADED,
	DEPLOYMENT_IDLE,
	DEPLOYMENT_FAILED,
	DEPLOYMENT_DELETING,
};
enum revision_state {
	REVISION_STARTING,
	REVISION_READY,
	REVISION_DRAINING,
	REVISION_GONE,
	REVISION_FAILED,
};
enum instance_state {
	INSTANCE_STARTING,
	INSTANCE_READY,
	INSTANCE_DRAINING,
	INSTANCE_GONE,
	INSTANCE_FAILED,
};

struct deployment {
	const char *id, *tenant_id, *project_id, *name;
	enum deployment_state state;
	const char *reason;              /* why it is not READY, or NULL */
	const char *spec;                /* JSON document: what was asked for */
	int64_t generation;              /* grows with every change of spec */
	const char *current_revision_id; /* the revision that serves, or NULL */
	int64_t created_at, updated_at;
};

struct revision {
	const char *id, *tenant_id, *deployment_id;
	int64_t number;               /* 1.. */
	const char *model_version_id; /* NULL: there was none, it is FAILED */
	const char *spec;             /* JSON document, resolved */
	int64_t replicas, concurrency;
	const char *pool_id; /* NULL: serves outside the pools */
	int64_t shares;      /* per instance */
	enum revision_state state;
	int64_t weight; /* per cent of traffic, 0..100 */
	int64_t created_at;
};

struct instance {
	const char *id, *tenant_id, *deployment_id, *revision_id;
	int64_t idx; /* 0.. in the revision */
	enum instance_state state;
	const char *address; /* "unix:/..." or "tcp:127.0.0.1:PORT", NULL before it listens */
	int64_t restarts;
	const char *reason;
	int64_t created_at, started_at, ready_at, not_before; /* 0: not yet */
};

#endif
