/* Predict bodies: rows read must be whole and finite or missing, numbers the same as strtod's. */
#include "modelops/model/fnum.h"
#include "modelops/model/ftoa.h"
#include "modelops/model/tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number the input begins with, if any, against strtod; its float printed and read again. */
static void check_number(const uint8_t *data, size_t size)
{
	char text[FNUM_TEXT_MAX + 1], printed[FTOA_MAX + 1];
	double v;
	const char *end = fnum_read((const char *)data, (const char *)data + size, &v);
	if (!end)
		return;
	size_t n = (size_t)(end - (const char *)data);
	memcpy(text, data, n);
	text[n] = '\0';
	double expected = strtod(text, NULL);
	if (memcmp(&v, &expected, sizeof(v)) != 0)
		abort();
	float f = (float)v;
	printed[ftoa_write(printed, f)] = '\0';
	if (isfinite(f) && strtof(printed, NULL) != f)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "b\xc3\xa9", "c d" };
	struct mo_err err = { 0 };
	struct tensor_schema *s = NULL;
	struct tensor t;
	check_number(data, size);
	if (tensor_schema_new(names, 3, &s, &err) < 0 || tensor_init(&t, s, 64, &err) < 0)
		abort();
	int rc = tensor_scan(s, (const char *)data, size, &t, &err);
	if (rc == 0 && (t.count == 0 || t.count > 64))
		abort();
	for (size_t i = 0; rc == 0 && i < t.count * 3; i++)
		if (isinf(t.rows[i]))
			abort();
	if (rc < 0 && (!err.msg[0] || err.code == MO_OK))
		abort();
	tensor_free(&t);
	tensor_schema_free(s);
	return 0;
}
