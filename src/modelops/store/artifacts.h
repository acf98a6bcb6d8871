/* Artifacts: rows of what the object store keeps. */
#ifndef MODELOPS_STORE_ARTIFACTS_H
#define MODELOPS_STORE_ARTIFACTS_H

#include "modelops/domain/artifact.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_artifact_insert(struct store_tx *tx, const struct artifact *r, struct mo_err *err);
int store_artifact_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct artifact **ret, struct mo_err *err);
/* By id, or the newest READY one of that name in PROJECT. */
int store_artifact_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct artifact **ret, struct mo_err *err);

struct artifact_filter {
	const char *project_id, *name, *run_id; /* NULL: any */
};
/* READY ones only. */
int store_artifact_list(struct store_tx *tx, const char *tenant, const struct artifact_filter *f,
	const struct store_page *page, struct mo_arena *a, struct artifact **ret, size_t *ret_n,
	struct mo_err *err);
/* READY -> DELETED; the row stays as evidence. */
int store_artifact_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

#endif
