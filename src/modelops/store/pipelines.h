/* Pipelines and their versions. */
#ifndef MODELOPS_STORE_PIPELINES_H
#define MODELOPS_STORE_PIPELINES_H

#include "modelops/domain/pipeline.h"
#include "modelops/store/moves.h"

int store_pipeline_insert(struct store_tx *tx, const struct pipeline *row, struct mo_err *err);
int store_pipeline_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct pipeline **ret, struct mo_err *err);

/* REF is an id, or a name in PROJECT_ID. */
int store_pipeline_find(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *ref, struct mo_arena *a, struct pipeline **ret, struct mo_err *err);
int store_pipeline_list(struct store_tx *tx, const char *tenant, const char *project_id,
	const struct store_page *page, struct mo_arena *a, struct pipeline **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* latest_version + 1, for the version about to be inserted. */
int store_pipeline_bump(struct store_tx *tx, const char *tenant, const char *id,
	int64_t *ret_version, struct mo_err *err);

/* Its versions go with it; runs keep their resolved spec. */
int store_pipeline_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

int store_pipeline_version_insert(
	struct store_tx *tx, const struct pipeline_version *row, struct mo_err *err);
int store_pipeline_version_get(struct store_tx *tx, const char *tenant, const char *pipeline_id,
	int64_t version, struct mo_arena *a, struct pipeline_version **ret, struct mo_err *err);

/* Newest first; the cursor is the version as decimal text. */
int store_pipeline_version_list(struct store_tx *tx, const char *tenant, const char *pipeline_id,
	const struct store_page *page, struct mo_arena *a, struct pipeline_version **ret_rows,
	size_t *ret_n, struct mo_err *err);

#endif
