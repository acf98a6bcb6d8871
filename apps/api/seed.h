/* What must be in the store before the first request: built-in dashboards. */
#ifndef MODELOPS_API_SEED_H
#define MODELOPS_API_SEED_H

#include "api.h"

/* Makes the built-in dashboards be what the files under MODELOPS_REPO_ROOT say. Nothing without
 * that setting. */
int seed(struct api *api, struct mo_err *err);

#endif
