/* Is this process of use: /healthz, /readyz, and the same for the ops listener. */
#ifndef MODELOPS_API_HEALTH_H
#define MODELOPS_API_HEALTH_H

#include "api.h"

/* CTX is struct api. Not stopping, the store answers, and every deployment that is READY in the
 * store has a READY instance that takes connections; else false with the reason. Looks at most once
 * a second, however many ask; blocks then, so not for loops. */
bool health_ready(void *ctx, struct mo_err *err);

#endif
