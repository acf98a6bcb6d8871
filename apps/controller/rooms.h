/* Room in the pools as one pass sees it; the reserving transaction checks again. */
#ifndef MODELOPS_CONTROLLER_ROOMS_H
#define MODELOPS_CONTROLLER_ROOMS_H

#include "controller.h"
#include "modelops/base/id.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/fit.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/quota.h"
#include "modelops/domain/tenant.h"

enum { ROOMS_CHOICE_MAX = 32 };

struct room {
	const struct pool *pool;
	struct fit_holder *holders;
	size_t nholders, max_holders;
	int64_t used, pending;
	char waiting[MO_ID_MAX], waiting_tenant[MO_ID_MAX]; /* the run or deployment that waits here
							       for longest with a known start, or
							       "" */
	int64_t waiting_since, waiting_at; /* waits since; starts at the latest at */
};

/* What somebody asks of a pool. */
struct room_wish {
	const char *tenant, *owner; /* the run or deployment */
	int64_t shares, ends_at,    /* as fit_room's */
		since; /* a step's queued_at; a deployment's created_at, so that its rollouts
			  and restarts do not wait behind newer work that waits for them */
};

struct rooms {
	struct room *at;
	size_t n;
	struct pool *pools;
	struct allocation *allocs;
	size_t nallocs;
	struct quota *quotas;
	size_t nquotas;
	struct tenant *suspended;
	size_t nsuspended;
};

/* Reads pools, quotas, suspended tenants, live allocations, and which instances wait: jobs that
 * came later than these see them, although they are acted on first. Memory is ctl->pass; ctl->arena
 * is reset. */
int rooms_load(struct controller *ctl, struct rooms *ret, struct mo_err *err);

/* The room of the pool with this id of LEN bytes, or NULL. */
struct room *rooms_find(const struct rooms *rooms, const char *id, size_t len);

/* The first of CANDIDATES with room for WISH, or NULL and why not: the answer is that of
 * CANDIDATES[ret_answer->at]. Earlier work whose start is known goes first there, or a large job
 * would wait for ever. */
struct room *rooms_choose(const struct rooms *rooms, struct room *const *candidates, size_t count,
	const struct room_wish *wish, struct fit_answer *ret_answer);

/* Nothing of TENANT starts now; what runs of its jobs may end, its instances are drained. */
bool rooms_suspended(const struct rooms *rooms, const char *tenant);

/* The answer of a reservation that the store refused with MO_EQUOTA, although there was room. */
struct fit_answer rooms_refused(const struct mo_err *why);

/* WISH waits with this answer (or was granted), so that what comes after in this pass sees it. */
void rooms_wait(struct room *room, const struct room_wish *wish, const struct fit_answer *answer);
int rooms_take(struct controller *ctl, struct room *room, const struct room_wish *wish,
	struct mo_err *err);

void rooms_metrics(struct controller *ctl, const struct rooms *rooms);

#endif
