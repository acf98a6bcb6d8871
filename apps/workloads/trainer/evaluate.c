/* Evaluation: a model package against a labelled table, judged by libxgboost's own metrics. */
#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "package.h"
#include "work.h"

#include <xgboost/c_api.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FEATURES_BYTES = 16 << 20 };

struct evaluation {
	struct work *w;
	struct prepared data;
	json_t *features; /* in/features.json */
	const char **columns;
	void *booster, *matrix;
	struct xgb_metric metrics[XGB_METRICS_MAX];
	size_t nmetrics;
	int64_t started_at;
};

static const char *const metrics_of[][3] = {
	[TASK_REGRESSION] = { "rmse", "mae" },
	[TASK_BINARY] = { "logloss", "error", "auc" },
	[TASK_MULTICLASS] = { "mlogloss", "merror" },
};

static int read_features(struct evaluation *e, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	mo_autoclose int fd = open("in/" PACKAGE_FEATURES, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	mo_buf_init(&text, FEATURES_BYTES);
	if (fd < 0)
		return mo_fail_errno(err, errno, "in/" PACKAGE_FEATURES);
	while (n > 0) {
		if (mo_buf_reserve(&text, 65536) < 0)
			return mo_fail(err, MO_EINTERNAL, "in/" PACKAGE_FEATURES " is too large");
		n = read(fd, text.data + text.len, 65536);
		if (n < 0)
			return mo_fail_errno(err, errno, "in/" PACKAGE_FEATURES);
		text.len += (size_t)n;
	}
	if (mo_json_parse(mo_buf_str(&text), text.len, FEATURES_BYTES, 8, &e->features, err) < 0)
		return mo_wrap(err, PACKAGE_FEATURES);
	return 0;
}

/* A package that does not hold together is not the user's error. */
static int bad_package(const char *what, struct mo_err *err)
{
	return mo_fail(err, MO_EINTERNAL, PACKAGE_FEATURES ": %s", what);
}

static int take_task(struct evaluation *e, struct mo_err *err)
{
	const char *name = json_string_value(json_object_get(e->features, "task"));

	for (int task = TASK_REGRESSION; name && task <= TASK_MULTICLASS; task++)
		if (strcmp(task_name(task), name) == 0)
			e->data.task = task;
	return e->data.task == TASK_AUTO ? bad_package("no known task", err) : 0;
}

static int read_table(struct evaluation *e, struct mo_err *err)
{
	const json_t *list = json_object_get(e->features, "features");
	size_t n = json_array_size(list);
	struct table_opts opts = options_table(&e->w->options);

	e->columns = calloc(n + 1, sizeof(*e->columns));
	if (!e->columns)
		return mo_fail(err, MO_ENOMEM, "feature names");
	for (size_t i = 0; i < n; i++) {
		e->columns[i] = json_string_value(json_object_get(json_array_get(list, i), "name"));
		if (!e->columns[i])
			return bad_package("a feature without a name", err);
	}
	if (!opts.label)
		opts.label = json_string_value(json_object_get(e->features, "label"));
	if (!opts.label)
		return bad_package("no label", err);
	opts.columns = e->columns;
	opts.ncolumns = n;
	return read_dataset(&opts, &e->data.table, err);
}

/* Index in the model of the table's class number K. */
static int model_class(const struct evaluation *e, size_t k, size_t *ret, struct mo_err *err)
{
	const struct table_label *l = &e->data.table->label;
	const json_t *classes = json_object_get(e->features, "classes");

	for (size_t i = 0; i < json_array_size(classes); i++) {
		const char *name = json_string_value(json_array_get(classes, i));
		if (name && strcmp(name, l->classes[k]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return mo_fail_field(err, l->name,
		"the label '%.60s' holds '%.40s', a class that the model "
		"does not know",
		l->name, l->classes[k]);
}

static int class_labels(struct evaluation *e, struct mo_err *err)
{
	const struct table_label *l = &e->data.table->label;
	mo_autofree size_t *map = NULL;

	if (l->many)
		return mo_fail_field(err, l->name, "the label '%.60s' has more than %d values",
			l->name, TABLE_CLASSES);
	map = calloc(l->nclasses, sizeof(*map));
	if (!map)
		return mo_fail(err, MO_ENOMEM, "classes");
	for (size_t k = 0; k < l->nclasses; k++)
		if (model_class(e, k, &map[k], err) < 0)
			return -1;
	for (size_t i = 0; i < e->data.table->rows; i++)
		e->data.labels[i] = (float)map[l->class_of[i]];
	return 0;
}

static int make_labels(struct evaluation *e, struct mo_err *err)
{
	const struct table *t = e->data.table;

	e->data.labels = calloc(t->rows, sizeof(*e->data.labels));
	if (!e->data.labels)
		return mo_fail(err, MO_ENOMEM, "labels");
	if (e->data.task != TASK_REGRESSION)
		return class_labels(e, err);
	if (!t->label.numeric)
		return mo_fail_field(err, t->label.name,
			"the model predicts numbers, but the label '%.60s' holds text",
			t->label.name);
	for (size_t i = 0; i < t->rows; i++)
		e->data.labels[i] = (float)t->label.values[i];
	return 0;
}

static int load_model(struct evaluation *e, struct mo_err *err)
{
	const struct options *o = &e->w->options;

	if (xgb_matrix(e->data.table, e->data.labels, NULL, 0, (int)o->nthread, &e->matrix, err) <
			0 ||
		xgb_check(XGBoosterCreate(NULL, 0, &e->booster), "booster", err) < 0 ||
		xgb_check(XGBoosterLoadModel(e->booster, "in/" PACKAGE_MODEL), "loading the model",
			err) < 0 ||
		xgb_set_number(e->booster, "nthread", (double)o->nthread, err) < 0)
		return -1;
	for (size_t i = 0; i < 3 && metrics_of[e->data.task][i]; i++)
		if (xgb_set(e->booster, "eval_metric", metrics_of[e->data.task][i], err) < 0)
			return -1;
	return 0;
}

static int run(struct evaluation *e, struct manifest *ret_manifest, struct mo_err *err)
{
	const char *name = "eval";

	if (read_features(e, err) < 0 || take_task(e, err) < 0 || read_table(e, err) < 0 ||
		make_labels(e, err) < 0 || load_model(e, err) < 0 ||
		xgb_eval(e->booster, 0, &e->matrix, &name, 1, e->metrics, &e->nmetrics, err) < 0)
		return -1;
	const struct result r = { .options = &e->w->options,
		.data = &e->data,
		.metrics = e->metrics,
		.nmetrics = e->nmetrics,
		.best_iteration = -1,
		.device = "cpu",
		.seconds = (double)(mo_mono() - e->started_at) / 1e6 };
	for (size_t i = 0; i < e->nmetrics; i++) {
		printf("%s %.6g\n", e->metrics[i].key, e->metrics[i].value);
		door_metric(e->w->door, e->metrics[i].key, 0, e->metrics[i].value);
	}
	door_progress(e->w->door, 0.99, -1, "evaluated");
	door_flush(e->w->door, true);
	if (package_metrics(&r, err) < 0)
		return -1;
	return package_manifest(e->w->arena, &r, "evaluation", ret_manifest, err);
}

int evaluate(struct work *w, struct manifest *ret_manifest, struct mo_err *err)
{
	struct evaluation e = { .w = w, .started_at = mo_mono() };
	int rc = run(&e, ret_manifest, err);

	if (e.booster)
		XGBoosterFree(e.booster);
	if (e.matrix)
		XGDMatrixFree(e.matrix);
	json_decref(e.features);
	free(e.columns);
	prepared_free(&e.data);
	return rc;
}
