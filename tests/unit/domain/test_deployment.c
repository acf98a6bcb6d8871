/* Decisions about deployments and instances: tables of view -> act. */
#include "../unit.h"

#include "modelops/base/time.h"
#include "modelops/domain/deployment_decide.h"

#define REV(s, r, up, down) \
	{ .exists = true, .state = s, .replicas = r, .ready = up, .failed = down, .live = r }

static const struct {
	const char *what;
	struct deployment_view v;
	enum deployment_act act;
} cases[] = {
	{ "new", { .state = DEPLOYMENT_PENDING, .next = { .exists = true, .replicas = 1 } },
		DEPLOYMENT_ACT_ROLL },
	{ "rolling", { .state = DEPLOYMENT_ROLLING, .next = REV(REVISION_STARTING, 2, 1, 0) },
		DEPLOYMENT_ACT_NONE },
	{ "an instance is missing",
		{ .state = DEPLOYMENT_ROLLING,
			.next = { .exists = true, .replicas = 2, .live = 1 } },
		DEPLOYMENT_ACT_ROLL },
	{ "rolled", { .state = DEPLOYMENT_ROLLING, .next = REV(REVISION_STARTING, 2, 2, 0) },
		DEPLOYMENT_ACT_PROMOTE },
	{ "rolled to zero", { .state = DEPLOYMENT_ROLLING, .next = { .exists = true } },
		DEPLOYMENT_ACT_PROMOTE },
	{ "crashes again and again",
		{ .state = DEPLOYMENT_ROLLING,
			.current = REV(REVISION_READY, 1, 1, 0),
			.next = { .exists = true, .replicas = 1, .live = 1, .max_restarts = 3 } },
		DEPLOYMENT_ACT_ABANDON },
	{ "too slow",
		{ .state = DEPLOYMENT_ROLLING,
			.now = 10,
			.rollout_deadline = 10,
			.next = REV(REVISION_STARTING, 1, 0, 0) },
		DEPLOYMENT_ACT_ABANDON },
	{ "a new spec while serving",
		{ .state = DEPLOYMENT_READY,
			.current = REV(REVISION_READY, 1, 1, 0),
			.next = { .exists = true, .replicas = 1 } },
		DEPLOYMENT_ACT_ROLL },
	{ "serving", { .state = DEPLOYMENT_READY, .current = REV(REVISION_READY, 2, 2, 0) },
		DEPLOYMENT_ACT_NONE },
	{ "one crashed", { .state = DEPLOYMENT_READY, .current = REV(REVISION_READY, 2, 1, 1) },
		DEPLOYMENT_ACT_DEGRADED },
	{ "well again", { .state = DEPLOYMENT_DEGRADED, .current = REV(REVISION_READY, 2, 2, 0) },
		DEPLOYMENT_ACT_READY },
	{ "the old one serves after a failed rollout",
		{ .state = DEPLOYMENT_ROLLING, .current = REV(REVISION_READY, 1, 1, 0) },
		DEPLOYMENT_ACT_READY },
	{ "instances were swept away",
		{ .state = DEPLOYMENT_READY,
			.current = { .exists = true, .state = REVISION_READY, .replicas = 1 } },
		DEPLOYMENT_ACT_ROLL },
	{ "scaled to zero",
		{ .state = DEPLOYMENT_READY,
			.current = { .exists = true, .state = REVISION_READY } },
		DEPLOYMENT_ACT_IDLE },
	{ "nothing ever served", { .state = DEPLOYMENT_FAILED }, DEPLOYMENT_ACT_NONE },
	{ "deleting", { .state = DEPLOYMENT_DELETING, .current = REV(REVISION_READY, 1, 1, 0) },
		DEPLOYMENT_ACT_DRAIN },
	{ "deleting, old ones live", { .state = DEPLOYMENT_DELETING, .old_live = 1 },
		DEPLOYMENT_ACT_DRAIN },
	{ "deleted", { .state = DEPLOYMENT_DELETING }, DEPLOYMENT_ACT_REMOVE },
};

static void deployments_by_table(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum deployment_act act = deployment_decide(&cases[i].v);
		if (act != cases[i].act)
			fail_msg("%s: %s", cases[i].what, deployment_act_name(act));
	}
}

#define OURS .wanted = true, .has_shares = true

