/* Where the API listens. */
#ifndef MODELOPS_API_LISTEN_H
#define MODELOPS_API_LISTEN_H

#include "api.h"

/* Opens HOST:PORT and, when programs of this machine could not simply use that, a door for them.
 * Fills api->base_url and api->door_url. */
int listen_open(struct api *api, struct mo_err *err);

#endif
