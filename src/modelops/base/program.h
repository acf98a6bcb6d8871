/* This program itself. */
#ifndef MODELOPS_BASE_PROGRAM_H
#define MODELOPS_BASE_PROGRAM_H

#include "modelops/base/err.h"

#include <stddef.h>

/* The absolute folder of the running program, its links resolved, into OUT. MO_EINVAL when CAP
 * bytes do not hold it; OUT is untouched on failure. */
int mo_program_dir(char *out, size_t cap, struct mo_err *err);

/* For programs that hold keys: when they crash they leave no core file. */
void mo_program_no_core(void);

#endif
