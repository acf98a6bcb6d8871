/* Lifecycles as tables: the SQL `state IN`, docs/STATES.md and the tests read the same rows. */
#ifndef MODELOPS_DOMAIN_STATE_H
#define MODELOPS_DOMAIN_STATE_H

#include "modelops/domain/enums.h"

#include <stdbool.h>

/* One lifecycle; values are those of the noun's enum. */
struct state_table {
	struct enum_names names; /* &table->names is what a column or field of that state uses */
	const unsigned *next;    /* by state: bit set of the states it may move to */
	unsigned live;           /* bit set: the object still has work going on or can serve */
};

extern const struct state_table run_states, step_states, deployment_states, revision_states,
	alloc_states, instance_states, invoice_states, model_version_states;

/* All eight, ended by NULL, for generators and tests. */
extern const struct state_table *const state_tables[];

/* FROM may move to TO. Staying is not a move. */
bool state_can_move(const struct state_table *t, int from, int to);

/* Bit set of the states that may move to TO: what SQL's `state IN` lists. */
unsigned state_sources(const struct state_table *t, int to);

/* Nothing leaves STATE. */
bool state_terminal(const struct state_table *t, int state);

bool state_live(const struct state_table *t, int state);

/* The state called NAME, or -1; the name of STATE. */
int state_parse(const struct state_table *t, const char *name);
const char *state_name(const struct state_table *t, int state);

#endif
