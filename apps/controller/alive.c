/* Signs of life: the agent bills an open allocation by the hour only as far as its owner was seen
 * running. */
#include "controller.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/pools.h"

enum { PAGE = 200 };

struct alive {
	struct controller *ctl;
	char after[40]; /* last allocation of the page before */
	struct allocation *at;
	size_t count;
	int64_t looked_at;
};

static int list(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct alive *v = ctx;
	struct store_page page = { .after = v->after[0] ? v->after : NULL, .limit = PAGE };

	return store_allocation_list(
		tx, NULL, NULL, true, &page, &v->ctl->arena, &v->at, &v->count, err);
}

/* Leaves in the list those whose process runs. */
static int keep_running(struct alive *v, struct mo_err *err)
{
	size_t kept = 0;

	v->looked_at = mo_now();
	for (size_t i = 0; i < v->count; i++) {
		struct exec_status seen;

		if (v->at[i].state != ALLOC_BOUND)
			continue;
		if (executor_observe(v->ctl->ex, v->at[i].owner_id, &seen, err) < 0)
			return -1;
		if (seen.state == EXEC_RUNNING)
			v->at[kept++] = v->at[i];
	}
	v->count = kept;
	return 0;
}

static int write_seen(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct alive *v = ctx;

	for (size_t i = 0; i < v->count; i++)
		if (store_allocation_seen(
			    tx, v->at[i].owner_id, ctl_store_time(tx, v->looked_at), err) < 0)
			return -1;
	return 0;
}

int alive_pass(struct controller *ctl, struct mo_err *err)
{
	struct alive v = { .ctl = ctl };
	size_t listed;

	do {
		mo_arena_reset(&ctl->arena);
		if (store_read(ctl->store, list, &v, err) < 0)
			return -1;
		listed = v.count;
		if (listed == PAGE)
			mo_str_copy(v.after, sizeof(v.after), v.at[listed - 1].id);
		if (keep_running(&v, err) < 0 ||
			(v.count > 0 && ctl_write(ctl, write_seen, &v, err) < 0))
			return -1;
	} while (listed == PAGE);
	return 0;
}
