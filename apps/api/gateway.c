/* The gateway of one loop: its metrics, and what keeps its endpoints current. */
#include "gateway_int.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <string.h>

enum {
	TICK_US = 200000,
	FORGET_US = 600 * 1000000, /* an endpoint nobody asked for this long leaves the cache */
};

enum { M_REQUESTS, M_SECONDS, M_INFLIGHT, M_RETRIES, M_EJECTIONS, M_LOAD_ERRORS, M_COUNT };

const struct obs_decl gateway_metrics_decls[] = {
	[M_REQUESTS] = { .name = "modelops_gateway_requests_total",
		.type = OBS_COUNTER,
		.help = "Requests answered by the gateway.",
		.labels = "tenant deployment kind code",
		.max_series = 20000 },
	[M_SECONDS] = { .name = "modelops_gateway_request_seconds",
		.type = OBS_HISTOGRAM,
		.help = "Time from the complete request to its answer.",
		.labels = "tenant deployment kind",
		.scale = 1e-6,
		.buckets = obs_buckets_us,
		.nbuckets = OBS_BUCKETS_US,
		.max_series = 4000 },
	[M_INFLIGHT] = { .name = "modelops_gateway_inflight",
		.type = OBS_GAUGE,
		.help = "Requests held by the gateway now.",
		.labels = "tenant deployment",
		.max_series = 4000 },
	[M_RETRIES] = { .name = "modelops_gateway_retries_total",
		.type = OBS_COUNTER,
		.help = "Requests sent again after an instance was lost, busy or another one." },
	[M_EJECTIONS] = { .name = "modelops_gateway_ejections_total",
		.type = OBS_COUNTER,
		.help = "Times an instance was left out for a while because it did not answer." },
	[M_LOAD_ERRORS] = { .name = "modelops_gateway_load_errors_total",
		.type = OBS_COUNTER,
		.help = "Looks at the store that failed." },
};
const size_t gateway_metrics_count = M_COUNT;

int gateway_metrics_declare(struct obs *obs, struct gateway_metrics *ret, struct mo_err *err)
{
	struct obs_family *families[M_COUNT];

	if (obs_declare(obs, gateway_metrics_decls, gateway_metrics_count, families, err) < 0)
		return -1;
	ret->requests = families[M_REQUESTS];
	ret->seconds = families[M_SECONDS];
	ret->inflight = families[M_INFLIGHT];
	ret->retries = obs_series(families[M_RETRIES], NULL);
	ret->ejections = obs_series(families[M_EJECTIONS], NULL);
	ret->load_errors = obs_series(families[M_LOAD_ERRORS], NULL);
	return 0;
}

static void reload_all(struct gateway *g)
{
	struct endpoint *e;
	size_t pos = 0;

	while ((e = mo_map_next(&g->endpoints, &pos, NULL)))
		if (e->loaded)
			endpoint_load(g, e);
}

static void reload_changed(struct gateway *g, const struct gateway_changes *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct endpoint *e = mo_map_get(&g->endpoints, c->ids[i], strlen(c->ids[i]));
		if (e)
			endpoint_load(g, e);
	}
}

/* Loads that failed after a change are made again: the change is not told twice. */
static void reload_missed(struct gateway *g)
{
	struct endpoint *e;
	size_t pos = 0;

	while ((e = mo_map_next(&g->endpoints, &pos, NULL)))
		if (e->loaded && e->missed)
			endpoint_load(g, e);
}

/* Drops one endpoint nobody has asked for in a long time; one a round keeps rounds short. */
static void forget_idle(struct gateway *g)
{
	int64_t before = http_loop_now(g->loop) - FORGET_US;
	struct endpoint *e;
	size_t pos = 0;

	while ((e = mo_map_next(&g->endpoints, &pos, NULL))) {
		if (e->inflight == 0 && !e->loading && e->used_at < before) {
			endpoint_drop(g, e);
			return;
		}
	}
}

static void on_told(struct http_task *task)
{
	struct gateway *g = MO_LIST_ENTRY(task, struct gateway, told.task);

	pthread_mutex_lock(&g->told.lock);
	g->changes = g->told.changes;
	g->fresh_at = g->told.at;
	g->told.changes.n = 0;
	g->told.changes.all = false;
	pthread_mutex_unlock(&g->told.lock);
	if (g->changes.all)
		reload_all(g);
	else
		reload_changed(g, &g->changes);
	reload_missed(g);
}

void gateway_changes_add(struct gateway_changes *c, const char *deployment)
{
	if (c->n == GATEWAY_CHANGES_MAX)
		c->all = true;
	else if (mo_str_copy(c->ids[c->n], MO_ID_MAX, deployment) == 0)
		c->n++;
}

void gateway_tell(struct gateway *g, const struct gateway_changes *changes)
{
	pthread_mutex_lock(&g->told.lock);
	g->told.at = mo_mono();
	g->told.changes.all |= changes->all;
	for (unsigned i = 0; i < changes->n; i++)
		gateway_changes_add(&g->told.changes, changes->ids[i]);
	pthread_mutex_unlock(&g->told.lock);
	http_loop_post(g->loop, &g->told.task);
}

static void on_tick(struct http_timer *timer)
{
	struct gateway *g = MO_LIST_ENTRY(timer, struct gateway, timer);

	forget_idle(g);
	http_timer_set(g->loop, timer, http_loop_now(g->loop) + TICK_US);
}

int gateway_new(const struct gateway_cfg *cfg, struct http_loop *loop, struct gateway **ret,
	struct mo_err *err)
{
	mo_autofree struct gateway *g = calloc(1, sizeof(*g));

	if (!g)
		return mo_fail(err, MO_ENOMEM, "gateway");
	g->cfg = *cfg;
	g->loop = loop;
	mo_map_init(&g->endpoints, GATEWAY_ENDPOINTS_MAX);
	g->fresh_at = mo_mono();
	pthread_mutex_init(&g->told.lock, NULL);
	g->told.task.fn = on_told;
	g->timer.fn = on_tick;
	http_timer_set(loop, &g->timer, mo_mono());
	*ret = MO_TAKE(g);
	return 0;
}

void gateway_free(struct gateway *g)
{
	struct endpoint *e;

	if (!g)
		return;
	for (size_t pos = 0; (e = mo_map_next(&g->endpoints, &pos, NULL)); pos = 0)
		endpoint_drop(g, e);
	mo_map_free(&g->endpoints);
	http_timer_clear(g->loop, &g->timer);
	pthread_mutex_destroy(&g->told.lock);
	free(g);
}
