/* Table of bodies for the tensor scanner. */
#ifndef MODELOPS_UNIT_TENSOR_CASES_H
#define MODELOPS_UNIT_TENSOR_CASES_H

#include "modelops/base/err.h"

#include <stddef.h>

struct tensor_case {
	const char *body; /* NULL ends the table */
	enum mo_code code;
};

extern const struct tensor_case tensor_cases[];

#endif
