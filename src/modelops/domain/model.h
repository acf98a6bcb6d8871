/* A registered model, its versions and aliases. */
#ifndef MODELOPS_DOMAIN_MODEL_H
#define MODELOPS_DOMAIN_MODEL_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum model_version_state { MV_PENDING, MV_READY, MV_FAILED, MV_ARCHIVED };

struct model {
	const char *id, *tenant_id, *project_id, *name;
	int64_t created_at;
};

struct model_version {
	const char *id, *tenant_id, *project_id, *model_id;
	int64_t version; /* 1.. */
	enum model_version_state state;
	const char *object_prefix; /* the package's files are objects below it */
	const char *manifest_sha256;
	int64_t size;
	const char *metrics;   /* JSON document */
	const char *signature; /* JSON document: features, types, classes */
	const char *framework; /* "xgboost" */
	const char *run_id, *step, *dataset_artifact_id, *dataset_sha256; /* lineage, or NULL */
	int64_t created_at;
};

struct model_alias {
	const char *tenant_id, *model_id, *alias;
	int64_t version;
	int64_t created_at;
};

#endif
