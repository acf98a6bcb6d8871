/* Pipelines and their versions. */
#ifndef MODELOPS_STORE_PIPELINES_H
#define MODELOPS_STORE_PIPELINES_H

#include "modelops/domain/pipeline.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_pipeline_insert(struct store_tx *tx, const struct pipeline *p, struct mo_err *err);
int store_pipeline_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct pipeline **ret, struct mo_err *err);
/* By id or name within PROJECT. */
int store_pipeline_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct pipeline **ret, struct mo_err *err);
/* PROJECT NULL: all. */
int store_pipeline_list(struct store_tx *tx, const char *tenant, const char *project,
	const struct store_page *page, struct mo_arena *a, struct pipeline **ret, size_t *ret_n,
	struct mo_err *err);
/* Its versions go with it; runs keep their copy of the spec. */
int store_pipeline_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

/* Inserts V as the next version of its pipeline: *ret_version and the pipeline's latest_version are
 * set to it. */
int store_pipeline_version_add(struct store_tx *tx, const struct pipeline_version *v,
	int64_t *ret_version, struct mo_err *err);
int store_pipeline_version_get(struct store_tx *tx, const char *tenant, const char *pipeline,
	int64_t version, struct mo_arena *a, struct pipeline_version **ret, struct mo_err *err);
/* Newest first; AFTER is the version number of the last one shown, 0 for the first page. */
int store_pipeline_version_list(struct store_tx *tx, const char *tenant, const char *pipeline,
	int64_t after, int64_t limit, struct mo_arena *a, struct pipeline_version **ret,
	size_t *ret_n, struct mo_err *err);

#endif
