/* One thread looks five times a second at what changed: it drops cached keys that may be wrong and
 * tells the gateways which deployments to look at again. */
#include "follow.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/ticker.h"
#include "modelops/base/time.h"
#include "modelops/domain/event.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/records.h"

#include "gateway.h"

#include <stdlib.h>

enum {
	LOOK_EVERY = 200000, /* microseconds */
	PAGE = 1000,
	PAGES_MAX = 100, /* in one look */
	ARENA_MAX = 4 << 20,
	USED_MAX = 256,
	LOOKS_PER_NOTE = 300, /* a minute */
};

struct follower {
	struct api *api;
	struct mo_ticker *ticker;
	bool failing;
	int64_t seq; /* -1 before the first look */
	unsigned looks;
	struct gateway_changes deployments; /* of this look */
	struct mo_arena arena;
};

struct page {
	struct follower *f;
	struct change *rows;
	size_t n;
	int64_t oldest, next;
};

static int read_page(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct page *p = ctx;
	mo_arena_reset(&p->f->arena);
	if (store_change_oldest(tx, &p->oldest, err) < 0)
		return -1;
	return store_change_list(tx, p->f->seq, PAGE, &p->f->arena, &p->rows, &p->n, &p->next, err);
}

static void everything(struct follower *f)
{
	key_cache_drop(f->api->keys, NULL);
	f->deployments.all = true;
}

static void note_page(struct follower *f, const struct page *p)
{
	if (f->seq < 0 || p->oldest > f->seq + 1) /* what lay between was trimmed */
		everything(f);
	for (size_t i = 0; i < p->n; i++) {
		const struct change *c = &p->rows[i];
		const char *tenant = key_cache_touched(c->noun, c->id, c->tenant_id);
		if (tenant)
			key_cache_drop(f->api->keys, tenant);
		else if (mo_streq(c->noun, "deployment"))
			gateway_changes_add(&f->deployments, c->id);
	}
	f->seq = p->next;
}

/* Reads on until nothing is left: other nouns change thousands of times a second. */
static int read_all(struct follower *f, struct mo_err *err)
{
	for (unsigned n = 0; n < PAGES_MAX; n++) {
		struct page p = { .f = f };
		if (store_read(f->api->store, read_page, &p, err) < 0)
			return -1;
		note_page(f, &p);
		if (p.n < PAGE)
			break;
	}
	return 0;
}

static void tell(struct follower *f)
{
	key_cache_contact(f->api->keys);
	for (int64_t i = 0; f->api->gateway && i < f->api->cfg.loops; i++)
		gateway_tell(f->api->loops[i].gateway, &f->deployments);
}

/* What a failed look has seen already is told by the next one. */
static void look_once(struct follower *f)
{
	struct mo_err err = { 0 };
	int rc = read_all(f, &err);
	if (rc < 0 && !f->failing)
		mo_log(MO_LOG_WARN, "cannot follow changes", "error", err.msg, NULL);
	if (rc < 0 && f->api->gateway)
		obs_add(f->api->gateway_metrics->load_errors, 1);
	f->failing = rc < 0;
	if (rc < 0)
		return;
	tell(f);
	f->deployments.n = 0;
	f->deployments.all = false;
}

struct used {
	char ids[USED_MAX][MO_ID_MAX];
	size_t n;
};

static int write_used(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct used *used = ctx;
	for (size_t i = 0; i < used->n; i++)
		if (store_api_key_used(tx, used->ids[i], store_now(tx), err) < 0)
			return -1;
	return 0;
}

/* Once a minute: which keys were used. For people; what is lost by a crash does not matter. */
static void note_used(struct follower *f)
{
	struct used used;
	struct mo_err err = { 0 };
	used.n = key_cache_used(f->api->keys, used.ids, USED_MAX);
	if (used.n && store_write(f->api->store, write_used, &used, &err) < 0)
		mo_log(MO_LOG_WARN, "cannot note the use of API keys", "error", err.msg, NULL);
}

static int64_t follow(void *ctx)
{
	struct follower *f = ctx;
	look_once(f);
	if (++f->looks % LOOKS_PER_NOTE == 0)
		note_used(f);
	return LOOK_EVERY;
}

int follower_start(struct api *api, struct follower **ret_follower, struct mo_err *err)
{
	mo_autofree struct follower *f = calloc(1, sizeof(*f));
	if (!f)
		return mo_fail(err, MO_ENOMEM, "follower of changes");
	f->api = api;
	f->seq = -1;
	mo_arena_init(&f->arena, ARENA_MAX, 16384);
	look_once(f); /* before the first request */
	if (mo_ticker_start("follower of changes", follow, f, &f->ticker, err) < 0) {
		mo_arena_free(&f->arena);
		return -1;
	}
	*ret_follower = MO_TAKE(f);
	return 0;
}

void follower_stop(struct follower *f)
{
	if (!f)
		return;
	mo_ticker_stop(f->ticker);
	note_used(f);
	mo_arena_free(&f->arena);
	free(f);
}
