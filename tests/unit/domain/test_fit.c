/* Fitting shares: reasons, earliest start, choice among pools. */
#include "../unit.h"

#include "modelops/base/time.h"
#include "modelops/domain/fit.h"

#include <string.h>

static const struct pool a30 = { .name = "a30", .capacity_shares = 4, .max_shares_per_pod = 4 };
static const struct pool t4 = { .name = "t4", .capacity_shares = 8, .max_shares_per_pod = 1 };

#define NOON (INT64_C(20000) * MO_DAY + 12 * MO_HOUR)

static void reasons_in_words(void **state)
{
	const struct fit_holder holders[] = { { 1, NOON + 5 * MO_SECOND }, { 2, NOON + MO_HOUR } };
	const struct {
		struct fit_room room;
		int64_t shares;
		enum fit fit;
		const char *text;
	} cases[] = {
		{ { &a30, 0, 0, -1, NULL, 0 }, 4, FIT_OK, "" },
		{ { &a30, 3, 0, -1, holders, 2 }, 1, FIT_OK, "" },
		{ { &a30, 3, 0, -1, holders, 2 }, 2, FIT_POOL,
			"pool 'a30': 3 of 4 shares used, 2 wanted; earliest start "
			"2024-10-04T12:00:05Z if every blocker uses its whole limit" },
		{ { &a30, 3, 0, -1, holders, 2 }, 4, FIT_POOL,
			"pool 'a30': 3 of 4 shares used, 4 wanted; earliest start "
			"2024-10-04T13:00:00Z if every blocker uses its whole limit" },
		{ { &a30, 4, 0, -1, NULL, 0 }, 1, FIT_POOL,
			"pool 'a30': 4 of 4 shares used, 1 wanted; no earliest start: a blocker "
			"has no "
			"max_runtime" },
		{ { &a30, 2, 2, 2, NULL, 0 }, 1, FIT_QUOTA,
			"pool 'a30': the tenant uses 2 of its quota of 2 shares, 1 wanted" },
		{ { &a30, 0, 0, 2, NULL, 0 }, 3, FIT_NEVER,
			"pool 'a30': 3 shares wanted, the tenant's quota is 2" },
		{ { &a30, 0, 0, 0, NULL, 0 }, 1, FIT_NEVER,
			"pool 'a30': 1 shares wanted, the tenant's quota is 0" },
		{ { &t4, 0, 0, -1, NULL, 0 }, 2, FIT_NEVER,
			"pool 't4': 2 shares wanted, one pod gets at most 1" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fit_answer a = pool_fit(&cases[i].room, cases[i].shares);
		assert_int_equal(a.fit, cases[i].fit);
		assert_string_equal(a.text, cases[i].text);
	}
}

static void a_blocker_without_a_limit_may_not_matter(void **state)
{
	/* 1 share ends at noon; the 3 others have no limit */
	const struct fit_holder holders[] = { { 3, 0 }, { 1, NOON } };
	struct fit_room room = { &a30, 4, 0, -1, holders, 2 };
	assert_true(pool_fit(&room, 1).earliest_at == NOON);
	assert_true(pool_fit(&room, 2).earliest_at == 0);
}

static void the_first_pool_that_fits_is_taken(void **state)
{
	const struct fit_holder soon[] = { { 8, NOON } };
	const struct fit_holder late[] = { { 4, NOON + MO_HOUR } };
	struct fit_room rooms[] = { { &a30, 4, 0, -1, late, 1 }, { &t4, 8, 0, -1, soon, 1 } };
	struct fit_answer a;
	assert_int_equal(fit_any_of(rooms, 2, 1, &a), -1);
	assert_true(
		a.earliest_at == NOON && a.at == 1); /* the reason of the pool that is free first */
	rooms[1].used = 7;
	assert_int_equal(fit_any_of(rooms, 2, 1, &a), 1);
	assert_string_equal(a.text, "");
	rooms[0].used = 0;
	assert_int_equal(fit_any_of(rooms, 2, 1, &a), 0);
	rooms[0].waiting = "run_1"; /* room, but not for those who came later */
	assert_int_equal(fit_any_of(rooms, 2, 1, &a), 1);
	rooms[1].waiting = "other work";
	assert_int_equal(fit_any_of(rooms, 2, 1, &a), -1);
	assert_int_equal(a.fit, FIT_POOL);
	assert_string_equal(a.text, "pool 'a30': run_1 came first and waits for it");
}

static void what_ends_in_time_passes_who_waits(void **state)
{
	const struct {
		int64_t ends_at, shares;
		enum fit fit;
	} cases[] = {
		{ NOON, 1, FIT_OK },
		{ NOON + 1, 1, FIT_POOL },
		{ 0, 1, FIT_POOL }, /* an instance */
		{ NOON, 3, FIT_POOL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fit_room room = { .pool = &a30,
			.used = 2,
			.tenant_max = -1,
			.waiting = "run_1",
			.waiting_at = NOON,
			.ends_at = cases[i].ends_at };
		assert_int_equal(pool_fit(&room, cases[i].shares).fit, cases[i].fit);
	}
}

static void who_has_no_known_start_holds_nothing(void **state)
{
	const struct {
		struct fit_answer answer;
		bool holds;
	} cases[] = {
		{ { .fit = FIT_OK }, true },
		{ { .fit = FIT_POOL, .earliest_at = NOON }, true },
		{ { .fit = FIT_POOL }, false },
		{ { .fit = FIT_QUOTA }, false },
		{ { .fit = FIT_SUSPENDED }, false },
		{ { .fit = FIT_NEVER }, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(fit_holds(&cases[i].answer) == cases[i].holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_in_words),
		cmocka_unit_test(a_blocker_without_a_limit_may_not_matter),
		cmocka_unit_test(the_first_pool_that_fits_is_taken),
		cmocka_unit_test(what_ends_in_time_passes_who_waits),
		cmocka_unit_test(who_has_no_known_start_holds_nothing),
	};
	return RUN_TESTS(tests);
}
