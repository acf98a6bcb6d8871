/* libxgboost behind error values. */
#include "xgb.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <xgboost/c_api.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int xgb_check(int rc, const char *what, struct mo_err *err)
{
	if (rc == 0)
		return 0;
	const char *text = XGBGetLastError();
	return mo_fail(
		err, MO_EINTERNAL, "xgboost: %s: %.*s", what, (int)strcspn(text, "\n"), text);
}

int xgb_init(struct mo_err *err)
{
	return xgb_check(XGBSetGlobalConfig("{\"verbosity\": 1}"), "configuration", err);
}

void xgb_version(char out[32])
{
	int major, minor, patch;

	XGBoostVersion(&major, &minor, &patch);
	snprintf(out, 32, "%d.%d.%d", major, minor, patch);
}

bool xgb_has_cuda(void)
{
	const char *info = NULL;

	if (XGBuildInfo(&info) != 0 || !info)
		return false;
	const char *at = strstr(info, "\"USE_CUDA\":");
	return at && strncmp(at + strlen("\"USE_CUDA\":") + (at[11] == ' '), "true", 4) == 0;
}

/* The chosen rows, one after the other; all rows need no copy. */
static int gather(const struct table *t, const float *labels, const unsigned char *mask, int want,
	float **ret_values, float **ret_labels, size_t *ret_rows, struct mo_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < t->rows; i++)
		n += !mask || mask[i] == want;
	mo_autofree float *values = reallocarray(NULL, (n ? n : 1) * t->ncols, sizeof(*values));
	mo_autofree float *out = reallocarray(NULL, n ? n : 1, sizeof(*out));
	if (!values || !out)
		return mo_fail(err, MO_ENOMEM, "matrix of %zu rows", n);
	for (size_t i = 0, to = 0; i < t->rows; i++) {
		if (mask && mask[i] != want)
			continue;
		memcpy(values + to * t->ncols, t->values + i * t->ncols, t->ncols * sizeof(float));
		out[to++] = labels[i];
	}
	*ret_values = MO_TAKE(values);
	*ret_labels = MO_TAKE(out);
	*ret_rows = n;
	return 0;
}

int xgb_matrix(const struct table *t, const float *labels, const unsigned char *mask, int want,
	int nthread, void **ret_matrix, struct mo_err *err)
{
	mo_autofree float *values = NULL;
	mo_autofree float *chosen = NULL;
	size_t rows = 0;
	DMatrixHandle m = NULL;

	if (gather(t, labels, mask, want, &values, &chosen, &rows, err) < 0)
		return -1;
	if (xgb_check(XGDMatrixCreateFromMat_omp(values, rows, t->ncols, NAN, &m, nthread),
		    "matrix", err) < 0)
		return -1;
	if (xgb_check(XGDMatrixSetFloatInfo(m, "label", chosen, rows), "labels", err) < 0) {
		XGDMatrixFree(m);
		return -1;
	}
	*ret_matrix = m;
	return 0;
}

int xgb_set(void *booster, const char *name, const char *value, struct mo_err *err)
{
	return xgb_check(XGBoosterSetParam(booster, name, value), name, err);
}

int xgb_set_number(void *booster, const char *name, double value, struct mo_err *err)
{
	char text[40];

	snprintf(text, sizeof(text), "%.17g", value);
	return xgb_set(booster, name, text, err);
}

int xgb_set_features(void *booster, const struct table *t, struct mo_err *err)
{
	mo_autofree const char **text = calloc(t->ncols, sizeof(*text));

	if (!text)
		return mo_fail(err, MO_ENOMEM, "feature names");
	for (size_t i = 0; i < t->ncols; i++)
		text[i] = t->cols[i].name;
	if (xgb_check(XGBoosterSetStrFeatureInfo(booster, "feature_name", text, t->ncols),
		    "feature names", err) < 0)
		return -1;
	for (size_t i = 0; i < t->ncols; i++)
		text[i] = t->cols[i].type == TABLE_INT ? "int" : "float";
	return xgb_check(XGBoosterSetStrFeatureInfo(booster, "feature_type", text, t->ncols),
		"feature types", err);
}

/* "[3]\ttrain-rmse:0.5\tvalid-rmse:0.6" */
static int parse_eval(const char *text, struct xgb_metric ret[XGB_METRICS_MAX], size_t *ret_count,
	struct mo_err *err)
{
	size_t count = 0;

	for (const char *p = strchr(text, '\t'); p && count < XGB_METRICS_MAX;
		p = strchr(p, '\t')) {
		p++;
		size_t n = strcspn(p, "\t");
		const char *colon = memrchr(p, ':', n);
		struct xgb_metric *m = &ret[count++];
		if (!colon || (size_t)(colon - p) >= sizeof(m->key))
			return mo_fail(err, MO_EINTERNAL, "xgboost: metrics '%.100s'", text);
		memcpy(m->key, p, (size_t)(colon - p));
		m->key[colon - p] = '\0';
		if (mo_parse_f64(colon + 1, n - (size_t)(colon + 1 - p), &m->value) < 0)
			return mo_fail(err, MO_EINVAL,
				"%s is %.*s: the labels or values are too large to learn from",
				m->key, (int)(n - (size_t)(colon + 1 - p)), colon + 1);
	}
	*ret_count = count;
	return 0;
}

int xgb_eval(void *booster, int iteration, void **matrices, const char **names, size_t n,
	struct xgb_metric ret_metrics[XGB_METRICS_MAX], size_t *ret_count, struct mo_err *err)
{
	const char *text = NULL;

	if (xgb_check(XGBoosterEvalOneIter(booster, iteration, matrices, names, n, &text),
		    "evaluation", err) < 0)
		return -1;
	return parse_eval(text, ret_metrics, ret_count, err);
}
