/* Decisions about steps and runs: tables of view -> act, and moves that the state table allows. */
#include "../unit.h"

#include "modelops/base/time.h"
#include "modelops/domain/run_decide.h"
#include "modelops/domain/state.h"
#include "modelops/domain/step_decide.h"

/* attempt and max_attempts are 1 unless said */
#define V(...) { __VA_ARGS__ }

static const struct {
	const char *what;
	struct step_view v;
	enum step_act act;
	enum alloc_reason release;
} cases[] = {
	{ "blocked", V(.state = STEP_BLOCKED), STEP_ACT_NONE },
	{ "needs done", V(.state = STEP_BLOCKED, .needs_succeeded = true), STEP_ACT_QUEUE },
	{ "needs failed", V(.state = STEP_BLOCKED, .needs_failed = true), STEP_ACT_SKIP },
	{ "cancel blocked", V(.state = STEP_BLOCKED, .cancel = true), STEP_ACT_CANCEL,
		ALLOC_CANCELLED },
	{ "fits", V(.state = STEP_QUEUED, .fits = true), STEP_ACT_RESERVE },
	{ "does not fit", V(.state = STEP_QUEUED), STEP_ACT_WAIT },
	{ "its pool is gone", V(.state = STEP_QUEUED, .no_pool = true), STEP_ACT_FAIL,
		ALLOC_FAILED },
	{ "its tenant is suspended", V(.state = STEP_QUEUED, .fits = true, .suspended = true),
		STEP_ACT_WAIT },
	{ "nor does the platform's part start",
		V(.kind = STEP_REGISTER, .state = STEP_QUEUED, .suspended = true), STEP_ACT_WAIT },
	{ "what runs may end", V(.state = STEP_RUNNING, .job = JOB_SUCCEEDED, .suspended = true),
		STEP_ACT_REGISTER },
	{ "too early", V(.state = STEP_QUEUED, .fits = true, .now = 5, .not_before = 6),
		STEP_ACT_NONE },
	{ "cancel queued", V(.state = STEP_QUEUED, .cancel = true, .fits = true), STEP_ACT_CANCEL,
		ALLOC_CANCELLED },
	{ "register", V(.kind = STEP_REGISTER, .state = STEP_QUEUED), STEP_ACT_INLINE },
	{ "deploy goes on", V(.kind = STEP_DEPLOY, .state = STEP_RUNNING, .job = JOB_RUNNING),
		STEP_ACT_INLINE },
	{ "deploy done", V(.kind = STEP_DEPLOY, .state = STEP_RUNNING, .job = JOB_SUCCEEDED),
		STEP_ACT_REGISTER },
	{ "cancel deploy",
		V(.kind = STEP_DEPLOY, .state = STEP_RUNNING, .job = JOB_RUNNING, .cancel = true),
		STEP_ACT_CANCEL, ALLOC_CANCELLED },
	{ "start", V(.state = STEP_ALLOCATED, .job = JOB_ABSENT), STEP_ACT_START },
	{ "fetching", V(.state = STEP_ALLOCATED, .job = JOB_STARTING), STEP_ACT_NONE },
	{ "runs", V(.state = STEP_ALLOCATED, .job = JOB_RUNNING), STEP_ACT_BIND },
	{ "ran before we looked", V(.state = STEP_ALLOCATED, .job = JOB_SUCCEEDED), STEP_ACT_BIND },
	{ "failed before we looked", V(.state = STEP_ALLOCATED, .job = JOB_FAILED, .job_ran = true),
		STEP_ACT_BIND },
	{ "fetch failed", V(.state = STEP_ALLOCATED, .job = JOB_FAILED), STEP_ACT_FAIL,
		ALLOC_FAILED },
	{ "fetch failed, retries", V(.state = STEP_ALLOCATED, .job = JOB_FAILED, .max_attempts = 2),
		STEP_ACT_RETRY, ALLOC_FAILED },
	{ "lost while fetching", V(.state = STEP_ALLOCATED, .job = JOB_LOST), STEP_ACT_RETRY,
		ALLOC_PLATFORM },
	{ "running", V(.state = STEP_RUNNING, .job = JOB_RUNNING), STEP_ACT_NONE },
	{ "done", V(.state = STEP_RUNNING, .job = JOB_SUCCEEDED), STEP_ACT_REGISTER },
	{ "failed", V(.state = STEP_RUNNING, .job = JOB_FAILED), STEP_ACT_FAIL, ALLOC_FAILED },
	{ "failed, retries", V(.state = STEP_RUNNING, .job = JOB_FAILED, .max_attempts = 3),
		STEP_ACT_RETRY, ALLOC_FAILED },
	{ "user error, retries", V(.state = STEP_RUNNING, .job = JOB_USER_ERROR, .max_attempts = 3),
		STEP_ACT_FAIL, ALLOC_FAILED },
	{ "timeout", V(.state = STEP_RUNNING, .job = JOB_TIMED_OUT, .max_attempts = 3),
		STEP_ACT_FAIL, ALLOC_TIMEOUT },
	{ "lost", V(.state = STEP_RUNNING, .job = JOB_LOST), STEP_ACT_RETRY, ALLOC_PLATFORM },
	{ "lost too often", V(.state = STEP_RUNNING, .job = JOB_LOST, .lost_attempts = 5),
		STEP_ACT_FAIL, ALLOC_PLATFORM },
	{ "lost, retries used up",
		V(.state = STEP_RUNNING, .job = JOB_LOST, .attempt = 3, .max_attempts = 3),
		STEP_ACT_RETRY, ALLOC_PLATFORM },
	{ "failed after losses",
		V(.state = STEP_RUNNING, .job = JOB_FAILED, .lost_attempts = 4, .max_attempts = 2),
		STEP_ACT_RETRY, ALLOC_FAILED },
	{ "folder gone", V(.state = STEP_RUNNING, .job = JOB_ABSENT), STEP_ACT_RETRY,
		ALLOC_PLATFORM },
	{ "cancel running", V(.state = STEP_RUNNING, .job = JOB_RUNNING, .cancel = true),
		STEP_ACT_STOP },
	{ "cancel, stopped", V(.state = STEP_RUNNING, .job = JOB_FAILED, .cancel = true),
		STEP_ACT_CANCEL, ALLOC_CANCELLED },
	{ "cancelled before we saw it run",
		V(.state = STEP_ALLOCATED, .job = JOB_FAILED, .job_ran = true, .cancel = true),
		STEP_ACT_BIND },
	{ "cancelled while it fetched",
		V(.state = STEP_ALLOCATED, .job = JOB_FAILED, .cancel = true), STEP_ACT_CANCEL,
		ALLOC_CANCELLED },
	{ "cancelled, stop not yet asked",
		V(.state = STEP_ALLOCATED, .job = JOB_RUNNING, .job_ran = true, .cancel = true),
		STEP_ACT_STOP },
	{ "cancelled, but lost before",
		V(.state = STEP_RUNNING, .job = JOB_LOST, .job_ran = true, .cancel = true),
		STEP_ACT_CANCEL, ALLOC_PLATFORM },
	{ "unchecked", V(.state = STEP_REGISTERING, .job = JOB_SUCCEEDED), STEP_ACT_NONE },
	{ "good outputs", V(.state = STEP_REGISTERING, .outputs = OUTPUTS_GOOD), STEP_ACT_COMPLETE,
		ALLOC_COMPLETED },
	{ "bad outputs", V(.state = STEP_REGISTERING, .outputs = OUTPUTS_BAD), STEP_ACT_FAIL,
		ALLOC_FAILED },
	{ "over", V(.state = STEP_SUCCEEDED, .cancel = true), STEP_ACT_NONE },
	{ "over, failed", V(.state = STEP_FAILED, .job = JOB_RUNNING), STEP_ACT_NONE },
};

