/* Strict JSON scanner over bytes in memory: no tree is built, no memory is taken, depth is bounded.
 */
#ifndef MODELOPS_MODEL_JSCAN_H
#define MODELOPS_MODEL_JSCAN_H

#include "modelops/base/err.h"
#include "modelops/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSCAN_DEPTH_MAX = 64 };

/* Borrows the text. All functions fail with MO_EINVAL and the byte offset; after a failure stop. */
struct jscan {
	const char *start, *p, *end;
	int depth;
};

void jscan_init(struct jscan *j, const char *text, size_t len);

/* First byte of the next value or mark, blanks skipped; 0 at the end of the text. */
char jscan_peek(struct jscan *j);

/* Enters '{' or '['. 0 or -1. */
int jscan_enter(struct jscan *j, char open, struct mo_err *err);

/* Next member of the object entered: 1 and its key (raw bytes between the quotes, escapes kept), 0
 * when the object ended, -1. *count starts at 0 and is kept by this function. */
int jscan_member(struct jscan *j, size_t *count, struct mo_str *ret_key, struct mo_err *err);

/* Next element of the array entered: 1, 0 when the array ended, -1. */
int jscan_element(struct jscan *j, size_t *count, struct mo_err *err);

int jscan_float(struct jscan *j, float *ret_v, struct mo_err *err); /* finite */
int jscan_i64(struct jscan *j, int64_t *ret_v, struct mo_err *err); /* no fraction, no exponent */
int jscan_string(struct jscan *j, struct mo_str *ret_raw,
	struct mo_err *err); /* escapes kept; UTF-8 checked */

/* Skips one whole value, checking it. */
int jscan_skip(struct jscan *j, struct mo_err *err);

/* Only blanks are left. */
int jscan_finish(struct jscan *j, struct mo_err *err);

/* Decodes the escapes of RAW into OUT (CAP bytes, a NUL is added). The length, or -1: too long,
 * NUL, or a lone surrogate. */
long jscan_decode(struct mo_str raw, char *out, size_t cap);

int jscan_fail(struct jscan *j, struct mo_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
