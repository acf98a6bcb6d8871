/* Maps: many keys, removal inside clusters, binary keys, a maximum, failing allocations. */
#include "../unit.h"

#include "modelops/base/fault.h"
#include "modelops/base/map.h"

#include <stdio.h>
#include <string.h>

static int values[5000];

static size_t key_of(int i, char out[32])
{
	return (size_t)snprintf(out, 32, "key-%d", i);
}

static void set_many(struct mo_map *m, int from, int to)
{
	char key[32];

	for (int i = from; i < to; i++) {
		size_t n = key_of(i, key);
		assert_int_equal(mo_map_set(m, key, n, &values[i], NULL), 0);
	}
}

static void many_keys_are_found_and_removed(void **state)
{
	struct mo_map m;
	char key[32];

	mo_map_init(&m, 5000);
	assert_null(mo_map_get(&m, "x", 1));
	assert_null(mo_map_remove(&m, "x", 1));
	set_many(&m, 0, 5000);
	assert_int_equal(m.used, 5000);
	for (int i = 0; i < 5000; i += 3) {
		size_t n = key_of(i, key);
		assert_ptr_equal(mo_map_remove(&m, key, n), &values[i]);
		assert_null(mo_map_remove(&m, key, n));
	}
	for (int i = 0; i < 5000; i++) {
		size_t n = key_of(i, key);
		void *want = i % 3 ? &values[i] : NULL;
		assert_ptr_equal(mo_map_get(&m, key, n), want);
	}
	mo_map_free(&m);
}

static void old_value_comes_back(void **state)
{
	struct mo_map m;
	void *old = &values[9];

	mo_map_init(&m, 10);
	assert_int_equal(mo_map_set(&m, "a", 1, &values[0], &old), 0);
	assert_null(old);
	assert_int_equal(mo_map_set(&m, "a", 1, &values[1], &old), 0);
	assert_ptr_equal(old, &values[0]);
	assert_ptr_equal(mo_map_get(&m, "a", 1), &values[1]);
	assert_int_equal(m.used, 1);
	mo_map_free(&m);
}

static void keys_are_bytes_and_copied(void **state)
{
	struct mo_map m;
	char key[] = { 'a', 0, 'b' };

	mo_map_init(&m, 10);
	mo_map_set(&m, key, 3, &values[0], NULL);
	mo_map_set(&m, key, 1, &values[1], NULL);
	mo_map_set(&m, "", 0, &values[2], NULL);
	key[0] = 'x';
	assert_ptr_equal(mo_map_get(&m, "a\0b", 3), &values[0]);
	assert_ptr_equal(mo_map_get(&m, "a", 1), &values[1]);
	assert_ptr_equal(mo_map_get(&m, "", 0), &values[2]);
	assert_null(mo_map_get(&m, key, 3));
	mo_map_free(&m);
}

static void maximum_holds_but_replacing_goes_on(void **state)
{
	struct mo_map m;

	mo_map_init(&m, 2);
	set_many(&m, 0, 2);
	assert_int_equal(mo_map_set(&m, "more", 4, &values[2], NULL), -1);
	assert_null(mo_map_get(&m, "more", 4));
	assert_int_equal(mo_map_set(&m, "key-0", 5, &values[3], NULL), 0);
	mo_map_remove(&m, "key-1", 5);
	assert_int_equal(mo_map_set(&m, "more", 4, &values[2], NULL), 0);
	mo_map_free(&m);
}

static void walk_sees_each_entry_once(void **state)
{
	struct mo_map m;
	char seen[1000] = { 0 };
	const char *key;
	size_t pos = 0, n = 0;

	mo_map_init(&m, 1000);
	assert_null(mo_map_next(&m, &pos, &key));
	set_many(&m, 0, 1000);
	for (int *v; (v = mo_map_next(&m, &pos, &key)); n++) {
		assert_ptr_equal(mo_map_get(&m, key, strlen(key)), v);
		assert_int_equal(seen[v - values]++, 0);
	}
	assert_int_equal(n, 1000);
	mo_map_free(&m);
	pos = 0;
	assert_null(mo_map_next(&m, &pos, NULL));
}

static void nth_failing_allocation_loses_nothing(void **state)
{
	for (long n = 1;; n++) {
		struct mo_map m;
		char key[32];
		int i = 0;

		mo_map_init(&m, 100);
		mo_fault_arm("map", n);
		while (i < 50 && mo_map_set(&m, key, key_of(i, key), &values[i], NULL) == 0)
			i++;
		int struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		assert_int_equal(m.used, i);
		set_many(&m, 0, 50);
		for (int k = 0; k < 50; k++)
			assert_ptr_equal(mo_map_get(&m, key, key_of(k, key)), &values[k]);
		mo_map_free(&m);
		if (!struck) {
			assert_true(n > 50);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_keys_are_found_and_removed),
		cmocka_unit_test(old_value_comes_back),
		cmocka_unit_test(keys_are_bytes_and_copied),
		cmocka_unit_test(maximum_holds_but_replacing_goes_on),
		cmocka_unit_test(walk_sees_each_entry_once),
		cmocka_unit_test(nth_failing_allocation_loses_nothing),
	};
	return RUN_TESTS(tests);
}