static void steps_by_table(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct step_view v = cases[i].v;
		v.attempt += v.attempt == 0;
		v.max_attempts += v.max_attempts == 0;
		struct step_decision d = step_decide(&v);
		if (d.act != cases[i].act || d.release != cases[i].release)
			fail_msg("%s: %s, %d", cases[i].what, step_act_name(d.act), d.release);
	}
}

static void retries_wait_longer_each_time(void **state)
{
	struct step_view v = { .state = STEP_RUNNING, .job = JOB_FAILED, .max_attempts = 11 };
	int64_t want[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 };
	for (v.attempt = 1; v.attempt <= 10; v.attempt++)
		assert_true(step_decide(&v).delay_us == want[v.attempt - 1] * MO_SECOND);
	assert_int_equal(step_decide(&v).act, STEP_ACT_FAIL);
	v = (struct step_view){ .state = STEP_RUNNING, .job = JOB_LOST, .attempt = 9 };
	for (v.lost_attempts = 0; v.lost_attempts < STEP_PLATFORM_RETRIES; v.lost_attempts++)
		assert_true(step_decide(&v).delay_us == want[v.lost_attempts] * MO_SECOND);
}

/* Where each act leads, or -1 when the state stays. */
static int leads_to(enum step_act act, enum step_state from)
{
	switch (act) {
	case STEP_ACT_QUEUE:
	case STEP_ACT_RETRY:
		return STEP_QUEUED;
	case STEP_ACT_SKIP:
		return STEP_SKIPPED;
	case STEP_ACT_RESERVE:
		return STEP_ALLOCATED;
	case STEP_ACT_BIND:
		return STEP_RUNNING;
	case STEP_ACT_INLINE:
		return from == STEP_RUNNING ? -1 : STEP_RUNNING;
	case STEP_ACT_REGISTER:
		return STEP_REGISTERING;
	case STEP_ACT_COMPLETE:
		return STEP_SUCCEEDED;
	case STEP_ACT_FAIL:
		return STEP_FAILED;
	case STEP_ACT_CANCEL:
		return STEP_CANCELLED;
	default:
		return -1;
	}
}

