/* Artifact bytes between the socket and the object store: one bounded buffer, whatever the size. */
#ifndef MODELOPS_API_TRANSFER_H
#define MODELOPS_API_TRANSFER_H

#include "request.h"

struct objstore_put;

/* Copies the request's body into PUT, which the caller then commits or aborts. */
int transfer_in(struct api_req *r, struct objstore_put *put, struct mo_err *err);

/* Answers with the bytes of the object KEY and TYPE as their media type. The reply is on its way
 * when it returns 0 (*r->later); a store that fails half way cuts the connection. */
int transfer_out(struct api_req *r, const char *key, const char *type, struct mo_err *err);

#endif
