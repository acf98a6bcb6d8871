/* Predict and explain bodies: {"instances":[[..],..]} or {"instances":[{"name":v,..},..]} straight
 * into float rows. */
#ifndef MODELOPS_MODEL_TENSOR_H
#define MODELOPS_MODEL_TENSOR_H

#include "modelops/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Which columns a model takes. Made once per model, then read-only. */
struct tensor_schema;

/* NAMES (WIDTH of them, unique, borrowed: must outlive the schema). MO_EINVAL for a repeated name.
 */
int tensor_schema_new(const char *const *names, uint32_t width, struct tensor_schema **ret_schema,
	struct mo_err *err);
void tensor_schema_free(struct tensor_schema *s);

/* Row buffer of one connection or worker; grows up to max_rows and keeps its memory between
 * requests. */
struct tensor {
	float *rows;  /* row-major, count * width; NaN is a missing value */
	size_t count; /* rows read */
	size_t cap;   /* rows there is room for */
	size_t max_rows;
	uint32_t width;
	uint32_t *seen; /* per column: the last row (1-based) whose object named it */
};

int tensor_init(
	struct tensor *t, const struct tensor_schema *s, size_t max_rows, struct mo_err *err);
void tensor_free(struct tensor *t);

/* Reads BODY. Numbers become (float)(nearest double), as numpy.float32(float(text)); null is
 * missing. MO_EINVAL: not JSON. MO_EFIELD: wrong type, width, name or range; the field is the path
 * ("instances[3][1]", "instances[0].age") and the message names the value. MO_ETOOBIG: more than
 * max_rows rows. */
int tensor_scan(const struct tensor_schema *s, const char *body, size_t len, struct tensor *t,
	struct mo_err *err);

#endif
