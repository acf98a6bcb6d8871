/* libxgboost's C calls with our error values; every handle has one owner. */
#ifndef MODELOPS_TRAINER_XGB_H
#define MODELOPS_TRAINER_XGB_H

#include "modelops/base/err.h"
#include "modelops/table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XGB_METRICS_MAX = 16, XGB_KEY_MAX = 64 };

struct xgb_metric {
	char key[XGB_KEY_MAX]; /* "valid-rmse" */
	double value;
};

/* 0, or -1 with libxgboost's last error (its first line) as MO_EINTERNAL. */
int xgb_check(int rc, const char *what, struct mo_err *err);

/* Quiets the library's own output but for warnings. */
int xgb_init(struct mo_err *err);

/* "1.7.4". */
void xgb_version(char out[32]);

/* The library was built with CUDA. */
bool xgb_has_cuda(void);

/* DMatrix of the rows of T whose MASK byte equals WANT (NULL: all), with LABELS (per row of T).
 * Caller frees with XGDMatrixFree. */
int xgb_matrix(const struct table *t, const float *labels, const unsigned char *mask, int want,
	int nthread, void **ret_matrix, struct mo_err *err);

/* One parameter, as text or number. */
int xgb_set(void *booster, const char *name, const char *value, struct mo_err *err);
int xgb_set_number(void *booster, const char *name, double value, struct mo_err *err);

/* Names and types of T's columns go into the model. */
int xgb_set_features(void *booster, const struct table *t, struct mo_err *err);

/* Evaluates after round ITERATION: metrics in the library's order. NaN and infinity are MO_EINVAL
 * naming the metric. */
int xgb_eval(void *booster, int iteration, void **matrices, const char **names, size_t n,
	struct xgb_metric ret_metrics[XGB_METRICS_MAX], size_t *ret_count, struct mo_err *err);

#endif
