/* A pipeline: versioned templates of steps. */
#ifndef MODELOPS_DOMAIN_PIPELINE_H
#define MODELOPS_DOMAIN_PIPELINE_H

#include <stdint.h>

struct pipeline {
	const char *id, *tenant_id, *project_id, *name;
	int64_t latest_version;
	int64_t created_at;
};

struct pipeline_version {
	const char *tenant_id, *pipeline_id;
	int64_t version;  /* 1.. */
	const char *spec; /* JSON document; struct pipeline_spec is its parsed form */
	const char *created_by;
	int64_t created_at;
};

#endif
