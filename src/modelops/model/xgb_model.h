/* XGBoost's JSON model files (1.x to 3.x): parse and validate everything, or refuse. */
#ifndef MODELOPS_MODEL_XGB_MODEL_H
#define MODELOPS_MODEL_XGB_MODEL_H

#include "modelops/base/err.h"
#include "modelops/model/forest.h"
#include "modelops/model/objective.h"

#include <stddef.h>

enum {
	XGB_FILE_MAX = 512 << 20, /* bytes */
	XGB_TREES_MAX = 1 << 20,
	XGB_DEPTH_MAX = 512,
	XGB_FEATURES_MAX = 1 << 16,
	XGB_CLASSES_MAX = 1 << 12,
	XGB_OUTPUTS_MAX = 1 << 22, /* features times classes: values of one explanation */
};

struct xgb_model {
	struct forest forest;
	const struct objective *objective;
	char **names;     /* features names from the file, or NULL */
	uint32_t classes; /* 0 unless multi-class */
	int version[3];   /* of the XGBoost that wrote it */
};

/* Parses TEXT. MO_EINVAL with what and where when it is not a sound model; categorical splits,
 * vector leaves, several targets and linear boosters are refused by name. Never reads past TEXT,
 * memory <= 3 times LEN. */
int xgb_model_parse(const char *text, size_t len, struct xgb_model *ret_model, struct mo_err *err);
void xgb_model_free(struct xgb_model *m);

#endif
