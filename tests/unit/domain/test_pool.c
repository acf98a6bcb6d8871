/* Pool rules: one row per rule of DESIGN section 6. */
#include "../unit.h"

#include "modelops/base/str.h"
#include "modelops/domain/pool.h"

#include <stdio.h>
#include <string.h>

#define BASE .name = "p", .card_model = "A30", .price_class = "c"
#define MIG4 BASE, .mode = POOL_MIG, .profile = "1g.6gb", .capacity_shares = 4

struct pool_case {
	const char *what;
	struct pool pool;
	const char *field; /* NULL: accepted */
};

static const struct pool_case cases[] = {
	{ "A30 1g", { MIG4 }, NULL },
	{ "A30 2g", { BASE, .mode = POOL_MIG, .profile = "2g.12gb", .capacity_shares = 6 }, NULL },
	{ "A30 4g", { BASE, .mode = POOL_MIG, .profile = "4g.24gb", .capacity_shares = 3 }, NULL },
	{ "no multiple", { BASE, .mode = POOL_MIG, .profile = "1g.6gb", .capacity_shares = 6 },
		"capacity_shares" },
	{ "no multiple of 2",
		{ BASE, .mode = POOL_MIG, .profile = "2g.12gb", .capacity_shares = 3 },
		"capacity_shares" },
	{ "other card's profile",
		{ BASE, .mode = POOL_MIG, .profile = "1g.5gb", .capacity_shares = 4 }, "profile" },
	{ "no profile", { BASE, .mode = POOL_MIG, .capacity_shares = 4 }, "profile" },
	{ "bad profile", { BASE, .mode = POOL_MIG, .profile = "1g6gb", .capacity_shares = 4 },
		"profile" },
	{ "unknown card",
		{ .name = "p",
			.card_model = "X9",
			.price_class = "c",
			.mode = POOL_MIG,
			.profile = "1g.9gb",
			.capacity_shares = 3 },
		NULL },
	{ "H100",
		{ .name = "p",
			.card_model = "H100",
			.price_class = "c",
			.mode = POOL_MIG,
			.profile = "1g.10gb",
			.capacity_shares = 14 },
		NULL },
	{ "mixed, wrong resource", { MIG4, .gpu_resource_name = "nvidia.com/gpu" },
		"gpu_resource_name" },
	{ "single",
		{ MIG4, .mig_strategy = MIG_STRATEGY_SINGLE,
			.gpu_resource_name = "nvidia.com/gpu" },
		NULL },
	{ "T4",
		{ .name = "t4",
			.card_model = "T4",
			.price_class = "t4",
			.mode = POOL_TIME_SLICE,
			.timeslice_replicas = 4,
			.capacity_shares = 8,
			.gpu_resource_name = "nvidia.com/gpu.shared" },
		NULL },
	{ "one replica",
		{ BASE, .mode = POOL_TIME_SLICE, .timeslice_replicas = 1, .capacity_shares = 4 },
		"timeslice_replicas" },
	{ "not whole cards",
		{ BASE, .mode = POOL_TIME_SLICE, .timeslice_replicas = 4, .capacity_shares = 6 },
		"capacity_shares" },
	{ "replicas of MIG", { MIG4, .timeslice_replicas = 2 }, "timeslice_replicas" },
	{ "exclusive", { BASE, .mode = POOL_EXCLUSIVE, .capacity_shares = 3 }, NULL },
	{ "profile of exclusive",
		{ BASE, .mode = POOL_EXCLUSIVE, .profile = "1g.6gb", .capacity_shares = 3 },
		"profile" },
	{ "strategy of exclusive",
		{ BASE, .mode = POOL_EXCLUSIVE, .capacity_shares = 3,
			.mig_strategy = MIG_STRATEGY_MIXED },
		"mig_strategy" },
	{ "cpu",
		{ .name = "cpu",
			.card_model = "cpu",
			.price_class = "cpu-small",
			.mode = POOL_CPU,
			.capacity_shares = 2 },
		NULL },
	{ "cpu with resource",
		{ BASE, .mode = POOL_CPU, .capacity_shares = 2,
			.gpu_resource_name = "nvidia.com/gpu" },
		"gpu_resource_name" },
	{ "cpu with allow",
		{ BASE, .mode = POOL_CPU, .capacity_shares = 2, .allow_cpu_on_gpu = true },
		"allow_cpu_on_gpu" },
	{ "bad resource",
		{ BASE, .mode = POOL_EXCLUSIVE, .capacity_shares = 1, .gpu_resource_name = "gpu" },
		"gpu_resource_name" },
	{ "bad domain",
		{ BASE, .mode = POOL_EXCLUSIVE, .capacity_shares = 1,
			.gpu_resource_name = "nvidia..com/gpu" },
		"gpu_resource_name" },
	{ "kubernetes' own",
		{ BASE, .mode = POOL_EXCLUSIVE, .capacity_shares = 1,
			.gpu_resource_name = "x.kubernetes.io/gpu" },
		"gpu_resource_name" },
	{ "no capacity", { BASE, .mode = POOL_CPU }, "capacity_shares" },
	{ "more per pod than there is",
		{ BASE, .mode = POOL_CPU, .capacity_shares = 2, .max_shares_per_pod = 3 },
		"max_shares_per_pod" },
	{ "no price class",
		{ .name = "p", .card_model = "A30", .mode = POOL_CPU, .capacity_shares = 1 },
		"price_class" },
	{ "bad name",
		{ .name = "P",
			.card_model = "A30",
			.price_class = "c",
			.mode = POOL_CPU,
			.capacity_shares = 1 },
		"name" },
};

