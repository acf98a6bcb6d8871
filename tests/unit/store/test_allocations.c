/* What an allocation's times and price rest on: the executor's evidence within the bounds of the
 * store's clock, and the pool as it was when the shares were reserved. */
#include "fixture.h"

#include "modelops/base/time.h"

#include <unistd.h>

struct evidence {
	int64_t started_at, seen_at, ended_at;     /* after reserved_at; 0: unknown */
	int64_t want_bound, want_seen, want_ended; /* the same */
};

/* The case that is tested, for functions that run on the writer's thread. */
static struct evidence ev;
static const char *owner;

static struct allocation *mine(struct store_tx *tx, struct fix *f)
{
	struct mo_err e = { 0 }, *err = &e;
	struct allocation *a;

	MUST(store_allocation_of(tx, owner, &f->arena, &a, err));
	return a;
}

static int reserve(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	owner = fix_id(f, "att");
	struct allocation a = fix_allocation(f, f->a, owner, 1);

	MUST(store_allocation_reserve(tx, &a, err));
	return 0;
}

static int64_t after(int64_t t0, int64_t us)
{
	return us ? t0 + us : 0;
}

static int bind_and_release(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	int64_t t0 = mine(tx, ctx)->reserved_at;

	MUST(store_allocation_bind(
		tx, owner, after(t0, ev.started_at), after(t0, ev.seen_at), err));
	struct allocation *a = mine(tx, ctx);
	MO_ASSERT(a->state == ALLOC_BOUND && a->bound_at == t0 + ev.want_bound);
	MO_ASSERT(a->last_seen_at == t0 + ev.want_seen);
	MUST(store_allocation_release(tx, owner, ALLOC_FAILED, after(t0, ev.ended_at), err));
	a = mine(tx, ctx);
	MO_ASSERT(a->state == ALLOC_RELEASED && a->ended_at == t0 + ev.want_ended);
	MO_ASSERT(a->released_at == store_now(tx));
	return 0;
}

static void check(void **state, struct evidence e)
{
	ev = e;
	fix_do(*state, reserve);
	usleep(20000); /* so that all evidence below lies in the past */
	fix_do(*state, bind_and_release);
}

/* Bound long after its end: it was seen no later than that, so no hour after it is billed. */
static void test_over_before_it_was_bound(void **state)
{
	check(state, (struct evidence){ 1000, 5000, 5000, 1000, 5000, 5000 });
}

static void test_lost_before_it_was_bound(void **state)
{
	check(state, (struct evidence){ 1000, 0, 0, 1000, 1000, 1000 });
}

/* A clock that went back: hours up to the last sign of life may be in the ledger. */
static void test_no_end_before_the_last_sign_of_life(void **state)
{
	check(state, (struct evidence){ 1000, 9000, 5000, 1000, 9000, 9000 });
}

static void test_lost_ends_at_the_last_sign_of_life(void **state)
{
	check(state, (struct evidence){ 1000, 9000, 0, 1000, 9000, 9000 });
}

static int see_the_future(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	int64_t now = store_now(tx);

	MUST(store_allocation_bind(tx, owner, now + MO_HOUR, now + MO_HOUR, err));
	MO_ASSERT(mine(tx, ctx)->bound_at == now && mine(tx, ctx)->last_seen_at == now);
	MUST(store_allocation_seen(tx, owner, now - 5, err));
	MO_ASSERT(mine(tx, ctx)->last_seen_at == now - 5);
	MUST(store_allocation_seen(tx, owner, now + MO_HOUR, err));
	MO_ASSERT(mine(tx, ctx)->last_seen_at == now);
	MUST(store_allocation_release(tx, owner, ALLOC_FAILED, now + MO_HOUR, err));
	MO_ASSERT(mine(tx, ctx)->ended_at == now);
	return 0;
}

static void test_nothing_is_in_the_future(void **state)
{
	fix_do(*state, reserve);
	fix_do(*state, see_the_future);
}

static int change_price(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct pool *pool;

	MUST(store_pool_find(tx, f->pool, &f->arena, &pool, err));
	const char *before = pool->price_class;
	pool->price_class = "dearer";
	MUST(store_pool_update(tx, pool, err));
	MO_ASSERT(mo_streq(mine(tx, f)->price_class, before));
	return 0;
}

static void test_the_price_class_is_the_reservation_s(void **state)
{
	fix_do(*state, reserve);
	fix_do(*state, change_price);
}

static int suspend_and_reserve(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct tenant *t;
	size_t n;

	MUST(store_tenant_get(tx, f->a, &f->arena, &t, err));
	t->state = TENANT_SUSPENDED;
	MUST(store_tenant_update(tx, t, err));
	MUST(store_tenant_suspended(tx, &f->arena, &t, &n, err));
	MO_ASSERT(n == 1 && mo_streq(t->id, f->a));
	struct allocation b = fix_allocation(f, f->b, fix_id(f, "att"), 1),
			  a = fix_allocation(f, f->a, fix_id(f, "att"), 1);
	MUST(store_allocation_reserve(tx, &b, err));
	return store_allocation_reserve(tx, &a, err);
}

static void test_a_suspended_tenant_gets_no_shares(void **state)
{
	fix_refused(*state, suspend_and_reserve, MO_EQUOTA, "tenant_suspended");
	fix_do(*state, reserve);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_over_before_it_was_bound, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_lost_before_it_was_bound, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_no_end_before_the_last_sign_of_life, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_lost_ends_at_the_last_sign_of_life, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_nothing_is_in_the_future, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_the_price_class_is_the_reservation_s, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_a_suspended_tenant_gets_no_shares, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