/* No view at all leads to a move that the state table forbids. */
static void every_view_leads_to_an_allowed_move(void **state)
{
	for (unsigned n = 0; n < 9U * 4 * 8 * 3 * 64; n++) {
		unsigned k = n;
		struct step_view v = { .attempt = 1, .now = 1 };
		v.state = k % 9, k /= 9;
		v.kind = k % 4, k /= 4;
		v.job = k % 8, k /= 8;
		v.outputs = k % 3, k /= 3;
		v.cancel = k & 1;
		v.needs_succeeded = k & 2;
		v.needs_failed = k & 4;
		v.fits = k & 8;
		v.job_ran = k & 16;
		v.max_attempts = k & 32 ? 2 : 1;
		struct step_decision d = step_decide(&v);
		int to = leads_to(d.act, v.state);
		if (to >= 0 && !state_can_move(&step_states, v.state, to))
			fail_msg("%s in %s", step_act_name(d.act),
				state_name(&step_states, v.state));
		if (state_terminal(&step_states, v.state))
			assert_int_equal(d.act, STEP_ACT_NONE);
	}
}

static void runs_by_table(void **state)
{
	static const struct {
		const char *what;
		struct run_view v;
		enum run_act act;
	} runs[] = {
		{ "new", { .state = RUN_PENDING, .steps = { [STEP_BLOCKED] = 2 } }, RUN_ACT_START },
		{ "cancelled before start",
			{ .state = RUN_PENDING,
				.cancel_requested = true,
				.steps = { [STEP_CANCELLED] = 1 } },
			RUN_ACT_CANCEL },
		{ "cancelled, steps to go",
			{ .state = RUN_PENDING,
				.cancel_requested = true,
				.steps = { [STEP_BLOCKED] = 1 } },
			RUN_ACT_NONE },
		{ "at work", { .state = RUN_RUNNING, .steps = { [STEP_RUNNING] = 1 } },
			RUN_ACT_NONE },
		{ "all done", { .state = RUN_RUNNING, .steps = { [STEP_SUCCEEDED] = 3 } },
			RUN_ACT_SUCCEED },
		{ "one failed, one at work",
			{ .state = RUN_RUNNING,
				.steps = { [STEP_FAILED] = 1, [STEP_RUNNING] = 1 } },
			RUN_ACT_NONE },
		{ "one failed, rest skipped",
			{ .state = RUN_RUNNING,
				.steps = { [STEP_FAILED] = 1, [STEP_SKIPPED] = 2 } },
			RUN_ACT_FAIL },
		{ "cancelled",
			{ .state = RUN_RUNNING,
				.cancel_requested = true,
				.steps = { [STEP_SUCCEEDED] = 1, [STEP_CANCELLED] = 1 } },
			RUN_ACT_CANCEL },
		{ "cancel came too late",
			{ .state = RUN_RUNNING,
				.cancel_requested = true,
				.steps = { [STEP_SUCCEEDED] = 2 } },
			RUN_ACT_SUCCEED },
		{ "over its limit",
			{ .state = RUN_RUNNING,
				.now = 100,
				.started_at = 40,
				.max_runtime_us = 60,
				.steps = { [STEP_RUNNING] = 1 } },
			RUN_ACT_TIMEOUT },
		{ "waits past its limit",
			{ .state = RUN_RUNNING,
				.now = 1000,
				.started_at = 40,
				.waiting_since = 90,
				.waited_us = 5,
				.max_runtime_us = 60,
				.steps = { [STEP_QUEUED] = 1 } },
			RUN_ACT_NONE },
		{ "waited, then over its limit",
			{ .state = RUN_RUNNING,
				.now = 1000,
				.started_at = 40,
				.waited_us = 900,
				.max_runtime_us = 60,
				.steps = { [STEP_RUNNING] = 1 } },
			RUN_ACT_TIMEOUT },
		{ "waited, not yet over it",
			{ .state = RUN_RUNNING,
				.now = 1000,
				.started_at = 40,
				.waited_us = 901,
				.max_runtime_us = 60,
				.steps = { [STEP_RUNNING] = 1 } },
			RUN_ACT_NONE },
		{ "stopped by its limit",
			{ .state = RUN_RUNNING,
				.cancel_requested = true,
				.timed_out = true,
				.steps = { [STEP_CANCELLED] = 1 } },
			RUN_ACT_FAIL },
		{ "over", { .state = RUN_FAILED, .steps = { [STEP_FAILED] = 1 } }, RUN_ACT_NONE },
	};
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (run_decide(&runs[i].v) != runs[i].act)
			fail_msg("%s: %s", runs[i].what, run_act_name(run_decide(&runs[i].v)));
}

static void a_run_waits_when_nothing_of_it_works(void **state)
{
	struct run_view v = { .state = RUN_RUNNING, .steps = { [STEP_BLOCKED] = 1 } };

	assert_false(run_waits(&v));
	v.steps[STEP_QUEUED] = 1;
	assert_true(run_waits(&v));
	v.steps[STEP_RUNNING] = 1;
	assert_false(run_waits(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_by_table),
		cmocka_unit_test(retries_wait_longer_each_time),
		cmocka_unit_test(every_view_leads_to_an_allowed_move),
		cmocka_unit_test(runs_by_table),
		cmocka_unit_test(a_run_waits_when_nothing_of_it_works),
	};
	return RUN_TESTS(tests);
}
