/* Which pool a piece of work goes to, and whether it can ever run there. */
#ifndef MODELOPS_STORE_POOL_CHOICE_H
#define MODELOPS_STORE_POOL_CHOICE_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/pool.h"
#include "modelops/store/store.h"

struct pool_wish {
	const char *tenant, *pool; /* pool: id or name; NULL: the pool `default`, or the only one */
	const char *field;         /* what to call POOL in errors: "pool", "any_of[1]" */
	int64_t shares;
	enum step_device device;
};

/* *ret is the pool of WISH, in which its shares on its device can run at some time under the
 * tenant's quota. MO_EFIELD on wish->field, "device" or "shares" when there is none or they never
 * can. */
int store_pool_choose(struct store_tx *tx, const struct pool_wish *wish, struct mo_arena *a,
	struct pool **ret, struct mo_err *err);

#endif
