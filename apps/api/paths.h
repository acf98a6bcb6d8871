/* Where things lie in an installation (ARCHITECTURE section 2). */
#ifndef MODELOPS_API_PATHS_H
#define MODELOPS_API_PATHS_H

#include "api.h"

enum { PATH_TEXT = 1024 };

/* Fills the settings that are derived from MODELOPS_DATA and from where this program lies when they
 * are unset, and makes DATA/run. MO_EINVAL when MODELOPS_DATA is missing. The texts live in API. */
int paths_fill(struct api *api, struct mo_err *err);

/* DATA/NAME into OUT. */
int path_in_data(const struct api *api, const char *name, char out[PATH_TEXT], struct mo_err *err);

#endif
