/* Registered models, their versions and aliases. */
#ifndef MODELOPS_STORE_MODELS_H
#define MODELOPS_STORE_MODELS_H

#include "modelops/domain/model.h"
#include "modelops/store/moves.h"

int store_model_insert(struct store_tx *tx, const struct model *row, struct mo_err *err);
int store_model_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct model **ret, struct mo_err *err);

/* The one in PROJECT_ID with this id or name. */
int store_model_find(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *ref, struct mo_arena *a, struct model **ret, struct mo_err *err);
int store_model_list(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *name, const struct store_page *page, struct mo_arena *a,
	struct model **ret_rows, size_t *ret_n, struct mo_err *err);

/* The number the next version of the model gets; nobody else gets it while this transaction runs.
 */
int store_model_next_version(struct store_tx *tx, const char *tenant, const char *model_id,
	int64_t *ret_version, struct mo_err *err);

int store_model_version_insert(
	struct store_tx *tx, const struct model_version *row, struct mo_err *err);
int store_model_version_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct model_version **ret, struct mo_err *err);
int store_model_version_find(struct store_tx *tx, const char *tenant, const char *model_id,
	int64_t version, struct mo_arena *a, struct model_version **ret, struct mo_err *err);

/* Newest first; the cursor is the version as decimal text. */
int store_model_version_list(struct store_tx *tx, const char *tenant, const char *model_id,
	const struct store_page *page, struct mo_arena *a, struct model_version **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* Points the alias at the row's version, whether it was there or not. The version must exist
 * (MO_ENOTFOUND). */
int store_model_alias_put(struct store_tx *tx, const struct model_alias *row, struct mo_err *err);
int store_model_alias_get(struct store_tx *tx, const char *tenant, const char *model_id,
	const char *alias, struct mo_arena *a, struct model_alias **ret, struct mo_err *err);

/* In order of the alias, which is the cursor. */
int store_model_alias_list(struct store_tx *tx, const char *tenant, const char *model_id,
	const struct store_page *page, struct mo_arena *a, struct model_alias **ret_rows,
	size_t *ret_n, struct mo_err *err);
int store_model_alias_delete(struct store_tx *tx, const char *tenant, const char *model_id,
	const char *alias, struct mo_err *err);

#endif
