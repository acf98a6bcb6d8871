/* The life of the process: parts made in order, run until SIGTERM, drained, freed in reverse. */
#ifndef MODELOPS_API_PROCESS_H
#define MODELOPS_API_PROCESS_H

#include "api.h"

/* Makes everything API needs, serves until SIGTERM or SIGINT, stops gracefully. 0 after a clean
 * stop. */
int process_run(struct api *api, struct mo_err *err);

#endif
