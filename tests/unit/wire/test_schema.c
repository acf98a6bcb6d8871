/* Field tables: encoding, decoding with refusals, and schemas that agree with both. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/domain/pool.h"
#include "modelops/wire/pool.h"
#include "modelops/wire/run.h"
#include "modelops/wire/tenancy.h"
#include "modelops/wire/workload.h"

#include <string.h>

static struct mo_arena arena;

static int setup(void **state)
{
	mo_arena_init(&arena, 1 << 20, 4096);
	return 0;
}

static int teardown(void **state)
{
	mo_arena_free(&arena);
	return 0;
}

static int read_pool(
	const char *text, enum wire_shape shape, struct pool *p, uint64_t *set, struct mo_err *err)
{
	return wire_parse(text, strlen(text), &wire_pool, shape, &arena, p, set, err);
}

#define MIN_POOL \
	"\"name\":\"cpu\",\"card_model\":\"cpu\",\"mode\":\"CPU\",\"capacity_shares\":2,\"price_" \
	"class\":\"c\""

static void a_create_body_gets_its_defaults(void **state)
{
	struct pool p = { 0 };
	uint64_t set;
	struct mo_err err = { 0 };
	if (read_pool("{" MIN_POOL
		      ",\"default_max_runtime\":\"1h\",\"node_selector\":{\"b\":1,\"a\":[2]}}",
		    WIRE_CREATE, &p, &set, &err) < 0)
		fail_msg("%s: %s", err.field, err.msg);
	assert_string_equal(p.name, "cpu");
	assert_int_equal(p.mode, POOL_CPU);
	assert_int_equal(p.capacity_shares, 2);
	assert_int_equal(p.timeslice_replicas, 1);
	assert_int_equal(p.default_max_runtime_s, 3600);
	assert_string_equal(p.node_selector, "{\"b\":1,\"a\":[2]}");
	assert_null(p.profile);
	assert_int_equal(p.mig_strategy, MIG_STRATEGY_NONE);
	assert_true(set & wire_bit(&wire_pool, "name"));
	assert_false(set & wire_bit(&wire_pool, "timeslice_replicas"));
	assert_true(wire_bit(&wire_pool, "no_such") == 0);
}

static void a_patch_touches_what_it_names(void **state)
{
	struct pool p = {
		.capacity_shares = 7, .gpu_resource_name = "x/y", .default_max_runtime_s = 5
	};
	uint64_t set;
	struct mo_err err = { 0 };
	assert_int_equal(read_pool("{\"capacity_shares\":9,\"default_max_runtime\":null}",
				 WIRE_PATCH, &p, &set, &err),
		0);
	assert_int_equal(p.capacity_shares, 9);
	assert_int_equal(p.default_max_runtime_s, 0);
	assert_string_equal(p.gpu_resource_name, "x/y");
	assert_true(set == (wire_bit(&wire_pool, "capacity_shares") |
				   wire_bit(&wire_pool, "default_max_runtime")));
	assert_int_equal(read_pool("{\"name\":\"n\"}", WIRE_PATCH, &p, &set, &err), -1);
	assert_non_null(strstr(err.msg, "cannot be changed"));
}

static const struct {
	const char *body, *field, *part;
} bad[] = {
	{ "{}", "name", "missing" },
	{ "{" MIN_POOL ",\"x\":1}", "x", "unknown field 'x'" },
	{ "{" MIN_POOL ",\"id\":\"pool_1\"}", "id", "set by the server" },
	{ "{" MIN_POOL ",\"created_at\":\"2026-01-01T00:00:00Z\"}", "created_at", "server" },
	{ "{\"name\":7}", "name", "must be text; 7 was given" },
	{ "{\"name\":\"No Name\"}", "name", "'No Name' is no name" },
	{ "{\"name\":\"\"}", "name", "is no name" },
	{ "{\"name\":null}", "name", "null was given" },
	{ "{\"capacity_shares\":1.0}", "capacity_shares", "whole number; 1.0 was given" },
	{ "{\"capacity_shares\":\"4\"}", "capacity_shares", "\"4\" was given" },
	{ "{\"capacity_shares\":0}", "capacity_shares", "1 to 1000000" },
	{ "{\"capacity_shares\":true}", "capacity_shares", "true was given" },
	{ "{\"mode\":\"GPU\"}", "mode", "one of MIG TIME_SLICE MPS EXCLUSIVE CPU" },
	{ "{\"mig_strategy\":\"none\"}", "mig_strategy", "one of mixed single" },
	{ "{\"allow_cpu_on_gpu\":1}", "allow_cpu_on_gpu", "true or false" },
	{ "{\"node_selector\":[1]}", "node_selector", "JSON object" },
	{ "{\"tolerations\":{}}", "tolerations", "JSON list" },
	{ "{\"default_max_runtime\":\"soon\"}", "default_max_runtime", "duration" },
	{ "{\"card_model\":\"\"}", "card_model", "0 bytes" },
	{ "[]", "", "an object is wanted; [] was given" },
	{ "null", "", "null was given" },
};

static void bad_bodies_name_the_field(void **state)
{
	for (size_t i = 0; i < MO_COUNT(bad); i++) {
		struct pool p = { 0 };
		struct mo_err err = { 0 };
		if (read_pool(bad[i].body, WIRE_CREATE, &p, NULL, &err) == 0)
			fail_msg("accepted: %s", bad[i].body);
		if (err.code != MO_EFIELD || !mo_streq(err.field, bad[i].field) ||
			!strstr(err.msg, bad[i].part))
			fail_msg(
				"%s: %d field '%s': %s", bad[i].body, err.code, err.field, err.msg);
	}
}

static void nested_fields_have_paths(void **state)
{
	struct wire_metrics m = { 0 };
	struct mo_err err = { 0 };
	const char *text =
		"{\"metrics\":[{\"key\":\"a\",\"value\":1},{\"key\":\"b\",\"value\":\"x\"}]}";
	assert_int_equal(
		wire_parse(text, strlen(text), &wire_metrics, WIRE_CREATE, &arena, &m, NULL, &err),
		-1);
	assert_string_equal(err.field, "metrics[1].value");
	text = "{\"metrics\":[{\"key\":\"a\",\"value\":1.5,\"iteration\":3}]}";
	assert_int_equal(
		wire_parse(text, strlen(text), &wire_metrics, WIRE_CREATE, &arena, &m, NULL, &err),
		0);
	assert_int_equal(m.metric_count, 1);
	assert_true(m.metrics[0].value == 1.5);
	assert_int_equal(m.metrics[0].iteration, 3);
}

static void words_times_and_parts_read(void **state)
{
	struct api_key k = { 0 };
	struct mo_err err = { 0 };
	const char *text =
		"{\"principal_id\":\"usr_1\",\"name\":\"ci\",\"role\":\"user\",\"scopes\":"
		"[\"run.read\",\"run.write\"],\"expires_at\":\"2026-11-23T21:00:00+01:00\"}";
	assert_int_equal(
		wire_parse(text, strlen(text), &wire_api_key, WIRE_CREATE, &arena, &k, NULL, &err),
		0);
	assert_string_equal(k.scopes, "run.read run.write");
	assert_true(k.expires_at == INT64_C(1795464000000000));
	struct wire_progress p = { 0 };
	text = "{\"progress\":0.42,\"eta_s\":3.5}";
	assert_int_equal(
		wire_parse(text, strlen(text), &wire_progress, WIRE_CREATE, &arena, &p, NULL, &err),
		0);
	assert_int_equal(p.progress_ppm, 420000);
	text = "{\"progress\":1.01}";
	assert_int_equal(
		wire_parse(text, strlen(text), &wire_progress, WIRE_CREATE, &arena, &p, NULL, &err),
		-1);
	struct wire_training_job_create job = { 0 };
	text = "{\"project_id\":\"p\",\"name\":\"n\",\"with\":{},\"register\":{\"model\":\"m\"}}";
	assert_int_equal(wire_parse(text, strlen(text), &wire_training_job_create, WIRE_CREATE,
				 &arena, &job, NULL, &err),
		0);
	assert_string_equal(job.reg->model, "m");
	assert_null(job.reg->alias);
	assert_int_equal(job.shares, 1);
}

static void a_row_is_written_in_table_order(void **state)
{
	struct run_step s = { .id = "stp_1",
		.tenant_id = "ten_1",
		.project_id = "prj_1",
		.run_id = "run_1",
		.name = "train",
		.needs = "a b",
		.state = STEP_QUEUED,
		.shares = 2,
		.eta_s = -1,
		.progress_ppm = 420000,
		.max_runtime_s = 90,
		.created_at = 1000000,
		.inputs = "{\"x\":1}" };
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, 4096);
	struct jw w;
	jw_init(&w, &out);
	wire_encode_page(&w, &wire_run_step, &s, 1, NULL);
	assert_int_equal(jw_done(&w), 0);
	assert_string_equal(out.data,
		"{\"items\":[{\"id\":\"stp_1\",\"tenant_id\":\"ten_1\",\"project_id\":\"prj_1\","
		"\"run_id\":\"run_1\",\"index\":0,\"name\":\"train\",\"kind\":\"train\",\"needs\":["
		"\"a\","
		"\"b\"],\"state\":\"QUEUED\",\"pool_id\":null,\"shares\":2,\"device\":\"cpu\","
		"\"attempt\":0,"
		"\"attempt_id\":null,\"max_attempts\":0,\"lost_attempts\":0,\"max_runtime\":"
		"\"1m30s\",\"not_before\":"
		"null,"
		"\"reason\":null,\"detail\":null,\"progress\":0.42,\"eta_s\":null,\"queued_at\":"
		"null,"
		"\"started_at\":null,\"finished_at\":null,\"inputs\":{\"x\":1},\"outputs\":null,"
		"\"device_used\":null,\"created_at\":\"1970-01-01T00:00:01Z\"}],\"next\":null}");
}

/* Whatever memory there is: success or MO_ENOMEM. */
static void small_arenas_are_told(void **state)
{
	const char *text = "{" MIN_POOL ",\"node_selector\":{\"a\":1},\"profile\":\"1g.6gb\"}";
	int ok = 0;
	for (size_t ceiling = 64; ceiling < 4096; ceiling += 64) {
		struct mo_arena small;
		struct pool p = { 0 };
		struct mo_err err = { 0 };
		mo_arena_init(&small, ceiling, 64);
		int rc = wire_parse(
			text, strlen(text), &wire_pool, WIRE_CREATE, &small, &p, NULL, &err);
		assert_true(rc == 0 || err.code == MO_ENOMEM);
		ok += rc == 0;
		mo_arena_free(&small);
	}
	assert_true(ok > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_create_body_gets_its_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(a_patch_touches_what_it_names, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_bodies_name_the_field, setup, teardown),
		cmocka_unit_test_setup_teardown(nested_fields_have_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(words_times_and_parts_read, setup, teardown),
		cmocka_unit_test(a_row_is_written_in_table_order),
		cmocka_unit_test(small_arenas_are_told),
	};
	return RUN_TESTS(tests);
}
