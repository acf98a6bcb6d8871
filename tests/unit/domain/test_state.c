/* Lifecycles: every pair of states, names, and enum tables. */
#include "../unit.h"

#include "modelops/base/str.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/invoice.h"
#include "modelops/domain/model.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/run.h"
#include "modelops/domain/state.h"
#include "modelops/domain/step.h"

#include <stdio.h>
#include <string.h>

/* The contract of docs/ARCHITECTURE.md section 4, written a second time on purpose: one row per
 * state, the states it may move to. */
static const struct {
	const struct state_table *table;
	const char *from, *to;
} moves[] = {
	{ &run_states, "PENDING", "RUNNING FAILED CANCELLED" },
	{ &run_states, "RUNNING", "SUCCEEDED FAILED CANCELLED" },
	{ &run_states, "SUCCEEDED", "" },
	{ &run_states, "FAILED", "" },
	{ &run_states, "CANCELLED", "" },
	{ &step_states, "BLOCKED", "QUEUED SKIPPED CANCELLED" },
	{ &step_states, "QUEUED", "ALLOCATED RUNNING FAILED CANCELLED" },
	{ &step_states, "ALLOCATED", "RUNNING QUEUED FAILED CANCELLED" },
	{ &step_states, "RUNNING", "REGISTERING QUEUED FAILED CANCELLED" },
	{ &step_states, "REGISTERING", "SUCCEEDED QUEUED FAILED CANCELLED" },
	{ &step_states, "SUCCEEDED", "" },
	{ &step_states, "FAILED", "" },
	{ &step_states, "SKIPPED", "" },
	{ &step_states, "CANCELLED", "" },
	{ &alloc_states, "RESERVED", "BOUND RELEASED" },
	{ &alloc_states, "BOUND", "RELEASED" },
	{ &alloc_states, "RELEASED", "" },
	{ &instance_states, "STARTING", "READY FAILED GONE DRAINING" },
	{ &instance_states, "READY", "DRAINING FAILED GONE" },
	{ &instance_states, "DRAINING", "GONE" },
	{ &instance_states, "GONE", "" },
	{ &instance_states, "FAILED", "STARTING GONE" },
	{ &invoice_states, "DRAFT", "ISSUED VOID" },
	{ &invoice_states, "ISSUED", "PAID VOID" },
	{ &invoice_states, "PAID", "" },
	{ &invoice_states, "VOID", "" },
};

static int lists(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = strstr(words, word); p; p = strstr(p + 1, word))
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return 1;
	return 0;
}

static void every_pair_is_as_the_contract_says(void **state)
{
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		const struct state_table *t = moves[i].table;
		int from = state_parse(t, moves[i].from);
		assert_true(from >= 0);
		for (int to = 0; to < t->names.count; to++)
			if (state_can_move(t, from, to) != lists(moves[i].to, state_name(t, to)))
				fail_msg("%s: %s -> %s", t->names.noun, moves[i].from,
					state_name(t, to));
		assert_int_equal(state_terminal(t, from), moves[i].to[0] == '\0');
	}
}

static void tables_are_whole(void **state)
{
	int tables = 0;
	for (const struct state_table *const *t = state_tables; *t; t++, tables++) {
		unsigned all = (1U << (*t)->names.count) - 1;
		for (int s = 0; s < (*t)->names.count; s++) {
			assert_non_null((*t)->names.names[s]);
			assert_int_equal(state_parse(*t, state_name(*t, s)), s);
			assert_int_equal((*t)->next[s] & ~all, 0);
			assert_false(state_can_move(*t, s, s));
			for (int to = 0; to < (*t)->names.count; to++)
				assert_int_equal(
					state_can_move(*t, s, to), state_sources(*t, to) >> s & 1);
		}
		assert_int_equal(state_parse(*t, "NO_SUCH"), -1);
		assert_int_equal(state_parse(*t, NULL), -1);
		assert_string_equal(state_name(*t, 99), "?");
	}
	assert_int_equal(tables, 8);
}

static void live_states(void **state)
{
	assert_true(state_live(&step_states, STEP_REGISTERING));
	assert_false(state_live(&step_states, STEP_SKIPPED));
	assert_true(state_live(&instance_states, INSTANCE_DRAINING));
	assert_false(state_live(&instance_states, INSTANCE_FAILED));
	assert_false(state_live(&alloc_states, ALLOC_RELEASED));
}

static void optional_enums_have_an_absent_value(void **state)
{
	assert_int_equal(enum_parse(&mig_strategies, NULL), MIG_STRATEGY_NONE);
	assert_int_equal(enum_parse(&mig_strategies, "single"), MIG_STRATEGY_SINGLE);
	assert_null(enum_name(&mig_strategies, MIG_STRATEGY_NONE));
	assert_int_equal(enum_parse(&pool_modes, NULL), -1);
	assert_int_equal(enum_parse(&pool_modes, "mig"), -1);
	assert_string_equal(enum_name(&pool_modes, -1), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_as_the_contract_says),
		cmocka_unit_test(tables_are_whole),
		cmocka_unit_test(live_states),
		cmocka_unit_test(optional_enums_have_an_absent_value),
	};
	return RUN_TESTS(tests);
}
