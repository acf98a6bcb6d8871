/* Which pool a piece of work goes to: the one it names, else `default`, else the only one. */
#include "modelops/store/pool_choice.h"

#include "modelops/domain/fit.h"
#include "modelops/domain/quota.h"
#include "modelops/store/pools.h"

static int named(struct store_tx *tx, const struct pool_wish *wish, struct mo_arena *a,
	struct pool **ret, struct mo_err *err)
{
	struct mo_err mine = { 0 };

	if (store_pool_find(tx, wish->pool, a, ret, &mine) == 0)
		return 0;
	if (mine.code == MO_ENOTFOUND)
		return mo_fail_field(err, wish->field, "%s", mine.msg);
	*err = mine;
	return -1;
}

static int unnamed(struct store_tx *tx, const struct pool_wish *wish, struct mo_arena *a,
	struct pool **ret, struct mo_err *err)
{
	struct store_page page = { .limit = 2 };
	struct mo_err mine = { 0 };
	struct pool *pools = NULL;
	size_t n = 0;

	if (store_pool_find(tx, "default", a, ret, &mine) == 0)
		return 0;
	if (mine.code != MO_ENOTFOUND) {
		*err = mine;
		return -1;
	}
	if (store_pool_list(tx, &page, a, &pools, &n, err) < 0)
		return -1;
	if (n == 0)
		return mo_fail_field(err, wish->field, "there is no pool yet");
	if (n > 1)
		return mo_fail_field(err, wish->field,
			"there are several pools and none is called 'default': name one");
	*ret = pools;
	return 0;
}

int store_pool_choose(struct store_tx *tx, const struct pool_wish *wish, struct mo_arena *a,
	struct pool **ret, struct mo_err *err)
{
	struct pool *pool = NULL;
	struct quota *quota = NULL;

	if ((wish->pool ? named : unnamed)(tx, wish, a, &pool, err) < 0 ||
		pool_check_device(pool, wish->device, err) < 0 ||
		store_quota_get(tx, wish->tenant, pool->id, a, &quota, err) < 0)
		return -1;
	struct fit_room room = { .pool = pool, .tenant_max = quota ? quota->max_shares : -1 };
	struct fit_answer answer = pool_fit(&room, wish->shares);
	if (answer.fit == FIT_NEVER)
		return mo_fail_field(err, "shares", "%s", answer.text);
	*ret = pool;
	return 0;
}
