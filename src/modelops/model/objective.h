/* Objectives: from stored base score to margin, and from margins to predictions, with XGBoost's own
 * bits. */
#ifndef MODELOPS_MODEL_OBJECTIVE_H
#define MODELOPS_MODEL_OBJECTIVE_H

#include "modelops/base/err.h"
#include "modelops/base/str.h"

#include <stdint.h>

enum objective_kind {
	OBJECTIVE_IDENTITY,
	OBJECTIVE_LOGISTIC,
	OBJECTIVE_EXP,
	OBJECTIVE_HINGE,
	OBJECTIVE_SOFTPROB,
	OBJECTIVE_SOFTMAX
};
enum objective_link { LINK_NONE, LINK_LOGIT, LINK_LOG };

struct objective {
	const char *name;
	enum objective_kind kind;
	enum objective_link link;
	int binary; /* predictions are the chance of class 1 */
};

/* The objective called NAME, or NULL. */
const struct objective *objective_find(struct mo_str name);

/* Base score as stored -> margin, as the XGBoost version that wrote the file does it. MO_EINVAL out
 * of range. */
int objective_base(
	const struct objective *o, const int version[3], float *base_score, struct mo_err *err);

/* Margins (GROUPS of one row) -> what Booster.predict gives: GROUPS values, 1 for softmax. In place
 * is allowed. */
void objective_predict(const struct objective *o, const float *margin, uint32_t groups, float *out);

/* Margins -> class probabilities: GROUPS values for multi-class; the chance of class 1 otherwise.
 */
void objective_proba(const struct objective *o, const float *margin, uint32_t groups, float *out);

#endif
