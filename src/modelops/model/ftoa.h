/* Shortest decimal text of a float: the fewest digits that read back as the same float. */
#ifndef MODELOPS_MODEL_FTOA_H
#define MODELOPS_MODEL_FTOA_H

#include <stddef.h>

enum { FTOA_MAX = 24 }; /* room for every text ftoa_write makes; no NUL is written */

/* Writes V as a JSON number ("0.5", "12.0", "1.5e-7"; always with a point or an exponent) and
 * returns its length. NaN and infinity, which JSON lacks, are written as null. Schubfach (R.
 * Giulietti, 2020). */
size_t ftoa_write(char *out, float v);

#endif
