/* Exact TreeSHAP (path dependent, as XGBoost's pred_contribs) by Gauss-Legendre quadrature. */
#ifndef MODELOPS_MODEL_EXPLAIN_H
#define MODELOPS_MODEL_EXPLAIN_H

#include "modelops/base/err.h"
#include "modelops/model/forest.h"

/* Read-only tables of one forest. The Shapley value of column i on one path is
 *   v * (o_i - z_i) * integral over t in [0,1] of product over the other columns j of (z_j + (o_j -
 * z_j) t) (o: 1 when the row satisfies all splits on j, z: share of training weight that does), a
 * polynomial that K Gauss-Legendre points integrate exactly when the path has at most 2 K columns.
 * Idea: Linear TreeSHAP (Yu et al., 2022) and Quadrature-TreeSHAP (arXiv 2605.04497). */
struct explain;

int explain_new(const struct forest *f, struct explain **ret_explain, struct mo_err *err);
void explain_free(struct explain *e);

/* Doubles of scratch that explain_row needs. */
size_t explain_scratch(const struct explain *e);

/* Contributions of one laid-out row (forest_row): OUT holds groups * (features + 1) doubles; the
 * last of each group is the base value (expected margin). Each group sums to its margin. SCRATCH:
 * explain_scratch doubles. */
void explain_row(const struct explain *e, const float *x, double *scratch, double *out);

#endif
