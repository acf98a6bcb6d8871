/* Splits by a seeded shuffle: SplitMix64 (Steele, Lea, Flood 2014) and Fisher-Yates. */
#include "split.h"

#include "modelops/base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void shuffle(size_t *index, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(((__uint128_t)next_random(state) * i) >> 64);
		size_t t = index[i - 1];
		index[i - 1] = index[k];
		index[k] = t;
	}
}

/* Rows of INDEX[0..N) that validate. */
static size_t draw(const size_t *index, size_t n, double fraction, unsigned char *valid)
{
	size_t count = (size_t)floor((double)n * fraction + 0.5);

	if (n > 0 && count >= n)
		count = n - 1;
	for (size_t i = 0; i < count; i++)
		valid[index[i]] = 1;
	return count;
}

int split_rows(size_t rows, const int32_t *class_of, size_t nclasses, double fraction,
	uint64_t seed, unsigned char *valid, size_t *ret_count, struct mo_err *err)
{
	mo_autofree size_t *index = reallocarray(NULL, rows ? rows : 1, sizeof(*index));
	size_t count = 0;

	if (!index)
		return mo_fail(err, MO_ENOMEM, "split of %zu rows", rows);
	memset(valid, 0, rows);
	for (size_t c = 0; c < (class_of ? nclasses : 1); c++) {
		size_t n = 0;
		for (size_t i = 0; i < rows; i++)
			if (!class_of || (size_t)class_of[i] == c)
				index[n++] = i;
		shuffle(index, n, &seed);
		count += draw(index, n, fraction, valid);
	}
	*ret_count = count;
	return 0;
}

int split_sample(
	size_t rows, size_t count, uint64_t seed, unsigned char *picked, struct mo_err *err)
{
	mo_autofree size_t *index = reallocarray(NULL, rows ? rows : 1, sizeof(*index));

	if (!index)
		return mo_fail(err, MO_ENOMEM, "sample of %zu rows", rows);
	memset(picked, 0, rows);
	for (size_t i = 0; i < rows; i++)
		index[i] = i;
	shuffle(index, rows, &seed);
	for (size_t i = 0; i < count; i++)
		picked[index[i]] = 1;
	return 0;
}
