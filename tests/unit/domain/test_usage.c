/* Cutting allocations into windows: hours, reasons, waiting, lost owners. */
#include "../unit.h"

#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/usage.h"

#include <stdbool.h>
#include <stdint.h>

#define H  MO_HOUR
#define T0 (INT64_C(490000) * H) /* an hour boundary */

struct cut {
	int64_t start, end;
	bool billable;
};

static size_t all_cuts(struct allocation *a, int64_t now, struct cut *out, size_t max)
{
	struct usage_cut c;
	size_t n = 0;
	while (usage_cut_next(a, now, &c)) {
		assert_true(n < max);
		assert_true(c.end_at > c.start_at);
		assert_int_equal(c.quantity, a->shares * (c.end_at - c.start_at));
		out[n++] =
			(struct cut){ c.start_at, c.end_at, mo_streq(c.reason, REASON_BILLABLE) };
		a->billed_until = c.end_at;
	}
	return n;
}

static void check(struct allocation a, int64_t now, const struct cut *want, size_t count)
{
	struct cut got[16];
	a.id = "alc_1";
	a.shares = 2;
	assert_int_equal(all_cuts(&a, now, got, 16), count);
	for (size_t i = 0; i < count; i++) {
		assert_true(got[i].start == want[i].start);
		assert_true(got[i].end == want[i].end);
		assert_int_equal(got[i].billable, want[i].billable);
	}
}

#define CHECK(a, now, ...) \
	check(a, now, (const struct cut[]){ __VA_ARGS__ }, \
		sizeof((const struct cut[]){ __VA_ARGS__ }) / sizeof(struct cut))

static void waiting_is_never_a_window(void **state)
{
	check((struct allocation){ .state = ALLOC_RESERVED, .reserved_at = T0 }, T0 + 5 * H, NULL,
		0);
	check((struct allocation){ .state = ALLOC_RELEASED,
		      .reserved_at = T0,
		      .released_at = T0 + 3 * H,
		      .release_reason = ALLOC_CANCELLED },
		T0 + 5 * H, NULL, 0);
}

static void a_finished_job_is_billed_from_bound_to_released(void **state)
{
	struct allocation a = { .state = ALLOC_RELEASED,
		.reserved_at = T0,
		.bound_at = T0 + 10,
		.ended_at = T0 + 100,
		.released_at = T0 + 100,
		.release_reason = ALLOC_COMPLETED };
	CHECK(a, T0 + 200, { T0 + 10, T0 + 100, true });
	a.release_reason = ALLOC_FAILED; /* the user's failure */
	CHECK(a, T0 + 200, { T0 + 10, T0 + 100, true });
	a.release_reason = ALLOC_TIMEOUT;
	CHECK(a, T0 + 200, { T0 + 10, T0 + 100, true });
	a.ended_at = a.released_at = a.bound_at;
	check(a, T0 + 200, NULL, 0);
}

static void the_time_until_we_noticed_is_a_window_of_its_own(void **state)
{
	struct allocation a = { .state = ALLOC_RELEASED,
		.bound_at = T0 + 10,
		.ended_at = T0 + 100,
		.released_at = T0 + H + 5,
		.release_reason = ALLOC_COMPLETED };
	CHECK(a, T0 + 2 * H, { T0 + 10, T0 + 100, true }, { T0 + 100, T0 + H, false },
		{ T0 + H, T0 + H + 5, false });
	a.ended_at = a.bound_at;
	CHECK(a, T0 + 2 * H, { T0 + 10, T0 + H, false }, { T0 + H, T0 + H + 5, false });
	a.billed_until = T0 + H; /* recorded while it seemed to run: the ledger is append-only */
	CHECK(a, T0 + 2 * H, { T0 + H, T0 + H + 5, false });
}

static void open_allocations_are_cut_at_hours(void **state)
{
	struct allocation a = { .state = ALLOC_BOUND, .bound_at = T0 + 10 };
	check(a, T0 + H - 1, NULL, 0);
	CHECK(a, T0 + H, { T0 + 10, T0 + H, true });
	CHECK(a, T0 + 2 * H + 5, { T0 + 10, T0 + H, true }, { T0 + H, T0 + 2 * H, true });
	a.billed_until = T0 + H;
	check(a, T0 + H + 5, NULL, 0);
	a.state = ALLOC_RELEASED;
	a.ended_at = a.released_at = T0 + 2 * H + 7;
	CHECK(a, T0 + 3 * H, { T0 + H, T0 + 2 * H, true }, { T0 + 2 * H, T0 + 2 * H + 7, true });
}

static void an_open_allocation_is_billed_only_while_seen_alive(void **state)
{
	struct allocation a = {
		.state = ALLOC_BOUND, .bound_at = T0 + 10, .last_seen_at = T0 + H + 30
	};
	CHECK(a, T0 + 5 * H, { T0 + 10, T0 + H, true });
}

