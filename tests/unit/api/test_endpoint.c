/* Endpoint of a deployment: follows views, keeps connections of instances that stay, spreads by
 * weight. */
#include "endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct http_limits limits;
static struct http_loop *loop;

static int setup(void **state)
{
	(void)state;
	http_limits_default(&limits);
	return http_loop_new(&loop, NULL);
}

static int teardown(void **state)
{
	(void)state;
	http_loop_free(loop);
	return 0;
}

static void add(struct endpoint_view *v, const char *instance, const char *address, unsigned weight)
{
	struct endpoint_target_view *t = &v->targets[v->n++];

	snprintf(t->instance, sizeof(t->instance), "%s", instance);
	snprintf(t->address, sizeof(t->address), "%s", address);
	snprintf(t->secret, sizeof(t->secret), "secret-of-%s", instance);
	t->weight = weight;
}

static void test_follow(void **state)
{
	struct endpoint *e = endpoint_new("dep_1");
	struct endpoint_view *v = calloc(1, sizeof(*v));

	(void)state;
	assert_null(endpoint_pick(e, NULL, 0));
	v->found = true;
	add(v, "ins_a", "tcp:127.0.0.1:1", 100);
	add(v, "ins_b", "tcp:127.0.0.1:2", 100);
	endpoint_apply(e, v, loop, &limits);
	assert_int_equal(e->n, 2);
	assert_non_null(strstr(e->targets[0].headers, "X-Instance-Secret: secret-of-ins_a\r\n"));
	struct http_upstream *b = e->targets[1].upstream;

	v->n = 0;
	add(v, "ins_b", "tcp:127.0.0.1:2", 100);
	add(v, "ins_c", "tcp:127.0.0.1:1", 100);
	endpoint_apply(e, v, loop, &limits);
	assert_int_equal(e->n, 2);
	assert_ptr_equal(e->targets[0].upstream, b); /* stays connected */
	assert_string_equal(e->targets[1].instance, "ins_c");

	v->n = 0;
	add(v, "ins_b", "tcp:127.0.0.1:3",
		100); /* restarted elsewhere: the old connection must not be used */
	add(v, "ins_x", "nonsense", 100);
	endpoint_apply(e, v, loop, &limits);
	assert_int_equal(e->n, 1);
	assert_string_equal(e->targets[0].address, "tcp:127.0.0.1:3");
	free(v);
	endpoint_free(e);
}

static void test_spread(void **state)
{
	struct endpoint *e = endpoint_new("dep_1");
	struct endpoint_view *v = calloc(1, sizeof(*v));
	int picked[2] = { 0 };

	(void)state;
	v->found = true;
	add(v, "ins_a", "tcp:127.0.0.1:1", 100);
	add(v, "ins_b", "tcp:127.0.0.1:2", 100);
	endpoint_apply(e, v, loop, &limits);
	for (int i = 0; i < 100; i++)
		picked[endpoint_pick(e, NULL, 0) == &e->targets[1]]++;
	assert_int_equal(picked[0], 50);
	assert_int_equal(picked[1], 50);
	for (int i = 0; i < 10; i++)
		assert_string_equal(endpoint_pick(e, "ins_a", 0)->instance, "ins_b");
	free(v);
	endpoint_free(e);
}

/* One that hangs is left out, tried now and then by one request, and back once it answers. */
static void test_one_that_hangs(void **state)
{
	struct endpoint *e = endpoint_new("dep_1");
	struct endpoint_view *v = calloc(1, sizeof(*v));
	int64_t now = 1000;

	(void)state;
	v->found = true;
	add(v, "ins_a", "tcp:127.0.0.1:1", 100);
	add(v, "ins_b", "tcp:127.0.0.1:2", 100);
	endpoint_apply(e, v, loop, &limits);
	for (int i = 1; i < ENDPOINT_TIMEOUTS; i++)
		assert_false(endpoint_timed_out(e, "ins_a", now));
	endpoint_answered(e, "ins_a"); /* only those in a row count */
	for (int i = 1; i < ENDPOINT_TIMEOUTS; i++)
		assert_false(endpoint_timed_out(e, "ins_a", now));
	assert_true(endpoint_timed_out(e, "ins_a", now));
	assert_false(endpoint_timed_out(e, "ins_a", now)); /* said once */
	assert_false(endpoint_timed_out(e, "ins_gone", now));
	endpoint_apply(e, v, loop, &limits); /* a fresh look does not make it well */
	for (int i = 0; i < 10; i++)
		assert_string_equal(endpoint_pick(e, NULL, now)->instance, "ins_b");

	now += ENDPOINT_REST_US;
	int tried = 0;
	for (int i = 0; i < 10; i++)
		tried += strcmp(endpoint_pick(e, NULL, now)->instance, "ins_a") == 0;
	assert_int_equal(tried, 1);
	endpoint_answered(e, "ins_a");
	for (int i = 0; i < 10; i++)
		tried += strcmp(endpoint_pick(e, NULL, now)->instance, "ins_a") == 0;
	assert_int_equal(tried, 6);

	for (int i = 0; i < ENDPOINT_TIMEOUTS; i++) {
		endpoint_timed_out(e, "ins_a", now);
		endpoint_timed_out(e, "ins_b", now);
	}
	assert_non_null(endpoint_pick(e, NULL, now)); /* better than none */
	free(v);
	endpoint_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_hangs, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
