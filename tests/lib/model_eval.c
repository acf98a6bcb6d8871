/* Test program: evaluates a model file on rows from standard input; raw numbers to standard output.
 *   model_eval info|margin|single|output|contrib|load|memory MODEL [REPEAT] < float32 rows
 * memory prints the peak in KiB, whether the model loads or not. info prints "features groups
 * classes outputs task"; REPEAT > 1 times the work and prints microseconds per row. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/model/model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct eval {
	struct model *model;
	const struct model_info *info;
	struct model_scratch *scratch;
	float *rows;
	size_t n;
	double *out;
	size_t out_bytes;
};

static int read_rows(struct eval *e)
{
	size_t cap = 1 << 16, len = 0, got;
	char *data = malloc(cap);
	while (data && (got = fread(data + len, 1, cap - len, stdin)) > 0) {
		len += got;
		if (len == cap) {
			char *more = realloc(data, cap *= 2);
			if (!more)
				free(data);
			data = more;
		}
	}
	e->rows = (float *)(void *)data;
	e->n = len / sizeof(float) / e->info->features;
	e->out = calloc(e->n * e->info->groups + 1, (e->info->features + 1) * sizeof(double));
	return data && e->out ? 0 : -1;
}

static void eval(struct eval *e, const char *mode)
{
	const struct model_info *i = e->info;
	float *out = (float *)(void *)e->out;
	if (mo_streq(mode, "contrib")) {
		size_t row = (size_t)i->groups * (i->features + 1);
		for (size_t k = 0; k < e->n; k++)
			model_explain(
				e->model, e->scratch, e->rows + k * i->features, e->out + k * row);
		e->out_bytes = e->n * row * sizeof(double);
		return;
	}
	if (mo_streq(mode, "single"))
		for (size_t k = 0; k < e->n; k++)
			model_margin(e->model, e->scratch, e->rows + k * i->features, 1,
				out + k * i->groups);
	else
		model_margin(e->model, e->scratch, e->rows, e->n, out);
	e->out_bytes = e->n * i->groups * sizeof(float);
	if (!mo_streq(mode, "output"))
		return;
	size_t at = 0;
	for (size_t k = 0; k < e->n; k++)
		at += model_output(e->model, out + k * i->groups, out + at);
	e->out_bytes = at * sizeof(float);
}

/* Peak of resident memory since the program began, in KiB. */
static void print_peak(void)
{
	char line[128];
	mo_autofile FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmHWM:", 6))
			printf("%s", line + 6);
}

int main(int argc, char **argv)
{
	struct mo_err err = { 0 };
	struct eval e = { 0 };
	int rc = argc < 3 ? -1 : model_load(argv[2], NULL, &e.model, &err);
	if (argc >= 3 && mo_streq(argv[1], "memory"))
		print_peak();
	if (rc < 0) {
		fprintf(stderr, "error: %s\n", err.msg);
		return 3;
	}
	e.info = model_info(e.model);
	if (mo_streq(argv[1], "info"))
		printf("%u %u %u %u %u\n", e.info->features, e.info->groups, e.info->classes,
			e.info->trees, e.info->depth);
	if (mo_streq(argv[1], "info") || mo_streq(argv[1], "load") || mo_streq(argv[1], "memory")) {
		model_free(e.model);
		return 0;
	}
	int repeat = argc > 3 ? argv[3][0] - '0' : 1;
	if (model_scratch_new(e.model, &e.scratch, &err) < 0 || read_rows(&e) < 0)
		return 1;
	int64_t start = mo_mono();
	for (int k = 0; k < repeat; k++)
		eval(&e, argv[1]);
	if (repeat > 1)
		printf("%.3f us/row\n",
			(double)(mo_mono() - start) / repeat / (double)(e.n ? e.n : 1));
	else
		fwrite(e.out, 1, e.out_bytes, stdout);
	free(e.rows);
	free(e.out);
	model_scratch_free(e.scratch);
	model_free(e.model);
	return 0;
}
