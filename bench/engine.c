/* The evaluator alone against XGBoost's C interface, one thread each, alternating in one process.
 *   engine MODEL.json LIBXGBOOST.so [ROUNDS]
 * Prints one JSON object: CPU microseconds per row, medians of the rounds, for one row at a time,
 * for batches and for contributions; and whether all predictions had the same bits. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/model/model.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROWS = 2000, EXPLAINED = 100, ROUNDS_MAX = 31 };

/* The part of XGBoost's C interface that is used; found in the library at run time. */
struct xgb {
	int (*create)(const void *const *dmats, uint64_t n, void **out);
	int (*load)(void *booster, const char *path);
	int (*set)(void *booster, const char *name, const char *value);
	int (*matrix)(const float *data, uint64_t rows, uint64_t cols, float missing, void **out);
	int (*matrix_free)(void *matrix);
	int (*dense)(void *booster, const char *array, const char *config, void *matrix,
		const uint64_t **shape, uint64_t *dim, const float **result);
	int (*predict)(void *booster, void *matrix, const char *config, const uint64_t **shape,
		uint64_t *dim, const float **result);
	void *booster;
};

struct engine {
	struct model *model;
	struct model_scratch *scratch;
	struct xgb xgb;
	uint32_t width, groups;
	float *rows, *margin;
	double *contributions;
	bool same;
};

static void fill(struct xgb *x, void *lib)
{
	*(void **)&x->create = dlsym(lib, "XGBoosterCreate");
	*(void **)&x->load = dlsym(lib, "XGBoosterLoadModel");
	*(void **)&x->set = dlsym(lib, "XGBoosterSetParam");
	*(void **)&x->matrix = dlsym(lib, "XGDMatrixCreateFromMat");
	*(void **)&x->matrix_free = dlsym(lib, "XGDMatrixFree");
	*(void **)&x->dense = dlsym(lib, "XGBoosterPredictFromDense");
	*(void **)&x->predict = dlsym(lib, "XGBoosterPredictFromDMatrix");
}

static int open_xgb(struct xgb *x, const char *lib_path, const char *model_path)
{
	void *lib = dlopen(lib_path, RTLD_NOW);
	if (!lib)
		return fprintf(stderr, "engine: %s\n", dlerror()), -1;
	fill(x, lib);
	if (!x->dense || !x->predict || x->create(NULL, 0, &x->booster) ||
		x->set(x->booster, "nthread", "1") || x->load(x->booster, model_path))
		return fprintf(stderr, "engine: %s cannot load the model\n", lib_path), -1;
	return x->set(x->booster, "nthread", "1");
}

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const char dense_config[] =
	"{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
	"\"strict_shape\":false,\"missing\":NaN}";

/* Margins of N rows at ROWS into *RESULT (borrowed from XGBoost). */
static void xgb_dense(struct engine *e, const float *rows, size_t n, const float **result)
{
	char array[256];
	const uint64_t *shape;
	uint64_t dim;
	snprintf(array, sizeof(array),
		"{\"data\":[%llu,false],\"shape\":[%zu,%u],\"typestr\":\"<f4\",\"version\":3}",
		(unsigned long long)(uintptr_t)rows, n, e->width);
	MO_ASSERT(
		e->xgb.dense(e->xgb.booster, array, dense_config, NULL, &shape, &dim, result) == 0);
}

static double ours_single(struct engine *e)
{
	double start = cpu_us();
	for (size_t i = 0; i < ROWS; i++)
		model_margin(
			e->model, e->scratch, e->rows + i * e->width, 1, e->margin + i * e->groups);
	return (cpu_us() - start) / ROWS;
}

static double theirs_single(struct engine *e)
{
	const float *result;
	double start = cpu_us();
	for (size_t i = 0; i < ROWS; i++) {
		xgb_dense(e, e->rows + i * e->width, 1, &result);
		e->same &=
			memcmp(result, e->margin + i * e->groups, e->groups * sizeof(float)) == 0;
	}
	return (cpu_us() - start) / ROWS;
}

static double ours_batch(struct engine *e)
{
	double start = cpu_us();
	model_margin(e->model, e->scratch, e->rows, ROWS, e->margin);
	return (cpu_us() - start) / ROWS;
}