static void rules_of_pools(void **state)
{
	struct mo_arena arena;
	mo_arena_init(&arena, 1 << 16, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pool p = cases[i].pool;
		struct mo_err err = { 0 };
		int rc = pool_validate(&p, &arena, &err);
		if (rc != (cases[i].field ? -1 : 0) ||
			!mo_streq(err.field, cases[i].field ? cases[i].field : ""))
			fail_msg("%s: %d, field '%s': %s", cases[i].what, rc, err.field, err.msg);
		if (rc < 0)
			assert_int_equal(err.code, MO_EFIELD);
	}
	mo_arena_free(&arena);
}

static void the_mode_decides_defaults(void **state)
{
	struct mo_arena arena;
	mo_arena_init(&arena, 1 << 16, 4096);
	struct pool mig = { MIG4 };
	assert_int_equal(pool_validate(&mig, &arena, NULL), 0);
	assert_int_equal(mig.max_shares_per_pod, 1);
	assert_int_equal(mig.timeslice_replicas, 1);
	assert_int_equal(mig.mig_strategy, MIG_STRATEGY_MIXED);
	assert_string_equal(mig.gpu_resource_name, "nvidia.com/mig-1g.6gb");
	struct pool cpu = { BASE, .mode = POOL_CPU, .capacity_shares = 8 };
	assert_int_equal(pool_validate(&cpu, &arena, NULL), 0);
	assert_int_equal(cpu.max_shares_per_pod, 8);
	assert_null(cpu.gpu_resource_name);
	struct pool slice = { BASE, .mode = POOL_TIME_SLICE, .timeslice_replicas = 4,
		.capacity_shares = 8 };
	assert_int_equal(pool_validate(&slice, &arena, NULL), 0);
	assert_int_equal(slice.max_shares_per_pod, 1);
	mo_arena_free(&arena);
}

static void devices_fit_their_pools(void **state)
{
	struct pool gpu = { .name = "g", .mode = POOL_MIG };
	struct pool cpu = { .name = "c", .mode = POOL_CPU };
	struct mo_err err = { 0 };
	assert_int_equal(pool_check_device(&gpu, DEVICE_CUDA, &err), 0);
	assert_int_equal(pool_check_device(&cpu, DEVICE_CPU, &err), 0);
	assert_int_equal(pool_check_device(&cpu, DEVICE_CUDA, &err), -1);
	assert_int_equal(pool_check_device(&gpu, DEVICE_CPU, &err), -1);
	assert_string_equal(err.field, "device");
	assert_non_null(err.hint);
	gpu.allow_cpu_on_gpu = true;
	assert_int_equal(pool_check_device(&gpu, DEVICE_CPU, &err), 0);
}

static void threads_are_paid_for(void **state)
{
	struct mo_err err = { 0 };
	struct pool cpu = { .name = "c", .mode = POOL_CPU },
		    gpu = { .name = "g", .mode = POOL_MIG };

	assert_int_equal(pool_check_threads(&cpu, 2, 0, &err), 0);
	assert_int_equal(pool_check_threads(&cpu, 2, 2, &err), 0);
	assert_int_equal(pool_check_threads(&gpu, 1, 8, &err), 0);
	assert_int_equal(pool_check_threads(&cpu, 1, 2, &err), -1);
	assert_string_equal(err.field, "with.nthread");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_pools),
		cmocka_unit_test(the_mode_decides_defaults),
		cmocka_unit_test(devices_fit_their_pools),
		cmocka_unit_test(threads_are_paid_for),
	};
	return RUN_TESTS(tests);
}
