/* Model files: whatever is accepted must also evaluate and explain within its own bounds. */
#include "modelops/model/model.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Evaluates a few rows; a sanitizer sees any index out of range. */
static void use(const struct model *m)
{
	struct mo_err err = { 0 };
	const struct model_info *info = model_info(m);
	struct model_scratch *s = NULL;
	enum { ROWS = 9 };
	float *rows = calloc((size_t)ROWS * info->features, sizeof(*rows)),
	      *out = calloc(ROWS * (size_t)info->groups, sizeof(*out));
	double *contributions =
		calloc((size_t)info->groups * (info->features + 1), sizeof(*contributions));
	for (size_t i = 0; rows && i < (size_t)ROWS * info->features; i++)
		rows[i] = i % 7 == 0 ? NAN : (float)((int)(i * 37 % 19) - 9) / 3;
	if (rows && out && contributions && model_scratch_new(m, &s, &err) == 0) {
		model_margin(m, s, rows, ROWS, out);
		model_output(m, out, out);
		model_explain(m, s, rows, contributions);
		model_scratch_free(s);
	}
	free(rows);
	free(out);
	free(contributions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mo_err err = { 0 };
	struct model *m = NULL;
	size_t cut = size; /* a NUL byte parts the model from features.json */
	for (size_t i = 0; i < size && cut == size; i++)
		if (!data[i])
			cut = i;
	const char *features = cut < size ? (const char *)data + cut + 1 : NULL;
	if (model_parse((const char *)data, cut, features, features ? size - cut - 1 : 0, &m,
		    &err) == 0) {
		use(m);
		model_free(m);
	} else if (!err.msg[0] || err.code == MO_OK) {
		abort(); /* a refusal without a reason */
	}
	return 0;
}
