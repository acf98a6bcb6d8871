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
	struct key_entry e = { .found = true };
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
	key_cache_contact(cache, false);
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
	key_cache_contact(cache, false);
	unsigned long before = key_cache_generation(cache);
	key_cache_put(cache, "key_a", &e, before);
	key_cache_contact(cache, true);
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
	key_cache_contact(cache, false);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "key_%d", i);
		struct key_entry e = entry_of(name);
		key_cache_put(cache, name, &e, key_cache_generation(cache));
	}
	assert_true(key_cache_used(cache, used, 20) <= 4);
	assert_int_equal(key_cache_used(cache, used, 20), 0);
	struct key_entry e = entry_of("key_x");
	key_cache_contact(cache, true);
	key_cache_put(cache, "key_x", &e, key_cache_generation(cache));
	key_cache_used(cache, used, 20);
	assert_true(key_cache_get(cache, "key_x", MO_MINUTE, &got));
	assert_int_equal(key_cache_used(cache, used, 20), 1);
	assert_string_equal(used[0], "key_x");
	key_cache_free(cache);
	key_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_bound_and_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