static double theirs_batch(struct engine *e)
{
	const float *result;
	double start = cpu_us();
	xgb_dense(e, e->rows, ROWS, &result);
	double used = cpu_us() - start;
	e->same &= memcmp(result, e->margin, (size_t)ROWS * e->groups * sizeof(float)) == 0;
	return used / ROWS;
}

static double ours_explain(struct engine *e)
{
	double start = cpu_us();
	for (size_t i = 0; i < EXPLAINED; i++)
		model_explain(e->model, e->scratch, e->rows + i * e->width, e->contributions);
	return (cpu_us() - start) / EXPLAINED;
}

static double theirs_explain(struct engine *e)
{
	static const char config[] =
		"{\"type\":2,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
		"\"strict_shape\":false}";
	const float *result;
	const uint64_t *shape;
	uint64_t dim;
	void *matrix;
	double start = cpu_us();
	MO_ASSERT(e->xgb.matrix(e->rows, EXPLAINED, e->width, NAN, &matrix) == 0);
	MO_ASSERT(e->xgb.predict(e->xgb.booster, matrix, config, &shape, &dim, &result) == 0);
	e->xgb.matrix_free(matrix);
	return (cpu_us() - start) / EXPLAINED;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static const struct {
	const char *name;
	double (*ours)(struct engine *e), (*theirs)(struct engine *e);
} pairs[] = {
	{ "single", ours_single, theirs_single },
	{ "batch", ours_batch, theirs_batch },
	{ "explain", ours_explain, theirs_explain },
};

static void measure(struct engine *e, int rounds)
{
	for (size_t k = 0; k < MO_COUNT(pairs); k++) {
		double ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
		pairs[k].ours(e);
		pairs[k].theirs(e);
		for (int i = 0; i < rounds; i++) {
			ours[i] = pairs[k].ours(e);
			theirs[i] = pairs[k].theirs(e);
		}
		qsort(ours, (size_t)rounds, sizeof(*ours), by_size);
		qsort(theirs, (size_t)rounds, sizeof(*theirs), by_size);
		printf("%s\"%s\":{\"ours\":%.4f,\"theirs\":%.4f,\"spread\":%.3f}", k ? "," : "{",
			pairs[k].name, ours[rounds / 2], theirs[rounds / 2],
			(ours[rounds - 1] - ours[0]) / ours[rounds / 2]);
	}
	printf(",\"same_bits\":%s}\n", e->same ? "true" : "false");
}

/* Rows like those of bench/models.py: about normal, the same every time. */
static void make_rows(struct engine *e)
{
	uint64_t state = 42;
	for (size_t i = 0; i < (size_t)ROWS * e->width; i++) {
		double sum = 0;
		for (int k = 0; k < 12; k++) {
			state = state * UINT64_C(6364136223846793005) +
				UINT64_C(1442695040888963407);
			sum += (double)(state >> 11) * 0x1p-53;
		}
		e->rows[i] = (float)(sum - 6);
	}
}

int main(int argc, char **argv)
{
	struct engine e = { .same = true };
	struct mo_err err = { 0 };
	int64_t rounds = 5;
	if (argc < 3 || (argc > 3 && (mo_parse_i64(argv[3], strlen(argv[3]), &rounds) < 0 ||
					     rounds < 1 || rounds > ROUNDS_MAX))) {
		fputs("usage: engine MODEL.json LIBXGBOOST.so [ROUNDS]\n", stderr);
		return 2;
	}
	if (model_load(argv[1], NULL, &e.model, &err) < 0 ||
		model_scratch_new(e.model, &e.scratch, &err) < 0) {
		fprintf(stderr, "engine: %s\n", err.msg);
		return 1;
	}
	e.width = model_info(e.model)->features;
	e.groups = model_info(e.model)->groups;
	e.rows = calloc((size_t)ROWS * e.width, sizeof(float));
	e.margin = calloc((size_t)ROWS * e.groups, sizeof(float));
	e.contributions = calloc((size_t)e.groups * (e.width + 1), sizeof(double));
	if (!e.rows || !e.margin || !e.contributions || open_xgb(&e.xgb, argv[2], argv[1]) < 0)
		return 1;
	make_rows(&e);
	measure(&e, (int)rounds);
	return e.same ? 0 : 1;
}
