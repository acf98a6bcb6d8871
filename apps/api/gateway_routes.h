/* The gateway role inside the API process. */
#ifndef MODELOPS_API_GATEWAY_ROUTES_H
#define MODELOPS_API_GATEWAY_ROUTES_H

#include "api.h"

/* Metrics and the counters' file with its flusher: before the loops. Nothing without the gateway
 * role. */
int gateway_open(struct api *api, struct mo_err *err);
/* After the loops have stopped and their gateways are freed: the last flush. */
void gateway_close(struct api *api);
/* The gateway of one loop. */
int gateway_start(struct api *api, struct api_loop *loop, struct mo_err *err);

#endif
