/* An artifact: bytes with a digest, owned by a project. */
#ifndef MODELOPS_DOMAIN_ARTIFACT_H
#define MODELOPS_DOMAIN_ARTIFACT_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum artifact_kind { ARTIFACT_DATASET, ARTIFACT_MODEL, ARTIFACT_OUTPUT, ARTIFACT_REPORT };
extern const struct enum_names artifact_kinds;

enum artifact_state { ARTIFACT_PENDING, ARTIFACT_READY, ARTIFACT_DELETED };
extern const struct enum_names artifact_states;

struct artifact {
	const char *id, *tenant_id, *project_id, *name;
	enum artifact_kind kind;
	enum artifact_state state;
	const char *object_key;
	int64_t size;
	const char *sha256, *content_type, *created_by;
	const char *run_id, *step; /* NULL: uploaded by a person */
	int64_t created_at;
};

#endif
