/* /metrics, and the gauges of pools and deployments. */
#include "metrics.h"

#include "modelops/base/arena.h"
#include "modelops/base/check.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/state.h"
#include "modelops/store/overview.h"
#include "modelops/store/pools.h"
#include "modelops/store/store.h"

#include "handlers.h"

enum {
	M_CAPACITY,
	M_USED,
	M_PENDING,
	M_DEPLOYMENTS,
	M_COUNT,
	RENDER_MAX = 32 << 20,
	ARENA_MAX = 4 << 20,
	POOLS_MAX = 500
};

const struct obs_decl api_metrics_decls[] = {
	[M_CAPACITY] = { .name = "modelops_pool_capacity_shares",
		.type = OBS_GAUGE,
		.help = "Shares of the pool.",
		.labels = "pool" },
	[M_USED] = { .name = "modelops_pool_used_shares",
		.type = OBS_GAUGE,
		.help = "Shares reserved or bound.",
		.labels = "pool" },
	[M_PENDING] = { .name = "modelops_pool_pending_shares",
		.type = OBS_GAUGE,
		.help = "Shares that queued steps wait for.",
		.labels = "pool" },
	[M_DEPLOYMENTS] = { .name = "modelops_deployments",
		.type = OBS_GAUGE,
		.help = "Deployments in each state.",
		.labels = "state" },
};
const size_t api_metrics_count = M_COUNT;

static void set(struct obs_family *family, const char *label, int64_t value)
{
	obs_set(obs_series(family, &label), value);
}

struct gauges {
	struct api *api;
	struct mo_arena arena;
};

static int read_pools(struct store_tx *tx, struct gauges *g, struct mo_err *err)
{
	struct store_page page = { .limit = POOLS_MAX };
	struct pool *pools = NULL;
	size_t n = 0;
	if (store_pool_list(tx, &page, &g->arena, &pools, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct pool_usage usage;
		struct store_queued queued;
		if (store_pool_usage(tx, pools[i].id, NULL, &usage, err) < 0 ||
			store_pool_queued(tx, pools[i].id, &queued, err) < 0)
			return -1;
		set(g->api->families[M_CAPACITY], pools[i].name, pools[i].capacity_shares);
		set(g->api->families[M_USED], pools[i].name, usage.used);
		set(g->api->families[M_PENDING], pools[i].name, queued.shares);
	}
	return 0;
}

static int read_gauges(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct gauges *g = ctx;
	int64_t counts[DEPLOYMENT_DELETING + 1] = { 0 };
	if (read_pools(tx, g, err) < 0 ||
		store_deployment_counts(tx, counts, MO_COUNT(counts), err) < 0)
		return -1;
	for (size_t i = 0; i < MO_COUNT(counts); i++)
		set(g->api->families[M_DEPLOYMENTS], state_name(&deployment_states, (int)i),
			counts[i]);
	return 0;
}

/* Gauges keep their last value while the store does not answer. */
static void refresh(void *ctx)
{
	struct gauges g = { .api = ctx };
	struct mo_err ignored = { 0 };
	mo_arena_init(&g.arena, ARENA_MAX, 16384);
	store_read(g.api->store, read_gauges, &g, &ignored);
	mo_arena_free(&g.arena);
}

int metrics_start(struct api *api, struct mo_err *err)
{
	_Static_assert(MO_COUNT(api_metrics_decls) == API_FAMILIES, "families of struct api");
	if (obs_declare(api->obs, api_metrics_decls, api_metrics_count, api->families, err) < 0)
		return -1;
	return obs_on_render(api->obs, refresh, api, err);
}

int metrics_text(struct api_req *r, struct mo_err *err)
{
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, RENDER_MAX);
	if (obs_render(r->api->obs, &out, err) < 0)
		return -1;
	char *text = mo_arena_memdup(r->arena, out.data, out.len);
	if (!text)
		return mo_fail(err, MO_ENOMEM, "metrics");
	return req_answer_text(r, OBS_CONTENT_TYPE, (struct mo_str){ text, out.len });
}
