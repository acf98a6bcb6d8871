/* Training: rounds one by one, metrics after each, the model cut back to its best round. */
#include "history.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "package.h"
#include "work.h"

#include <xgboost/c_api.h>

#include <stdio.h>
#include <string.h>

/* Everything that lives during a training. */
struct training {
	struct work *w;
	struct prepared data;
	void *matrix[2]; /* train, valid */
	size_t nmatrix;
	void *booster;
	struct history history;
	char watched[XGB_KEY_MAX];
	const char *device;
	int64_t started_at;
};

/* Objective and metrics; the first metric decides when to stop. */
static const struct {
	const char *objective, *metrics[2];
} of_task[] = {
	[TASK_REGRESSION] = { "reg:squarederror", { "rmse" } },
	[TASK_BINARY] = { "binary:logistic", { "logloss", "error" } },
	[TASK_MULTICLASS] = { "multi:softprob", { "mlogloss", "merror" } },
};

static int make_matrices(struct training *t, struct mo_err *err)
{
	const struct options *o = &t->w->options;

	for (int valid = 0; valid <= (t->data.nvalid > 0); valid++) {
		if (xgb_matrix(t->data.table, t->data.labels, t->data.valid, valid, (int)o->nthread,
			    &t->matrix[valid], err) < 0)
			return -1;
		t->nmatrix++;
	}
	return 0;
}

static int set_numbers(struct training *t, struct mo_err *err)
{
	const struct options *o = &t->w->options;
	const struct {
		const char *name;
		double value;
	} numbers[] = {
		{ "max_depth", (double)o->max_depth },
		{ "learning_rate", o->learning_rate },
		{ "subsample", o->subsample },
		{ "colsample_bytree", o->colsample_bytree },
		{ "min_child_weight", o->min_child_weight },
		{ "reg_lambda", o->lambda },
		{ "reg_alpha", o->alpha },
		{ "seed", (double)o->seed },
		{ "nthread", (double)o->nthread },
	};
	for (size_t i = 0; i < MO_COUNT(numbers); i++)
		if (xgb_set_number(t->booster, numbers[i].name, numbers[i].value, err) < 0)
			return -1;
	return 0;
}

static int set_task(struct training *t, struct mo_err *err)
{
	const struct table_label *l = &t->data.table->label;
	int task = t->data.task;

	if (xgb_set(t->booster, "objective", of_task[task].objective, err) < 0)
		return -1;
	if (task == TASK_MULTICLASS &&
		xgb_set_number(t->booster, "num_class", (double)l->nclasses, err) < 0)
		return -1;
	for (size_t i = 0; i < 2 && of_task[task].metrics[i]; i++)
		if (xgb_set(t->booster, "eval_metric", of_task[task].metrics[i], err) < 0)
			return -1;
	snprintf(t->watched, sizeof(t->watched), "%s-%s", t->data.nvalid ? "valid" : "train",
		of_task[task].metrics[0]);
	return 0;
}

static int make_booster(struct training *t, struct mo_err *err)
{
	bool cuda = t->w->options.device == DEVICE_CUDA && xgb_has_cuda();

	t->device = cuda ? "cuda" : "cpu";
	if (t->w->options.device == DEVICE_CUDA && !cuda)
		printf("this libxgboost was built without CUDA: training on the CPU\n");
	if (xgb_check(XGBoosterCreate(t->matrix, t->nmatrix, &t->booster), "booster", err) < 0 ||
		xgb_set(t->booster, "booster", "gbtree", err) < 0 ||
		xgb_set(t->booster, "tree_method", cuda ? "gpu_hist" : "hist", err) < 0 ||
		set_numbers(t, err) < 0 || set_task(t, err) < 0)
		return -1;
	return xgb_set_features(t->booster, t->data.table, err);
}

static void print_round(
	const struct training *t, int64_t round, const struct xgb_metric *m, size_t n)
{
	printf("round %lld of %lld", (long long)round + 1, (long long)t->w->options.rounds);
	for (size_t i = 0; i < n; i++)
		printf("  %s %.6g", m[i].key, m[i].value);
	printf("\n");
}

static void report_round(struct training *t, int64_t round, const struct xgb_metric *m, size_t n)
{
	const struct options *o = &t->w->options;
	char message[64];
	double done = (double)(round + 1);
	double each = (double)(mo_mono() - t->started_at) / 1e6 / done;

	print_round(t, round, m, n);
	for (size_t i = 0; i < n; i++)
		door_metric(t->w->door, m[i].key, round, m[i].value);
	snprintf(message, sizeof(message), "round %lld of %lld", (long long)round + 1,
		(long long)o->rounds);
	double progress = done / (double)o->rounds;
	door_progress(t->w->door, progress < 0.99 ? progress : 0.99,
		each * ((double)o->rounds - done), message);
	door_flush(t->w->door, round == 0);
}

static bool stop_early(const struct training *t)
{
	int64_t wait = t->w->options.early_stopping_rounds;

	return wait > 0 && t->data.nvalid > 0 &&
	       (int64_t)(t->history.rounds - 1 - t->history.best) >= wait;
}

