/* The ticker: at once, again after what the function said, never after stop. */
#include "../unit.h"

#include "modelops/base/ticker.h"
#include "modelops/base/time.h"

#include <stdatomic.h>
#include <unistd.h>

struct seen {
	_Atomic int calls;
	int64_t pause;
};

static int64_t note(void *ctx)
{
	struct seen *s = ctx;

	s->calls++;
	return s->pause;
}

static void calls_until(struct seen *s, int calls)
{
	int64_t until = mo_mono() + 10 * MO_SECOND;

	while (s->calls < calls && mo_mono() < until)
		usleep(1000);
	assert_true(s->calls >= calls);
}

static void it_ticks_and_stops(void **state)
{
	struct seen s = { .pause = 2000 };
	struct mo_ticker *t = NULL;
	int64_t began = mo_mono();

	assert_int_equal(mo_ticker_start("t", note, &s, &t, NULL), 0);
	calls_until(&s, 5);
	assert_true(mo_mono() - began >= 4 * s.pause);
	mo_ticker_stop(t);
	int calls = s.calls;
	usleep(20000);
	assert_int_equal(s.calls, calls);
}

static void a_long_pause_does_not_hold_the_stop(void **state)
{
	struct seen s = { .pause = 1000 * MO_SECOND + 999999 };
	struct mo_ticker *t = NULL;
	int64_t began = mo_mono();

	assert_int_equal(mo_ticker_start("t", note, &s, &t, NULL), 0);
	calls_until(&s, 1);
	mo_ticker_stop(t);
	assert_int_equal(s.calls, 1);
	assert_true(mo_mono() - began < 100 * MO_SECOND);
	mo_ticker_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_ticks_and_stops),
		cmocka_unit_test(a_long_pause_does_not_hold_the_stop),
	};
	return RUN_TESTS(tests);
}
