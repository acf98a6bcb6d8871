/* Who is asking (API key, demo actor, attempt token) and may they use this route. */
#ifndef MODELOPS_API_AUTHENTICATE_H
#define MODELOPS_API_AUTHENTICATE_H

#include "request.h"

/* Fills r->actor and r->tenant and sets r->authenticated. Without STORE (on the loop) only the
 * cache is asked; a caller it does not know leaves r->authenticated false and is no error. MO_EAUTH
 * for nobody. */
int authenticate(struct api_req *r, bool store, struct mo_err *err);

/* The actor holds PERM. MO_EDENIED. */
int actor_may(const struct api_req *r, enum auth_perm perm, struct mo_err *err);

/* The actor's permissions against the route's row. MO_EDENIED. */
int authorise(const struct api_req *r, struct mo_err *err);

#endif
