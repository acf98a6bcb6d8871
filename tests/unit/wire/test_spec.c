/* Pipeline specifications: written as YAML, judged by the domain. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/wire/pipeline.h"
#include "modelops/wire/value.h"
#include "modelops/yaml/yaml.h"

#include <stdio.h>
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

static int read_spec(const char *yaml, struct pipeline_spec *spec, struct mo_err *err)
{
	mo_autojson json_t *doc = NULL;
	if (mo_yaml_parse(yaml, strlen(yaml), MO_YAML_BYTES, MO_JSON_DEPTH, &doc, err) < 0)
		return -1;
	memset(spec, 0, sizeof(*spec));
	if (wire_decode(doc, &wire_pipeline_spec, WIRE_CREATE, &arena, spec, NULL, err) < 0)
		return -1;
	return spec_validate(spec, err);
}

static const char iris[] =
	"name: iris\n"
	"parameters:\n"
	"  - {name: dataset, type: artifact}\n"
	"  - {name: rounds, type: int, default: 50}\n"
	"  - {name: rate, type: number, default: 0.25}\n"
	"  - {name: pool, type: pool, default: cpu}\n"
	"steps:\n"
	"  - name: train\n"
	"    kind: train\n"
	"    pool: ${params.pool}\n"
	"    max_runtime: 10m\n"
	"    with: {dataset: '${params.dataset}', label: species,"
	" rounds: '${params.rounds}', learning_rate: '${params.rate}',"
	" missing: ['x-${params.rounds}-${params.rate}']}\n"
	"  - name: check\n"
	"    kind: evaluate\n"
	"    needs: [train]\n"
	"    with: {model: train, dataset: '${params.dataset}'}\n"
	"  - name: register\n"
	"    kind: register\n"
	"    needs: [check]\n"
	"    with: {from: train, model: iris, require: {metric: valid-mlogloss, max: 0.5}}\n"
	"  - name: deploy\n"
	"    kind: deploy\n"
	"    needs: [register]\n"
	"    with: {from: register, deployment: iris}\n";

static void a_good_pipeline_reads_and_reads_back(void **state)
{
	struct pipeline_spec spec, again;
	struct mo_err err = { 0 };
	if (read_spec(iris, &spec, &err) < 0)
		fail_msg("%s: %s", err.field, err.msg);
	assert_int_equal(spec.step_count, 4);
	assert_int_equal(spec.steps[0].max_runtime_s, 600);
	assert_int_equal(spec.steps[1].shares, 1);
	assert_int_equal(spec_step_index(&spec, "register"), 2);
	const char *text = wire_spec_text(&spec, &arena, &err);
	assert_non_null(text);
	assert_int_equal(wire_spec_parse(text, &arena, &again, &err), 0);
	assert_string_equal(wire_spec_text(&again, &arena, &err), text);
}

static void parameters_are_filled_in_by_type(void **state)
{
	struct pipeline_spec spec, run;
	struct value params;
	struct mo_err err = { 0 };
	assert_int_equal(read_spec(iris, &spec, &err), 0);
	assert_int_equal(
		wire_value_parse("{\"dataset\":\"iris.csv\",\"rounds\":7}", &arena, &params, &err),
		0);
	if (spec_resolve(&spec, &params, NULL, &arena, &run, &err) < 0)
		fail_msg("%s: %s", err.field, err.msg);
	const struct value *with = run.steps[0].with;
	assert_string_equal(run.steps[0].pool, "cpu");
	assert_string_equal(value_text(with, "dataset", ""), "iris.csv");
	assert_int_equal(value_get(with, "rounds")->type, VALUE_INT);
	assert_int_equal(value_int(with, "rounds", 0), 7);
	assert_true(value_get(with, "learning_rate")->number == 0.25);
	assert_string_equal(value_get(with, "missing")->members[0].value.text, "x-7-0.25");
	assert_string_equal(value_text(spec.steps[0].with, "rounds", ""), "${params.rounds}");
	assert_int_equal(spec_resolve(&spec, &params, "big", &arena, &run, &err), 0);
	assert_string_equal(run.steps[0].pool, "big");
	assert_null(run.steps[2].pool);
}

static const struct {
	const char *params, *field;
} bad_params[] = {
	{ "{}", "params.dataset" },
	{ "{\"dataset\":\"d\",\"round\":1}", "params.round" },
	{ "{\"dataset\":\"d\",\"rounds\":\"7\"}", "params.rounds" },
	{ "{\"dataset\":\"d\",\"rounds\":1.5}", "params.rounds" },
	{ "{\"dataset\":1}", "params.dataset" },
	{ "{\"dataset\":\"d\",\"rounds\":0}", "steps[0].with.rounds" },
	{ "{\"dataset\":\"\"}", "steps[0].with.dataset" },
};

static void bad_parameters_are_named(void **state)
{
	struct pipeline_spec spec, run;
	struct mo_err err = { 0 };
	assert_int_equal(read_spec(iris, &spec, &err), 0);
	for (size_t i = 0; i < MO_COUNT(bad_params); i++) {
		struct value params;
		assert_int_equal(wire_value_parse(bad_params[i].params, &arena, &params, &err), 0);
		assert_int_equal(spec_resolve(&spec, &params, NULL, &arena, &run, &err), -1);
		assert_int_equal(err.code, MO_EFIELD);
		assert_string_equal(err.field, bad_params[i].field);
	}
}

#define TRAIN(name) "{name: " name ", kind: train, with: {dataset: d, label: l}"

static const struct {
	const char *yaml, *field, *part;
} bad[] = {
	{ "name: p\nsteps: []", "steps", "at least one" },
	{ "steps: [" TRAIN("a") "}]", "name", "missing" },
	{ "name: P\nsteps: [" TRAIN("a") "}]", "name", "'P'" },
	{ "name: p\nsteps: [" TRAIN("a") "}, " TRAIN("a") "}]", "steps[1].name", "'a'" },
	{ "name: p\nsteps: [" TRAIN("a") ", needs: [b]}]", "steps[0].needs[0]", "'b'" },
	{ "name: p\nsteps: [" TRAIN("a") ", needs: [a]}]", "steps[0].needs", "a -> a" },
	{ "name: p\nsteps: [" TRAIN("a") ", needs: [c]}, " TRAIN("b") ", needs: [a]}, " TRAIN(
		  "c") ", needs: [b]}]",
		"steps[0].needs", "a -> c -> b -> a" },
	{ "name: p\nsteps: [" TRAIN("x") "}, " TRAIN("a") ", needs: [x, b]}, " TRAIN(
		  "b") ", needs: [a]}]",
		"steps[1].needs", "a -> b -> a" },
	{ "name: p\nsteps: [" TRAIN("b") "}, " TRAIN("a") ", needs: [b, b]}]", "steps[1].needs[1]",
		"twice" },
	{ "name: p\nsteps: [{name: a, kind: bake}]", "steps[0].kind", "bake" },
	{ "name: p\nsteps: [{name: a, kind: train}]", "steps[0].with.dataset", "missing" },
	{ "name: p\nsteps: [" TRAIN("a") ", pool: x, any_of: [y]}]", "steps[0].any_of", "both" },
	{ "name: p\nsteps: [" TRAIN("a") ", shares: 0}]", "steps[0].shares", "0" },
	{ "name: p\nsteps: [" TRAIN("a") ", retries: 11}]", "steps[0].retries", "11" },
	{ "name: p\nsteps: [" TRAIN("a") ", max_runtime: 10}]", "steps[0].max_runtime",
		"duration" },
	{ "name: p\nsteps: [" TRAIN("a") ", colour: red}]", "steps[0].colour", "unknown" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, rouds: 1}}]",
		"steps[0].with.rouds", "unknown" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, rounds: 1.5}}]",
		"steps[0].with.rounds", "whole number" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, task: guess}}]",
		"steps[0].with.task", "guess" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, delimiter: ab}}]",
		"steps[0].with.delimiter", "ab" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, device: cuda}}]",
		"steps[0].with.device", "unknown" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, learning_rate: "
	  "0}}]",
		"steps[0].with.learning_rate", "1e-06" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, missing: ['']}}]",
		"steps[0].with.missing", "empty" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, valid_fraction: 0, "
	  "early_stopping_rounds: 5}}]",
		"steps[0].with.early_stopping_rounds", "valid_fraction" },
	{ "name: p\nsteps: [{name: e, kind: evaluate, with: {model: m, dataset: d, delimiter: "
	  "'\"'}}]",
		"steps[0].with.delimiter", "quote" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: d, label: l, register: {alias: "
	  "x}}}]",
		"steps[0].with.register.model", "missing" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: '${params.x}', label: l}}]",
		"steps[0].with.dataset", "'x' is no parameter" },
	{ "name: p\nsteps: [{name: a, kind: train, with: {dataset: '${params.x', label: l}}]",
		"steps[0].with.dataset", "brace" },
	{ "name: p\nparameters: [{name: a b}]\nsteps: [" TRAIN("a") "}]", "parameters[0].name",
		"a b" },
	{ "name: p\nparameters: [{name: a}, {name: a}]\nsteps: [" TRAIN("a") "}]",
		"parameters[1].name", "two" },
	{ "name: p\nparameters: [{name: a, type: int, default: x}]\nsteps: [" TRAIN("a") "}]",
		"parameters[0].default", "text" },
	{ "name: p\nsteps: [{name: r, kind: register, with: {from: a, model: m}}]",
		"steps[0].with.from", "no step" },
	{ "name: p\nsteps: [" TRAIN("a") "}, {name: r, kind: register, with: {from: a, model: m}}]",
		"steps[1].with.from", "does not need" },
	{ "name: p\nsteps: [" TRAIN(
		  "a") "}, {name: e, kind: evaluate, needs: [a], with: {model: a, "
		       "dataset: d}}, {name: r, kind: register, needs: [e], with: {from: e, model: "
		       "m}}]",
		"steps[2].with.from", "evaluate" },
	{ "name: p\nsteps: [{name: d, kind: deploy, with: {deployment: x}}]", "steps[0].with.from",
		"either" },
	{ "name: p\nsteps: [{name: d, kind: deploy, with: {deployment: x, model: m}}]",
		"steps[0].with.version", "either" },
	{ "name: p\nsteps: [{name: d, kind: deploy, pool: x, with: {deployment: x, model: m, "
	  "version: "
	  "1}}]",
		"steps[0].pool", "controller" },
	{ "name: p\nsteps: [{name: d, kind: deploy, retries: 1, with: {deployment: x, model: m, "
	  "version: 1}}]",
		"steps[0].retries", "not tried again" },
	{ "name: p\nsteps: [" TRAIN("a") "}, {name: r, kind: register, needs: [a], retries: 2, "
					 "with: {from: a, model: m}}]",
		"steps[1].retries", "register" },
};

static void bad_pipelines_name_the_place(void **state)
{
	for (size_t i = 0; i < MO_COUNT(bad); i++) {
		struct pipeline_spec spec;
		struct mo_err err = { 0 };
		if (read_spec(bad[i].yaml, &spec, &err) == 0)
			fail_msg("accepted: %s", bad[i].yaml);
		if (!mo_streq(err.field, bad[i].field) || !strstr(err.msg, bad[i].part))
			fail_msg("%s\nfield %s: %s", bad[i].yaml, err.field, err.msg);
		assert_int_equal(err.code, MO_EFIELD);
	}
}

/* 64 steps in a row, each needing all before it. */
static void the_largest_graph_is_walked(void **state)
{
	mo_autobuf struct mo_buf yaml;
	mo_buf_init(&yaml, 1 << 18);
	mo_buf_puts(&yaml, "name: big\nsteps:\n");
	for (int i = 63; i >= 0; i--) {
		mo_buf_printf(&yaml, "- " TRAIN("s%d") ", needs: [", i);
		for (int k = 0; k < i; k++)
			mo_buf_printf(&yaml, "%ss%d", k ? ", " : "", k);
		mo_buf_puts(&yaml, "]}\n");
	}
	struct pipeline_spec spec;
	struct mo_err err = { 0 };
	if (read_spec(yaml.data, &spec, &err) < 0)
		fail_msg("%s: %s", err.field, err.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_good_pipeline_reads_and_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(parameters_are_filled_in_by_type, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_parameters_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_pipelines_name_the_place, setup, teardown),
		cmocka_unit_test_setup_teardown(the_largest_graph_is_walked, setup, teardown),
	};
	return RUN_TESTS(tests);
}
