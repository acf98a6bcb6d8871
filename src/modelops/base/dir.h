/* What lies in a folder. */
#ifndef MODELOPS_BASE_DIR_H
#define MODELOPS_BASE_DIR_H

#include "modelops/base/err.h"

/* One entry, NAME below the open folder AT. Anything but 0 ends the walk. */
typedef int mo_dir_fn(void *ctx, int at, const char *name, struct mo_err *err);

/* Calls FN for every entry, but "." and "..", of the folder NAME below the open folder AT, in no
 * order; a folder that is not there has none. NAME is not followed when it is a link. FN may remove
 * the entry. Returns 0, what FN returned when that was not 0, or -1 when the folder cannot be
 * opened or read. */
int mo_dir_each(int at, const char *name, mo_dir_fn *fn, void *ctx, struct mo_err *err);

#endif
