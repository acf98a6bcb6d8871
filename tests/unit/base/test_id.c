/* Ids: strictly increasing across threads, valid by their own rule, and what the rule refuses. */
#include "../unit.h"

#include "modelops/base/id.h"
#include "modelops/base/time.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_THREAD = 2000, THREADS = 4 };

static char ids[THREADS][PER_THREAD][MO_ID_MAX];

static void *make_ids(void *arg)
{
	char(*mine)[MO_ID_MAX] = arg;

	for (int i = 0; i < PER_THREAD; i++)
		mo_id_new("run", mine[i]);
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void ids_increase_and_never_repeat(void **state)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_ids, ids[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		for (int k = 1; k < PER_THREAD; k++)
			assert_true(strcmp(ids[i][k - 1], ids[i][k]) < 0);
	qsort(ids, THREADS * PER_THREAD, MO_ID_MAX, by_text);
	for (int i = 1; i < THREADS * PER_THREAD; i++)
		assert_string_not_equal(
			ids[0][0] + (size_t)(i - 1) * MO_ID_MAX, ids[0][0] + (size_t)i * MO_ID_MAX);
}

static void time_is_in_the_first_ten_letters(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char id[MO_ID_MAX];
	int64_t before = mo_now() / 1000, ms = 0;

	mo_id_new("dep", id);
	for (int i = 4; i < 14; i++)
		ms = ms * 32 + (strchr(alphabet, id[i]) - alphabet);
	assert_true(ms >= before - 1 && ms <= mo_now() / 1000 + 1);
}

static void own_ids_are_valid_and_others_not(void **state)
{
	static const char *const bad[] = { "", "dep", "dep_", "dep_01J0000000000000000000000",
		"run_01J00000000000000000000000", "dep-01J00000000000000000000000",
		"dep_01J0000000000000000000000a", "dep_01J0000000000000000000000I",
		"dep_01J0000000000000000000000U", "dep_01J000000000000000000000000",
		"dep_01J00000000000000000000/.." };
	char id[MO_ID_MAX];

	mo_id_new("dep", id);
	assert_true(mo_id_valid(id, strlen(id), "dep"));
	assert_false(mo_id_valid(id, strlen(id), "de"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mo_id_valid(bad[i], strlen(bad[i]), "dep"));
	id[10] = '\0';
	assert_false(mo_id_valid(id, 30, "dep"));
}

static void long_prefix_is_cut_to_fit(void **state)
{
	char id[MO_ID_MAX];

	assert_string_equal(mo_id_new("abcdefghijkl", id), id);
	assert_int_equal(strlen(id), 8 + 1 + 26);
	assert_true(mo_id_valid(id, strlen(id), "abcdefgh"));
}

static void random_bytes_differ(void **state)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 }, zero[64] = { 0 };

	mo_random(a, sizeof(a));
	mo_random(b, sizeof(b));
	mo_random(b, 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_increase_and_never_repeat),
		cmocka_unit_test(time_is_in_the_first_ten_letters),
		cmocka_unit_test(own_ids_are_valid_and_others_not),
		cmocka_unit_test(long_prefix_is_cut_to_fit),
		cmocka_unit_test(random_bytes_differ),
	};
	return RUN_TESTS(tests);
}
