/* What was asked for in a deployment, once read. */
#ifndef MODELOPS_DOMAIN_DEPLOYMENT_SPEC_H
#define MODELOPS_DOMAIN_DEPLOYMENT_SPEC_H

#include "modelops/base/err.h"

#include <stdint.h>

struct replica_range {
	int64_t min, max;
};

struct deployment_spec {
	const char *project_id; /* id or name as given; the id once stored */
	const char *name;
	const char *model; /* name or id */
	int64_t version;   /* 0: the alias says */
	const char *alias; /* NULL: the version says */
	struct replica_range replicas;
	int64_t concurrency; /* requests running at once in one instance */
	const char *pool;    /* NULL: the default pool */
	int64_t shares;      /* per instance */
};

/* Exactly one of version and alias; replicas.min <= replicas.max. MO_EFIELD. */
int deployment_spec_validate(const struct deployment_spec *spec, struct mo_err *err);

#endif
