/* Allocation of this folder, with the fault point "model.alloc"; internal. */
#ifndef MODELOPS_MODEL_ALLOC_H
#define MODELOPS_MODEL_ALLOC_H

#include "modelops/base/fault.h"

#include <stdint.h>
#include <stdlib.h>

/* N zeroed objects of SIZE bytes, or NULL. Never a zero-sized block. */
static inline void *model_calloc(size_t n, size_t size)
{
	return mo_fault("model.alloc") ? NULL : calloc(n ? n : 1, size);
}

/* Grows P to N objects of SIZE bytes; NULL (P is kept) when memory is out or N * SIZE overflows. */
static inline void *model_regrow(void *p, size_t n, size_t size)
{
	if (mo_fault("model.alloc") || (size && n > SIZE_MAX / 2 / size))
		return NULL;
	size_t bytes = n * size;
	return realloc(p, bytes ? bytes : 1);
}

#endif
