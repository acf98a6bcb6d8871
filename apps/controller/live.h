/* Walks what is live: every run or deployment, oldest first. */
#ifndef MODELOPS_CONTROLLER_LIVE_H
#define MODELOPS_CONTROLLER_LIVE_H

#include "controller.h"
#include "modelops/base/id.h"

struct live_kind {
	const char *what; /* "run" */
	int (*ids)(struct store_tx *tx, const char *after, char (*ret_ids)[MO_ID_MAX], size_t max,
		size_t *ret_n, struct mo_err *err);
	int (*one)(struct controller *ctl, const char *id, void *ctx, struct mo_err *err);
};
/* ctl->arena is reset before each, so that one tenant's documents take no memory from the others.
 * What cannot be loaded or acted on is told and passed over; losing the lease ends it all. */
int each_live(struct controller *ctl, const struct live_kind *kind, void *ctx, struct mo_err *err);

#endif
