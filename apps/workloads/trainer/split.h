/* Which rows validate: drawn by seed, per class so that each keeps its share. */
#ifndef MODELOPS_TRAINER_SPLIT_H
#define MODELOPS_TRAINER_SPLIT_H

#include "modelops/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Sets VALID[i] to 1 for the rows that validate, 0 for the rest; returns how many through
 * *ret_count. CLASS_OF is a class per row (0..NCLASSES-1) or NULL. Of each class round(n *
 * FRACTION) rows validate, but at least one row of it trains. The same input gives the same split.
 */
int split_rows(size_t rows, const int32_t *class_of, size_t nclasses, double fraction,
	uint64_t seed, unsigned char *valid, size_t *ret_count, struct mo_err *err);

/* Marks COUNT of ROWS rows drawn by SEED in PICKED (1 or 0); COUNT <= ROWS. */
int split_sample(
	size_t rows, size_t count, uint64_t seed, unsigned char *picked, struct mo_err *err);

#endif