static void our_failures_are_recorded_unbilled(void **state)
{
	struct allocation a = { .state = ALLOC_RELEASED,
		.bound_at = T0 + 10,
		.released_at = T0 + H + 50,
		.last_seen_at = T0 + 40,
		.release_reason = ALLOC_PLATFORM };
	CHECK(a, T0 + 2 * H, { T0 + 10, T0 + H, false }, { T0 + H, T0 + H + 50, false });
}

/* However often and whenever we look: windows join without gap or overlap and cover exactly
 * bound_at to released_at. */
static void windows_always_join(void **state)
{
	for (int i = 0; i < 3000; i++) {
		uint32_t r[8];
		mo_random(r, sizeof(r));
		int64_t bound = T0 + r[0] % (2 * H), released = bound + 1 + r[1] % (4 * H);
		struct allocation a = { .id = "alc_1",
			.shares = 1 + r[2] % 7,
			.state = ALLOC_BOUND,
			.bound_at = bound };
		int64_t at = bound, total = 0;
		struct usage_cut c;
		for (int look = 0; look < 4; look++) {
			int64_t now = bound + r[3 + look] % (released - bound);
			while (usage_cut_next(&a, now, &c)) {
				assert_true(c.start_at == at && c.end_at <= now);
				a.billed_until = at = c.end_at;
				total += c.quantity;
			}
		}
		a.state = ALLOC_RELEASED;
		a.released_at = released;
		a.ended_at = r[0] % 3 ? bound + r[4] % (released - bound) : released;
		a.release_reason = ALLOC_COMPLETED;
		a.last_seen_at =
			r[7] % 2 ? bound + r[7] % (released - bound) : 0; /* proven by its end */
		while (usage_cut_next(&a, released, &c)) {
			assert_true(c.start_at == at && c.end_at <= released);
			assert_true(mo_time_hour(c.start_at) == mo_time_hour(c.end_at - 1));
			assert_true(c.start_at >= a.ended_at || c.end_at <= a.ended_at);
			assert_int_equal(
				mo_streq(c.reason, REASON_BILLABLE), c.start_at < a.ended_at);
			a.billed_until = at = c.end_at;
			total += c.quantity;
		}
		assert_true(at == released && total == a.shares * (released - bound));
	}
}

static void a_credit_takes_a_window_back(void **state)
{
	struct usage_window w = { .id = "use_1",
		.source_kind = USAGE_ALLOCATION,
		.source_id = "alc_1",
		.resource_id = "run_1",
		.price_class = "a30",
		.metric = METRIC_GPU_SHARE_US,
		.quantity = 7,
		.start_at = T0,
		.end_at = T0 + H,
		.reason = REASON_BILLABLE };
	struct usage_window c = usage_credit_of(&w, T0 + 3 * H, "use_2", T0 + 3 * H + 1);
	assert_int_equal(c.source_kind, USAGE_CREDIT);
	assert_string_equal(c.source_id, "use_1");
	assert_string_equal(c.price_class, "a30");
	assert_true(c.quantity == -7 && c.start_at == T0 + 3 * H && c.end_at == c.start_at);
	assert_true(reason_billed(c.reason) && reason_billed(w.reason));
	assert_false(reason_billed(REASON_PLATFORM));
}

static void only_lost_jobs_are_given_back(void **state)
{
	struct allocation a = { .state = ALLOC_RELEASED,
		.owner_kind = ALLOC_OWNER_STEP,
		.release_reason = ALLOC_PLATFORM };
	assert_true(usage_is_given_back(&a));
	a.owner_kind = ALLOC_OWNER_INSTANCE;
	assert_false(usage_is_given_back(&a));
	a.owner_kind = ALLOC_OWNER_STEP;
	a.release_reason = ALLOC_FAILED;
	assert_false(usage_is_given_back(&a));
	a.state = ALLOC_BOUND;
	a.release_reason = ALLOC_PLATFORM;
	assert_false(usage_is_given_back(&a));
}

static void metrics_are_known_by_name(void **state)
{
	assert_true(metric_known("gpu_share_us"));
	assert_true(metric_known("explain_rows"));
	assert_false(metric_known("gpu_share"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_is_never_a_window),
		cmocka_unit_test(a_finished_job_is_billed_from_bound_to_released),
		cmocka_unit_test(the_time_until_we_noticed_is_a_window_of_its_own),
		cmocka_unit_test(open_allocations_are_cut_at_hours),
		cmocka_unit_test(an_open_allocation_is_billed_only_while_seen_alive),
		cmocka_unit_test(our_failures_are_recorded_unbilled),
		cmocka_unit_test(windows_always_join),
		cmocka_unit_test(a_credit_takes_a_window_back),
		cmocka_unit_test(only_lost_jobs_are_given_back),
		cmocka_unit_test(metrics_are_known_by_name),
	};
	return RUN_TESTS(tests);
}
