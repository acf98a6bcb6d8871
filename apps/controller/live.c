/* Walks what is live, runs or deployments: pages of ids, one thing at a time. */
#include "live.h"
#include "modelops/base/str.h"

enum { LIVE_PAGE = 500 };

struct page {
	const struct live_kind *kind;
	char after[MO_ID_MAX], ids[LIVE_PAGE][MO_ID_MAX];
	size_t n;
};

static int read_ids(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct page *p = ctx;

	return p->kind->ids(tx, p->after, p->ids, LIVE_PAGE, &p->n, err);
}

int each_live(struct controller *ctl, const struct live_kind *kind, void *ctx, struct mo_err *err)
{
	struct page p = { .kind = kind };

	do {
		if (store_read(ctl->store, read_ids, &p, err) < 0)
			return -1;
		for (size_t i = 0; i < p.n; i++) {
			struct mo_err mine = { 0 };
			mo_arena_reset(&ctl->arena);
			if (kind->one(ctl, p.ids[i], ctx, &mine) < 0 &&
				ctl_alone(ctl, kind->what, p.ids[i], &mine, err) < 0)
				return -1;
		}
		if (p.n > 0)
			mo_str_copy(p.after, sizeof(p.after), p.ids[p.n - 1]);
	} while (p.n == LIVE_PAGE);
	return 0;
}
