/* Follows the store's `changes` for the caches of this process: keys and endpoints. */
#ifndef MODELOPS_API_FOLLOW_H
#define MODELOPS_API_FOLLOW_H

#include "api.h"

struct follower;

/* Looks once, then goes on on a thread of its own, which no request can keep waiting. The loops and
 * their gateways are there. */
int follower_start(struct api *api, struct follower **ret_follower, struct mo_err *err);
void follower_stop(struct follower *follower); /* accepts NULL */

#endif
