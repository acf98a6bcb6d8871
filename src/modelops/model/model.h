/* A loaded model: columns, classes, predictions, probabilities, explanations. */
#ifndef MODELOPS_MODEL_MODEL_H
#define MODELOPS_MODEL_MODEL_H

#include "modelops/base/err.h"
#include "modelops/model/tensor.h"

#include <stddef.h>
#include <stdint.h>

enum model_task { MODEL_REGRESSION, MODEL_BINARY, MODEL_MULTICLASS };

/* Read-only after load; any number of threads may use it, each with a scratch of its own. */
struct model;

struct model_info {
	enum model_task task;
	uint32_t features;
	uint32_t groups;                /* margins per row: classes for multi-class, else 1 */
	uint32_t classes;               /* 0 for regression, 2 for binary */
	const char *const *names;       /* features column names */
	const char *const *class_names; /* classes labels, or NULL: labels are 0, 1, .. */
	const char *label;              /* name of the target column, or NULL */
	const char *objective;
	uint32_t trees, nodes, depth;
	int version[3]; /* of the XGBoost that wrote the file */
};

/* Loads MODEL_PATH (XGBoost JSON). FEATURES_PATH (features.json:
 * {"format":1,"task":..,"features":[{"name":..,
 * "type":"float|int"}],"classes":[..]|null,"label":..}) may be NULL: names come from the model file
 * or are f0, f1, .. MO_ENOTFOUND, MO_EINVAL (damaged or not supported; message says what and
 * where), MO_ETOOBIG, MO_ENOMEM. */
int model_load(const char *model_path, const char *features_path, struct model **ret_model,
	struct mo_err *err);

/* A package folder: DIR/model.json and, when it exists, DIR/features.json. */
int model_load_dir(const char *dir, struct model **ret_model, struct mo_err *err);

/* The same from memory (FEATURES may be NULL). The texts may be freed afterwards. */
int model_parse(const char *text, size_t len, const char *features, size_t features_len,
	struct model **ret_model, struct mo_err *err);

void model_free(struct model *m);

const struct model_info *model_info(const struct model *m);
const struct tensor_schema *model_schema(const struct model *m);

/* Memory one thread needs; nothing is allocated after this. */
struct model_scratch;
int model_scratch_new(
	const struct model *m, struct model_scratch **ret_scratch, struct mo_err *err);
void model_scratch_free(struct model_scratch *s);

/* ROWS: n * features, NaN missing. OUT: n * groups margins. */
void model_margin(
	const struct model *m, struct model_scratch *s, const float *rows, size_t n, float *out);

/* Margins of one row -> what XGBoost's Booster.predict gives; the number of values written (<=
 * groups). */
uint32_t model_output(const struct model *m, const float *margin, float *out);

/* Margins of one row -> probability of every class (info->classes values). Only for classification.
 */
void model_proba(const struct model *m, const float *margin, float *out);

/* Class with the highest probability (binary: class 1 when its probability is above 0.5, as
 * XGBClassifier). */
uint32_t model_class(const struct model *m, const float *margin);

/* Contributions of one row: groups * (features + 1) doubles, base value last in each group; sums to
 * the margin. */
void model_explain(const struct model *m, struct model_scratch *s, const float *row, double *out);

#endif
