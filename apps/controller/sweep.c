/* Folders of the executor that no live row needs: what a crash between an end and its cleaning
 * left. */
#include "controller.h"
#include "modelops/base/str.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/state.h"
#include "modelops/domain/step.h"
#include "modelops/store/deployments.h"
#include "modelops/store/runs.h"

#include <string.h>

struct sweep {
	struct controller *ctl;
	const char *id;
	bool needed;
	int64_t folders;
};

/* One row by its key: the answer is as fresh as the decision to remove. */
static int is_needed(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct sweep *s = ctx;
	struct mo_err mine = { 0 };
	struct run_step *step;
	struct instance *ins;

	s->needed = true;
	if (strncmp(s->id, "att_", 4) == 0) {
		if (store_step_of_attempt(tx, NULL, s->id, &s->ctl->arena, &step, &mine) == 0) {
			s->needed = !state_terminal(&step_states, (int)step->state);
			return 0;
		}
	} else if (store_instance_get(tx, NULL, s->id, &s->ctl->arena, &ins, &mine) == 0) {
		s->needed = ins->state != INSTANCE_GONE;
		return 0;
	}
	if (mine.code != MO_ENOTFOUND) {
		*err = mine;
		return -1;
	}
	s->needed = false;
	return 0;
}

static int one(void *ctx, const char *id, struct mo_err *err)
{
	struct sweep *s = ctx;
	struct mo_err mine = { 0 };

	mo_arena_reset(&s->ctl->arena);
	s->id = id;
	s->folders++;
	if (store_read(s->ctl->store, is_needed, s, err) < 0)
		return -1;
	if (s->needed)
		return 0;
	if (executor_stop(s->ctl->ex, id, s->ctl->cfg->stop_grace, err) < 0)
		return -1;
	if (executor_forget(s->ctl->ex, id, &mine) < 0 && mine.code != MO_ECONFLICT) {
		*err = mine;
		return -1;
	}
	return 0; /* still ending: the next sweep */
}

int sweep_pass(struct controller *ctl, struct mo_err *err)
{
	struct sweep s = { .ctl = ctl };

	/* A deposed leader must not remove what its successor has just started. */
	if (!atomic_load(&ctl->epoch))
		return 0;
	if (executor_list(ctl->ex, one, &s, err) < 0)
		return -1;
	metrics_set(ctl, CTL_FOLDERS, NULL, NULL, s.folders);
	return 0;
}
