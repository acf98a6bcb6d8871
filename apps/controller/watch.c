/* Between passes only the processes of live work are looked at: a few small files each, no SQL. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <stdlib.h>

enum { WATCH_MAX = 16384 }; /* past it the rest is seen by the full pass */

struct watched {
	char id[MO_ID_MAX];
	enum exec_state state;
	bool listening;
};

struct watch {
	size_t n, cap;
	struct watched *at;
};

int watch_new(struct watch **ret_watch, struct mo_err *err)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return mo_fail(err, MO_ENOMEM, "watch");
	*ret_watch = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	free(w->at);
	free(w);
}

void watch_reset(struct controller *ctl)
{
	ctl->watch->n = 0;
	ctl->wake_at = INT64_MAX;
}

static bool grow(struct watch *w)
{
	size_t cap = w->cap ? 2 * w->cap : 64;
	struct watched *at = cap <= WATCH_MAX ? realloc(w->at, cap * sizeof(*at)) : NULL;

	if (!at)
		return false;
	w->at = at;
	w->cap = cap;
	return true;
}

void watch_add(struct controller *ctl, const char *id, const struct exec_status *seen)
{
	struct watch *w = ctl->watch;

	if (seen->state != EXEC_STARTING && seen->state != EXEC_RUNNING)
		return; /* the pass acts on it */
	if (w->n == w->cap && !grow(w))
		return;
	struct watched *one = &w->at[w->n];
	if (mo_str_copy(one->id, sizeof(one->id), id) < 0)
		return;
	one->state = seen->state;
	one->listening = seen->address[0] != '\0';
	w->n++;
}

bool watch_changed(struct controller *ctl)
{
	struct watch *w = ctl->watch;
	struct exec_status now;

	for (size_t i = 0; i < w->n; i++)
		if (executor_observe(ctl->ex, w->at[i].id, &now, NULL) < 0 ||
			now.state != w->at[i].state ||
			(now.address[0] != '\0') != w->at[i].listening)
			return true;
	return false;
}

void watch_wake(struct controller *ctl, int64_t after)
{
	int64_t at = mo_mono() + after;

	if (at < ctl->wake_at)
		ctl->wake_at = at;
}
