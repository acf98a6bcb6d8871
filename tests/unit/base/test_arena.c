/* Arenas: aligned, never past the ceiling, one block kept by reset, failing allocations reported.
 */
#include "../unit.h"

#include "modelops/base/arena.h"
#include "modelops/base/fault.h"

#include <stdlib.h>
#include <string.h>

static void memory_is_aligned_and_apart(void **state)
{
	struct mo_arena a;
	char *last = NULL;

	mo_arena_init(&a, 1 << 20, 256);
	for (size_t n = 0; n < 100; n++) {
		char *p = mo_arena_alloc(&a, n);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		assert_ptr_not_equal(p, last);
		memset(p, (int)n, n);
		last = p;
	}
	mo_arena_free(&a);
	assert_int_equal(a.used, 0);
}

static void ceiling_holds_to_the_byte(void **state)
{
	struct mo_arena a;

	mo_arena_init(&a, 160, 64);
	assert_null(mo_arena_alloc(&a, 161));
	assert_null(mo_arena_alloc(&a, SIZE_MAX));
	assert_null(mo_arena_memdup(&a, "", SIZE_MAX));
	for (int i = 0; i < 10; i++)
		assert_non_null(mo_arena_alloc(&a, 16));
	assert_null(mo_arena_alloc(&a, 0));
	assert_null(mo_arena_alloc(&a, 1));
	assert_int_equal(a.used, 160);
	mo_arena_reset(&a);
	assert_non_null(mo_arena_alloc(&a, 160));
	mo_arena_free(&a);
}

static void big_wishes_get_a_block_of_their_own(void **state)
{
	struct mo_arena a;

	mo_arena_init(&a, 1 << 20, 64);
	char *p = mo_arena_zalloc(&a, 10000);
	assert_non_null(p);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(p[i], 0);
	mo_arena_free(&a);
}

static void reset_keeps_one_block_of_the_usual_size(void **state)
{
	struct mo_arena a;

	mo_arena_init(&a, 1 << 20, 128);
	void *first = mo_arena_alloc(&a, 100);
	mo_arena_alloc(&a, 1000);
	mo_arena_reset(&a);
	assert_ptr_equal(mo_arena_alloc(&a, 100), first);
	mo_arena_free(&a);
	mo_arena_reset(&a);
	assert_null(a.head);
}

static void copies_are_own_and_terminated(void **state)
{
	struct mo_arena a;
	char text[] = "abc";

	mo_arena_init(&a, 4096, 256);
	char *s = mo_arena_strdup(&a, text), *part = mo_arena_memdup(&a, text, 2);
	text[0] = 'x';
	assert_string_equal(s, "abc");
	assert_string_equal(part, "ab");
	assert_string_equal(mo_arena_memdup(&a, NULL, 0), "");
	assert_null(mo_arena_strdup(&a, NULL));
	assert_string_equal(mo_arena_printf(&a, "%s/%d", "dep", 7), "dep/7");
	assert_null(mo_arena_printf(&a, "%*d", 5000, 1));
	mo_arena_free(&a);
}

/* The number of allocations the scenario got before its first NULL; 5 when none failed. */
static int scenario(struct mo_arena *a)
{
	int done = 0;

	done += mo_arena_alloc(a, 200) != NULL;
	done += done == 1 && mo_arena_zalloc(a, 200);
	done += done == 2 && mo_arena_strdup(a, "a text");
	done += done == 3 && mo_arena_printf(a, "%0300d", 1);
	done += done == 4 && mo_arena_alloc(a, 1000);
	return done;
}

static void nth_failing_block_leaves_the_arena_usable(void **state)
{
	struct mo_arena a;
	int struck = 0;

	for (long n = 1;; n++) {
		mo_arena_init(&a, 1 << 20, 256);
		mo_fault_arm("arena", n);
		int done = scenario(&a);
		struck += mo_fault_struck();
		mo_fault_arm(NULL, 0);
		assert_int_equal(done == 5, n > struck);
		mo_arena_reset(&a);
		assert_int_equal(scenario(&a), 5);
		mo_arena_free(&a);
		if (done == 5)
			break;
	}
	assert_true(struck >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_apart),
		cmocka_unit_test(ceiling_holds_to_the_byte),
		cmocka_unit_test(big_wishes_get_a_block_of_their_own),
		cmocka_unit_test(reset_keeps_one_block_of_the_usual_size),
		cmocka_unit_test(copies_are_own_and_terminated),
		cmocka_unit_test(nth_failing_block_leaves_the_arena_usable),
	};
	return RUN_TESTS(tests);
}