static const struct {
	const char *what;
	struct instance_view v;
	enum instance_act act;
} instances[] = {
	{ "no shares yet", { .state = INSTANCE_STARTING, .wanted = true, .fits = true },
		INSTANCE_ACT_RESERVE },
	{ "no room", { .state = INSTANCE_STARTING, .wanted = true }, INSTANCE_ACT_WAIT },
	{ "start", { .state = INSTANCE_STARTING, OURS }, INSTANCE_ACT_START },
	{ "loading", { .state = INSTANCE_STARTING, OURS, .proc = PROC_RUNNING },
		INSTANCE_ACT_NONE },
	{ "ready", { .state = INSTANCE_STARTING, OURS, .proc = PROC_RUNNING, .listening = true },
		INSTANCE_ACT_READY },
	{ "never ready",
		{ .state = INSTANCE_STARTING,
			OURS,
			.proc = PROC_RUNNING,
			.now = 9,
			.starting_since = 1,
			.start_limit_us = 8 },
		INSTANCE_ACT_FAIL },
	{ "model refused", { .state = INSTANCE_STARTING, OURS, .proc = PROC_EXITED },
		INSTANCE_ACT_FAIL },
	{ "unwanted before it started", { .state = INSTANCE_STARTING }, INSTANCE_ACT_GONE },
	{ "unwanted while loading", { .state = INSTANCE_STARTING, .proc = PROC_RUNNING },
		INSTANCE_ACT_DRAIN },
	{ "serving", { .state = INSTANCE_READY, OURS, .proc = PROC_RUNNING, .listening = true },
		INSTANCE_ACT_NONE },
	{ "crashed", { .state = INSTANCE_READY, OURS, .proc = PROC_EXITED }, INSTANCE_ACT_FAIL },
	{ "killed", { .state = INSTANCE_READY, OURS, .proc = PROC_LOST }, INSTANCE_ACT_FAIL },
	{ "replaced", { .state = INSTANCE_READY, .has_shares = true, .proc = PROC_RUNNING },
		INSTANCE_ACT_DRAIN },
	{ "crashed and unwanted", { .state = INSTANCE_READY, .proc = PROC_EXITED },
		INSTANCE_ACT_GONE },
	{ "draining",
		{ .state = INSTANCE_DRAINING, .proc = PROC_RUNNING, .now = 5, .drain_us = 10 },
		INSTANCE_ACT_NONE },
	{ "drained",
		{ .state = INSTANCE_DRAINING, .proc = PROC_RUNNING, .now = 10, .drain_us = 10 },
		INSTANCE_ACT_STOP },
	{ "stopped", { .state = INSTANCE_DRAINING, .proc = PROC_EXITED }, INSTANCE_ACT_GONE },
	{ "backing off", { .state = INSTANCE_FAILED, OURS, .now = 5, .not_before = 6 },
		INSTANCE_ACT_NONE },
	{ "again", { .state = INSTANCE_FAILED, OURS, .now = 6, .not_before = 6 },
		INSTANCE_ACT_RESTART },
	{ "failed but its process lives", { .state = INSTANCE_FAILED, OURS, .proc = PROC_RUNNING },
		INSTANCE_ACT_STOP },
	{ "failed, its process gone",
		{ .state = INSTANCE_FAILED,
			.wanted = true,
			.holds = true,
			.now = 1,
			.not_before = 5 },
		INSTANCE_ACT_RELEASE },
	{ "failed, runs and holds",
		{ .state = INSTANCE_FAILED, .holds = true, .proc = PROC_RUNNING },
		INSTANCE_ACT_STOP },
	{ "failed and unwanted", { .state = INSTANCE_FAILED }, INSTANCE_ACT_GONE },
	{ "gone", { .state = INSTANCE_GONE, OURS }, INSTANCE_ACT_NONE },
};

static void instances_by_table(void **state)
{
	for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++) {
		enum instance_act act = instance_decide(&instances[i].v);
		if (act != instances[i].act)
			fail_msg("%s: %s", instances[i].what, instance_act_name(act));
	}
}

static void backoff_doubles_to_a_minute(void **state)
{
	int64_t want[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	for (int i = 0; i < 8; i++)
		assert_true(instance_backoff_us(i) == want[i] * MO_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deployments_by_table),
		cmocka_unit_test(instances_by_table),
		cmocka_unit_test(backoff_doubles_to_a_minute),
	};
	return RUN_TESTS(tests);
}
