/* What the API takes for a job's `with` is what the trainer takes: names, kinds and ranges. */
#include "../unit.h"

#include "members.h"

#include "modelops/domain/with.h"

#include <string.h>

static const enum member_kind kind_of[] = {
	[WITH_TEXT] = MEMBER_TEXT,
	[WITH_NAME] = MEMBER_TEXT,
	[WITH_DELIMITER] = MEMBER_TEXT,
	[WITH_INT] = MEMBER_WHOLE,
	[WITH_NUMBER] = MEMBER_NUMBER,
	[WITH_TEXTS] = MEMBER_TEXTS,
	[WITH_MAP] = MEMBER_IGNORED,
};

static const struct {
	enum step_kind step;
	unsigned bit;
} jobs[] = { { STEP_TRAIN, MEMBER_TRAIN }, { STEP_EVALUATE, MEMBER_EVALUATE } };

static const struct member *member_of(const char *name, unsigned step)
{
	for (size_t i = 0; i < members_count; i++)
		if (strcmp(members[i].name, name) == 0 && members[i].steps & step)
			return &members[i];
	fail_msg("the trainer does not know '%s'", name);
	return NULL;
}

static void check_same(const struct with_key *k, const struct member *m)
{
	enum member_kind kind = k->choices ? MEMBER_CHOICE : kind_of[k->type];

	if (m->kind == MEMBER_IGNORED)
		return;
	if (m->kind != kind || m->min != k->min || m->max != k->max)
		fail_msg("'%s': %g to %g in the API, %g to %g in the trainer", k->name, k->min,
			k->max, m->min, m->max);
	if (k->choices)
		assert_string_equal(k->choices, m->choices);
}

static void the_trainer_takes_what_the_api_takes(void **state)
{
	for (size_t j = 0; j < 2; j++) {
		const struct with_keys *keys = &with_keys[jobs[j].step];
		for (size_t i = 0; i < keys->count; i++)
			check_same(&keys->keys[i], member_of(keys->keys[i].name, jobs[j].bit));
	}
}

static void the_trainer_takes_nothing_else(void **state)
{
	for (size_t j = 0; j < 2; j++) {
		size_t n = 0;
		for (size_t i = 0; i < members_count; i++)
			n += (members[i].steps & jobs[j].bit) != 0;
		assert_int_equal(n, with_keys[jobs[j].step].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trainer_takes_what_the_api_takes),
		cmocka_unit_test(the_trainer_takes_nothing_else),
	};
	return RUN_TESTS(tests);
}