static int run_rounds(struct training *t, struct mo_err *err)
{
	const char *names[] = { "train", "valid" };
	struct xgb_metric metrics[XGB_METRICS_MAX];
	size_t n = 0;

	t->started_at = mo_mono();
	for (int64_t round = 0; round < t->w->options.rounds; round++) {
		if (*t->w->stop)
			return mo_fail(err, MO_ETIMEOUT, "cancelled after %lld of %lld rounds",
				(long long)round, (long long)t->w->options.rounds);
		if (xgb_check(XGBoosterUpdateOneIter(t->booster, (int)round, t->matrix[0]), "round",
			    err) < 0 ||
			xgb_eval(t->booster, (int)round, t->matrix, names, t->nmatrix, metrics, &n,
				err) < 0 ||
			history_add(&t->history, metrics, n, t->watched, err) < 0)
			return -1;
		report_round(t, round, metrics, n);
		if (stop_early(t)) {
			printf("no better %s for %lld rounds: stopped\n", t->watched,
				(long long)t->w->options.early_stopping_rounds);
			break;
		}
	}
	return 0;
}

/* Without a validation set, or with early stopping off, every round is kept. */
static size_t best_round(const struct training *t)
{
	bool watched = t->data.nvalid > 0 && t->w->options.early_stopping_rounds > 0;
	return watched ? t->history.best : t->history.rounds - 1;
}

/* The model up to its best round replaces the whole one, so that whoever loads the file predicts
 * the same, with or without knowing about best iterations. */
static int cut_back(struct training *t, struct mo_err *err)
{
	size_t best = best_round(t);
	char text[40];
	void *cut = NULL;

	if (best + 1 < t->history.rounds) {
		if (xgb_check(XGBoosterSlice(t->booster, 0, (int)best + 1, 1, &cut), "slice", err) <
			0)
			return -1;
		XGBoosterFree(t->booster);
		t->booster = cut;
		if (xgb_set_features(t->booster, t->data.table, err) < 0)
			return -1;
	}
	snprintf(text, sizeof(text), "%zu", best);
	if (xgb_check(XGBoosterSetAttr(t->booster, "best_iteration", text), "attribute", err) < 0)
		return -1;
	snprintf(text, sizeof(text), "%.17g", history_value(&t->history, best, t->history.watch));
	return xgb_check(XGBoosterSetAttr(t->booster, "best_score", text), "attribute", err);
}

static int save_model(struct training *t, struct mo_err *err)
{
	if (xgb_check(XGBoosterSaveModel(t->booster, "out/part." PACKAGE_MODEL), "saving the model",
		    err) < 0)
		return -1;
	if (rename("out/part." PACKAGE_MODEL, "out/" PACKAGE_MODEL) < 0)
		return mo_fail(err, MO_EUNAVAIL, "out/" PACKAGE_MODEL);
	return 0;
}

static int save_package(struct training *t, struct manifest *ret_manifest, struct mo_err *err)
{
	size_t best = best_round(t);
	struct xgb_metric metrics[XGB_METRICS_MAX];
	const struct result r = { .options = &t->w->options,
		.data = &t->data,
		.metrics = metrics,
		.nmetrics = t->history.nkeys,
		.best_iteration = (int64_t)best,
		.rounds = (int64_t)t->history.rounds,
		.device = t->device,
		.watched = t->watched,
		.seconds = (double)(mo_mono() - t->started_at) / 1e6 };

	for (size_t i = 0; i < r.nmetrics; i++) {
		memcpy(metrics[i].key, t->history.keys[i], XGB_KEY_MAX);
		metrics[i].value = history_value(&t->history, best, i);
	}
	if (cut_back(t, err) < 0 || save_model(t, err) < 0 || package_features(&r, err) < 0 ||
		package_metrics(&r, err) < 0 || package_background(&r, err) < 0 ||
		(t->w->write_split && package_split(&r, err) < 0))
		return -1;
	printf("best round %zu: %s %.6g\n", best + 1, t->watched,
		history_value(&t->history, best, t->history.watch));
	return package_manifest(t->w->arena, &r, "model", ret_manifest, err);
}

static int run(struct training *t, struct manifest *ret_manifest, struct mo_err *err)
{
	if (prepare(&t->w->options, &t->data, err) < 0)
		return -1;
	printf("%zu rows (%zu train, %zu valid), %zu features, task %s\n", t->data.table->rows,
		t->data.ntrain, t->data.nvalid, t->data.table->ncols, task_name(t->data.task));
	if (make_matrices(t, err) < 0 || make_booster(t, err) < 0 || run_rounds(t, err) < 0)
		return -1;
	door_progress(t->w->door, 0.99, -1, "saving the model");
	door_flush(t->w->door, true);
	return save_package(t, ret_manifest, err);
}

int train(struct work *w, struct manifest *ret_manifest, struct mo_err *err)
{
	struct training t = { .w = w };
	int rc = run(&t, ret_manifest, err);

	if (t.booster)
		XGBoosterFree(t.booster);
	for (size_t i = 0; i < t.nmatrix; i++)
		XGDMatrixFree(t.matrix[i]);
	history_free(&t.history);
	prepared_free(&t.data);
	return rc;
}
