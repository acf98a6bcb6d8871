/* Room in the pools as one pass sees it; the reserving transaction checks again. */
#ifndef MODELOPS_CONTROLLER_ROOMS_H
#define MODELOPS_CONTROLLER_ROOMS_H

#include "controller.h"
#include "modelops/base/id.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/fit.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/quota.h"

enum { ROOMS_CHOICE_MAX = 32 };

struct room {
	const struct pool *pool;
	struct fit_holder *holders;
	size_t nholders;
	int64_t used, pending;
	char waiting[MO_ID_MAX],
		waiting_tenant[MO_ID_MAX]; /* the first run or deployment of this
					      pass that waits for room here, or "" */
};

struct rooms {
	struct room *at;
	size_t n;
	struct pool *pools;
	struct allocation *allocs;
	size_t nallocs;
	struct quota *quotas;
	size_t nquotas;
};

/* Reads pools, quotas and live allocations. Memory is ctl->pass; ctl->arena is reset. */
int rooms_load(struct controller *ctl, struct rooms *ret, struct mo_err *err);

/* The room of the pool with this id of LEN bytes, or NULL. */
struct room *rooms_find(const struct rooms *rooms, const char *id, size_t len);

/* The first of CANDIDATES with room for SHARES of TENANT, or NULL and why not. Earlier work that
 * waits for a pool goes first there, or a large job would wait for ever. */
struct room *rooms_choose(const struct rooms *rooms, struct room *const *candidates, size_t count,
	const char *tenant, int64_t shares, struct fit_answer *ret_answer);

/* OWNER of TENANT waits (or somebody took SHARES), so that what comes after in this pass sees it.
 */
void rooms_wait(
	struct room *room, const char *tenant, const char *owner, int64_t shares, enum fit why);
void rooms_take(struct room *room, int64_t shares);

void rooms_metrics(struct controller *ctl, const struct rooms *rooms);

#endif
