/* The worker pools of the API, and which of them a request waits for. */
#ifndef MODELOPS_API_POOLS_H
#define MODELOPS_API_POOLS_H

#include "request.h"

int pools_open(struct api *api, struct mo_err *err);

/* Hands R, suspended with its job set, to a worker. MO_EUNAVAIL: try again later. */
int pools_push(struct api_req *r, struct mo_err *err);

/* Runs what waits, joins the threads; then nothing is taken any more. Loops may still run. */
void pools_stop(struct api *api);

void pools_free(struct api *api);

#endif
