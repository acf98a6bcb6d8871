/* Decimal text to binary: JSON numbers read exactly as a correctly rounded double (or float). */
#ifndef MODELOPS_MODEL_FNUM_H
#define MODELOPS_MODEL_FNUM_H

#include <stdint.h>

enum { FNUM_TEXT_MAX = 1024 }; /* longest number text accepted, in bytes */

/* Reads one JSON number (RFC 8259 grammar) at P, not past END. Returns the byte after it, or NULL
 * when there is no number there or it is longer than FNUM_TEXT_MAX. *ret_v is the nearest double
 * (ties to even), infinite when the value is too large. Eisel-Lemire ("Number parsing at a gigabyte
 * per second", 2021) with strtod as the fallback. */
const char *fnum_read(const char *p, const char *end, double *ret_v);

/* The same number rounded once, straight to float: what XGBoost's own reader gives for a model
 * file. */
const char *fnum_read_float(const char *p, const char *end, float *ret_v);

/* Powers of ten as 128-bit significands, 10^FNUM_POW_MIN .. 10^FNUM_POW_MAX; [0] is the high word.
 */
enum { FNUM_POW_MIN = -80, FNUM_POW_MAX = 80 };
extern const uint64_t fnum_pow10_table[FNUM_POW_MAX - FNUM_POW_MIN + 1][2];

#endif
