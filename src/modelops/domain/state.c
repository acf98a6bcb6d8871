/* Questions about lifecycles, answered from their tables. */
#include "modelops/domain/state.h"

#include "modelops/base/check.h"

bool state_can_move(const struct state_table *t, int from, int to)
{
	MO_ASSERT(from >= 0 && from < t->names.count && to >= 0 && to < t->names.count);
	return t->next[from] >> to & 1;
}

unsigned state_sources(const struct state_table *t, int to)
{
	unsigned set = 0;
	for (int from = 0; from < t->names.count; from++)
		if (state_can_move(t, from, to))
			set |= 1U << from;
	return set;
}

bool state_terminal(const struct state_table *t, int state)
{
	MO_ASSERT(state >= 0 && state < t->names.count);
	return t->next[state] == 0;
}

bool state_live(const struct state_table *t, int state)
{
	MO_ASSERT(state >= 0 && state < t->names.count);
	return t->live >> state & 1;
}

int state_parse(const struct state_table *t, const char *name)
{
	return name ? enum_parse(&t->names, name) : -1;
}

const char *state_name(const struct state_table *t, int state)
{
	return enum_name(&t->names, state);
}
