/* Artifacts: rows of what the object store keeps. */
#ifndef MODELOPS_STORE_ARTIFACTS_H
#define MODELOPS_STORE_ARTIFACTS_H

#include "modelops/domain/artifact.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_artifact_insert(struct store_tx *tx, const struct artifact *r, struct mo_err *err);
int store_artifact_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct artifact **ret, struct mo_err *err);
/* The READY artifact of PROJECT that a step is to read. What looks like an artifact's id is one,
 * whatever things are called; a name means the newest of kind `dataset`, so that neither a run's
 * output nor a report takes a data set's place. For writes only: it stays READY until the
 * transaction ends. */
int store_dataset_find(struct store_tx *tx, const char *tenant, const char *project,
	const char *id_or_name, struct mo_arena *a, struct artifact **ret, struct mo_err *err);

struct artifact_filter {
	const char *project_id, *name, *run_id; /* NULL: any */
};
/* READY ones only. */
int store_artifact_list(struct store_tx *tx, const char *tenant, const struct artifact_filter *f,
	const struct store_page *page, struct mo_arena *a, struct artifact **ret, size_t *ret_n,
	struct mo_err *err);
/* READY -> DELETED; the row stays as evidence. MO_ECONFLICT (slug in_use) names what needs ROW: a
 * model version whose package it is part of, or a run that is not over and reads or made it. */
int store_artifact_delete(struct store_tx *tx, const struct artifact *row, struct mo_err *err);

/* A row needs the object KEY, or may come to need it: an artifact, a model version, a log chunk; an
 * attempt that is live, and of one that succeeded the manifest. Also true for keys that the
 * platform does not make and for tenants that this database does not know: who looks for what can
 * go leaves those alone. */
int store_object_needed(struct store_tx *tx, const char *key, bool *ret_needed, struct mo_err *err);

#endif
