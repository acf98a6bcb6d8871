/* The body of a request, by its route's field table. */
#ifndef MODELOPS_API_DECODE_H
#define MODELOPS_API_DECODE_H

#include "request.h"

/* Fills r->in for CREATE bodies; PATCH bodies wait for the row they change (req_patch), forwarded
 * ones for their instance. A body where the route has none is refused. */
int decode_body(struct api_req *r, struct mo_err *err);

#endif
