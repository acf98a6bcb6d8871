/* Adds model versions: a transaction's part, used by train steps and register steps alike. */
#include "modelops/store/models.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

static int find_or_make(
	struct store_tx *tx, struct mo_arena *a, struct new_version *v, struct mo_err *err)
{
	struct mo_err mine = { 0 };
	struct model *model;

	if (store_model_find(tx, v->tenant_id, v->project_id, v->model, a, &model, &mine) == 0)
		return mo_str_copy(v->model_id, sizeof(v->model_id), model->id);
	if (mine.code != MO_ENOTFOUND) {
		*err = mine;
		return -1;
	}
	struct model row = { .id = mo_id_new("mdl", v->model_id),
		.tenant_id = v->tenant_id,
		.project_id = v->project_id,
		.name = v->model,
		.created_at = store_now(tx) };
	return store_model_insert(tx, &row, err);
}

static int point_alias(struct store_tx *tx, const struct new_version *v, struct mo_err *err)
{
	struct model_alias alias = { .tenant_id = v->tenant_id,
		.model_id = v->model_id,
		.alias = v->alias,
		.version = v->version,
		.created_at = store_now(tx) };

	return v->alias ? store_model_alias_put(tx, &alias, err) : 0;
}

int model_add_version(
	struct store_tx *tx, struct mo_arena *a, struct new_version *v, struct mo_err *err)
{
	if (find_or_make(tx, a, v, err) < 0 ||
		store_model_next_version(tx, v->tenant_id, v->model_id, &v->version, err) < 0)
		return -1;
	struct model_version row = { .id = mo_id_new("mv", v->id),
		.tenant_id = v->tenant_id,
		.project_id = v->project_id,
		.model_id = v->model_id,
		.version = v->version,
		.state = MV_READY,
		.object_prefix = v->object_prefix,
		.manifest_sha256 = v->manifest_sha256,
		.size = v->size,
		.metrics = v->metrics,
		.signature = v->signature,
		.framework = "xgboost",
		.run_id = v->run_id,
		.step = v->step,
		.dataset_artifact_id = v->dataset_artifact_id,
		.dataset_sha256 = v->dataset_sha256,
		.created_at = store_now(tx) };
	if (store_model_version_insert(tx, &row, err) < 0)
		return -1;
	return point_alias(tx, v, err);
}
