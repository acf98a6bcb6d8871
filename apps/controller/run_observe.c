/* Observes live runs and their steps: rows, the executor, room in the pools. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/pipeline_spec.h"
#include "modelops/domain/state.h"
#include "modelops/store/runs.h"
#include "modelops/wire/pipeline.h"
#include "runs.h"

#include <string.h>

enum { RUN_PAGE = 500, CANDIDATES_MAX = 32 };

struct load {
	struct controller *ctl;
	struct live_run *runs;
	size_t n, cap;
};

static int add_runs(
	struct store_tx *tx, struct load *l, struct run *rows, size_t n, struct mo_err *err)
{
	struct mo_arena *a = &l->ctl->arena;

	if (l->n + n > l->cap) {
		size_t cap = 2 * l->cap + n;
		struct live_run *more = mo_arena_alloc(a, cap * sizeof(*more));
		if (!more)
			return mo_fail(err, MO_ENOMEM, "%zu live runs", l->n + n);
		if (l->n)
			memcpy(more, l->runs, l->n * sizeof(*more));
		l->runs = more;
		l->cap = cap;
	}
	for (size_t i = 0; i < n; i++) {
		struct live_run *live = &l->runs[l->n];
		*live = (struct live_run){ .run = &rows[i] };
		if (store_step_list(tx, rows[i].tenant_id, rows[i].id, a, &live->steps,
			    &live->nsteps, err) < 0)
			return -1;
		l->n++;
	}
	return 0;
}

static int read_runs(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct load *l = ctx;
	const char *after = NULL;
	struct run *rows;
	size_t n;

	do {
		if (store_run_live(tx, after, RUN_PAGE, &l->ctl->arena, &rows, &n, err) < 0 ||
			add_runs(tx, l, rows, n, err) < 0)
			return -1;
		after = n ? rows[n - 1].id : NULL;
	} while (n == RUN_PAGE);
	return 0;
}

int live_runs(struct controller *ctl, struct live_run **ret, size_t *ret_n, struct mo_err *err)
{
	struct load l = { .ctl = ctl };

	if (store_read(ctl->store, read_runs, &l, err) < 0)
		return -1;
	*ret = l.runs;
	*ret_n = l.n;
	return 0;
}

static const struct run_step *step_named(const struct live_run *live, const char *name, size_t len)
{
	for (size_t i = 0; i < live->nsteps; i++)
		if (strlen(live->steps[i].name) == len &&
			memcmp(live->steps[i].name, name, len) == 0)
			return &live->steps[i];
	return NULL;
}

static void observe_needs(const struct live_run *live, const char *needs, struct step_view *v)
{
	v->needs_succeeded = true;
	for (const char *at = needs ? needs : ""; *at;) {
		size_t n = strcspn(at, " ");
		const struct run_step *need = step_named(live, at, n);
		v->needs_succeeded = v->needs_succeeded && need && need->state == STEP_SUCCEEDED;
		if (!need || (state_terminal(&step_states, (int)need->state) &&
				     need->state != STEP_SUCCEEDED))
			v->needs_failed = true;
		at += n + (at[n] == ' ');
	}
}

static enum step_job job_of(const struct exec_status *st)
{
	switch (st->state) {
	case EXEC_ABSENT:
		return JOB_ABSENT;
	case EXEC_STARTING:
		return JOB_STARTING;
	case EXEC_RUNNING:
		return JOB_RUNNING;
	case EXEC_LOST:
		return JOB_LOST;
	default:
		break;
	}
	if (st->timed_out)
		return JOB_TIMED_OUT;
	if (st->exit_code == 0 && !st->init_phase)
		return JOB_SUCCEEDED;
	return st->exit_code == 2 ? JOB_USER_ERROR : JOB_FAILED;
}

/* Pools the step may use: its own, its any_of, or the default. */
static size_t candidates(struct controller *ctl, const struct rooms *rooms,
	const struct step_seen *seen, struct room *out[CANDIDATES_MAX])
{
	struct pipeline_spec spec;
	struct room *room;
	size_t n = 0;
	int index;

	if (seen->step->pool_id) {
		room = rooms_find(rooms, seen->step->pool_id);
		out[0] = room;
		return room != NULL;
	}
	if (wire_spec_parse(seen->live->run->spec, &ctl->arena, &spec, NULL) == 0 &&
		(index = spec_step_index(&spec, seen->step->name)) >= 0) {
		const struct spec_step *s = &spec.steps[index];
		if (s->pool && (room = rooms_find(rooms, s->pool)))
			out[n++] = room;
		for (size_t i = 0; i < s->any_of.count && n < CANDIDATES_MAX; i++)
			if ((room = rooms_find(rooms, s->any_of.at[i])))
				out[n++] = room;
		if (s->pool || s->any_of.count)
			return n;
	}
	room = rooms_default(rooms);
	out[0] = room;
	return room != NULL;
}

static void observe_room(struct controller *ctl, struct rooms *rooms, struct step_seen *seen)
{
	struct room *list[CANDIDATES_MAX];
	size_t n = candidates(ctl, rooms, seen, list);

	seen->room =
		rooms_choose(rooms, list, n, seen->step->tenant_id, seen->step->shares, &seen->fit);
	seen->first = n ? list[0] : NULL;
	seen->view.fits = seen->room != NULL;
}

int step_observe(struct controller *ctl, struct rooms *rooms, struct live_run *live,
	struct run_step *step, struct step_seen *ret, struct mo_err *err)
{
	struct step_view *v = &ret->view;

	*ret = (struct step_seen){ .live = live, .step = step };
	*v = (struct step_view){ .kind = step->kind,
		.state = step->state,
		.cancel = live->run->cancel_requested,
		.now = mo_now(),
		.not_before = step->not_before,
		.attempt = step->attempt,
		.max_attempts = step->max_attempts };
	if (step->state == STEP_BLOCKED) {
		observe_needs(live, step->needs, v);
		return 0;
	}
	if (!step_kind_runs_job(step->kind))
		return inline_observe(ctl, ret, err);
	if (step->state == STEP_QUEUED) {
		if (v->now < v->not_before)
			watch_wake(ctl, v->not_before - v->now);
		if (!v->cancel && v->now >= v->not_before)
			observe_room(ctl, rooms, ret);
		return 0;
	}
	if (executor_observe(ctl->ex, step->attempt_id ? step->attempt_id : "", &ret->exec, err) <
		0)
		return -1;
	watch_add(ctl, step->attempt_id ? step->attempt_id : "", &ret->exec);
	watch_wake(ctl, MO_SECOND); /* its log */
	v->job = job_of(&ret->exec);
	v->job_ran = ret->exec.started_at != 0;
	if (step->state == STEP_REGISTERING && !v->cancel) {
		if (outputs_check(ctl, step, &ret->outputs, err) < 0)
			return -1;
		v->outputs = ret->outputs.state;
	}
	return 0;
}
