/* The key cache: fresh only while the store answers, dropped on change, never filled with what was
 * read before one. */
#include "../../../apps/api/key_cache.h"

#include "modelops/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct key_entry entry_of(const char *key_id)
{
	struct key_entry e = { .found = true, .actor.tenant_id = "ten_a" };
	snprintf(e.actor.key_id, sizeof(e.actor.key_id), "%s", key_id);
	return e;
}

static void test_contact(void **state)
{
	struct key_cache *cache = NULL;
	struct key_entry e = entry_of("key_a"), got;
	assert_int_equal(key_cache_new(10, &cache, NULL), 0);
	key_cache_put(cache, "key_a", &e, key_cache_generation(cache));
	assert_false(
		key_cache_get(cache, "key_a", MO_SECOND, &got)); /* the store was never heard of */
	key_cache_contact(cache);
	assert_true(key_cache_get(cache, "key_a", MO_SECOND, &got));
	assert_string_equal(got.actor.key_id, "key_a");
	usleep(30000);
	assert_false(key_cache_get(cache, "key_a", 10000, &got)); /* too long ago for this caller */
	assert_true(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	assert_false(key_cache_get(cache, "key_b", MO_MINUTE, &got));
	key_cache_free(cache);
}

static void test_change(void **state)
{
	struct key_cache *cache = NULL;
	struct key_entry e = entry_of("key_a"), got;
	assert_int_equal(key_cache_new(10, &cache, NULL), 0);
	key_cache_contact(cache);
	unsigned long before = key_cache_generation(cache);
	key_cache_put(cache, "key_a", &e, before);
	key_cache_drop(cache, NULL);
	assert_false(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	key_cache_put(cache, "key_a", &e, before); /* read before the change: must not come back */
	assert_false(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	key_cache_put(cache, "key_a", &e, key_cache_generation(cache));
	assert_true(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	key_cache_free(cache);
}

static void test_bound_and_use(void **state)
{
	struct key_cache *cache = NULL;
	struct key_entry got;
	char name[16], used[20][MO_ID_MAX];
	assert_int_equal(key_cache_new(4, &cache, NULL), 0);
	key_cache_contact(cache);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "key_%d", i);
		struct key_entry e = entry_of(name);
		key_cache_put(cache, name, &e, key_cache_generation(cache));
	}
	assert_true(key_cache_used(cache, used, 20) <= 4);
	assert_int_equal(key_cache_used(cache, used, 20), 0);
	struct key_entry e = entry_of("key_x");
	key_cache_drop(cache, NULL);
	key_cache_put(cache, "key_x", &e, key_cache_generation(cache));
	key_cache_used(cache, used, 20);
	assert_true(key_cache_get(cache, "key_x", MO_MINUTE, &got));
	assert_int_equal(key_cache_used(cache, used, 20), 1);
	assert_string_equal(used[0], "key_x");
	key_cache_free(cache);
	key_cache_free(NULL);
}

static struct key_entry entry_of_tenant(const char *key_id, const char *tenant)
{
	struct key_entry e = entry_of(key_id);
	snprintf(e.actor.tenant_id, sizeof(e.actor.tenant_id), "%s", tenant);
	return e;
}

static void test_a_change_drops_one_tenant(void **state)
{
	struct key_cache *cache = NULL;
	struct key_entry a = entry_of_tenant("key_a", "ten_a"), got;
	struct key_entry b = entry_of_tenant("key_b", "ten_b");
	assert_int_equal(key_cache_new(10, &cache, NULL), 0);
	key_cache_contact(cache);
	unsigned long before = key_cache_generation(cache);
	key_cache_put(cache, "key_a", &a, before);
	key_cache_put(cache, "tenant:a", &a, before);
	key_cache_drop(cache, "ten_a");
	key_cache_put(cache, "key_b", &b, before); /* read before a change of another tenant */
	assert_false(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	assert_false(key_cache_get(cache, "tenant:a", MO_MINUTE, &got));
	assert_true(key_cache_get(cache, "key_b", MO_MINUTE, &got));
	key_cache_put(cache, "key_a", &a, before);
	assert_false(key_cache_get(cache, "key_a", MO_MINUTE, &got));
	for (int i = 0; i < 100; i++) /* more than are remembered: B may be among them */
		key_cache_drop(cache, "ten_a");
	key_cache_put(cache, "key_c", &b, before);
	assert_false(key_cache_get(cache, "key_c", MO_MINUTE, &got));
	assert_true(key_cache_get(cache, "key_b", MO_MINUTE, &got));
	key_cache_free(cache);
}

static void test_a_full_cache_costs_who_fills_it(void **state)
{
	struct key_cache *cache = NULL;
	struct key_entry b = entry_of_tenant("key_b", "ten_b"), got;
	char name[16];
	assert_int_equal(key_cache_new(4, &cache, NULL), 0);
	key_cache_contact(cache);
	key_cache_put(cache, "key_b", &b, key_cache_generation(cache));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "key_%d", i);
		struct key_entry e = entry_of(name);
		key_cache_put(cache, name, &e, key_cache_generation(cache));
		assert_true(key_cache_get(cache, name, MO_MINUTE, &got));
	}
	assert_true(key_cache_get(cache, "key_b", MO_MINUTE, &got));
	key_cache_free(cache);
}

static void test_what_a_change_touches(void **state)
{
	assert_string_equal(key_cache_touched("tenant", "ten_a", "ten_platform"), "ten_a");
	assert_string_equal(key_cache_touched("api_key", "key_a", "ten_a"), "ten_a");
	assert_string_equal(key_cache_touched("role_binding", "rb_a", "ten_a"), "ten_a");
	assert_string_equal(key_cache_touched("principal", "usr_a", "ten_a"), "ten_a");
	assert_null(key_cache_touched("run", "run_a", "ten_a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_bound_and_use),
		cmocka_unit_test(test_a_change_drops_one_tenant),
		cmocka_unit_test(test_a_full_cache_costs_who_fills_it),
		cmocka_unit_test(test_what_a_change_touches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
