/* The gateway of one loop: its metrics, and the follower that keeps its endpoints current. */
#include "gateway_int.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <string.h>

enum {
	FOLLOW_US = 200000,        /* between two looks at `changes` */
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

static void follow_run(struct http_job *job)
{
	struct follow *f = MO_LIST_ENTRY(job, struct follow, job);

	f->rc = gateway_poll_changes(f->gateway->cfg.store, &f->changes, &f->err);
	http_loop_post(f->gateway->loop, &f->task);
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

static void follow_done(struct http_task *task)
{
	struct follow *f = MO_LIST_ENTRY(task, struct follow, task);
	struct gateway *g = f->gateway;

	f->running = false;
	if (f->rc < 0) {
		obs_add(g->cfg.metrics->load_errors, 1);
	} else {
		g->fresh_at = http_loop_now(g->loop);
		if (f->changes.all)
			reload_all(g);
		else
			reload_changed(g, &f->changes);
		reload_missed(g);
	}
	forget_idle(g);
}

static void follow_tick(struct http_timer *timer)
{
	struct gateway *g = MO_LIST_ENTRY(timer, struct gateway, timer);

	if (!g->follow.running && http_workers_push(g->cfg.workers, &g->follow.job, NULL) == 0)
		g->follow.running = true;
	http_timer_set(g->loop, timer, http_loop_now(g->loop) + FOLLOW_US);
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
	g->follow.gateway = g;
	g->follow.job.run = follow_run;
	g->follow.task.fn = follow_done;
	g->follow.changes.seq = -1;
	g->timer.fn = follow_tick;
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
	free(g);
}
