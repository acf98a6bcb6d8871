/* The steps of a request, in order; a step that fails ends it. */
#ifndef MODELOPS_API_STEPS_H
#define MODELOPS_API_STEPS_H

#include "request.h"

/* Before the body, on the loop: query, authentication from the cache, permission. A caller that the
 * cache does not know passes here and is looked up by steps_run. */
int steps_head(struct api_req *r, struct mo_err *err);

/* With the body, on the loop or a worker: what is left of authentication and permission, decoding,
 * the handler. */
int steps_run(struct api_req *r, struct mo_err *err);

/* On a worker: who is asking, by the store, and whether they may. */
int step_authenticate(struct api_req *r, struct mo_err *err);

#endif
