/* The gateway's cache of endpoints: made on first use, loaded on a worker, applied on the loop. */
#include "gateway_int.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <string.h>

/* One load of a view: made on the loop, filled on a worker, applied on the loop. */
struct load {
	struct http_job job;
	struct http_task task;
	struct gateway *gateway;
	struct endpoint *endpoint;
	struct endpoint_view view;
	struct mo_err err;
	int rc;
};

static void endpoint_metrics(struct gateway *g, struct endpoint *e)
{
	static const char *const kind_names[ENDPOINT_KINDS] = { "predict", "explain" };
	static const char *const classes[3] = { "2xx", "4xx", "5xx" };

	for (int k = 0; k < ENDPOINT_KINDS; k++) {
		const char *labels[4] = { e->tenant, e->deployment, kind_names[k], NULL };
		e->seconds[k] = obs_series(g->cfg.metrics->seconds, labels);
		for (int c = 0; c < 3; c++) {
			labels[3] = classes[c];
			e->answered[k][c] = obs_series(g->cfg.metrics->requests, labels);
		}
	}
	e->running =
		obs_series(g->cfg.metrics->inflight, (const char *[]){ e->tenant, e->deployment });
}

void endpoint_drop(struct gateway *g, struct endpoint *e)
{
	mo_map_remove(&g->endpoints, e->deployment, strlen(e->deployment));
	e->gone = true;
	if (e->inflight == 0 && !e->loading)
		endpoint_free(e);
}

void endpoint_release(struct endpoint *e)
{
	MO_ASSERT(e->inflight > 0);
	if (--e->inflight == 0 && e->gone && !e->loading)
		endpoint_free(e);
}

static void load_run(struct http_job *job)
{
	struct load *l = MO_LIST_ENTRY(job, struct load, job);

	l->rc = gateway_load_view(l->gateway->cfg.store, l->endpoint->deployment,
		l->gateway->cfg.key, &l->view, &l->err);
	http_loop_post(l->gateway->loop, &l->task);
}

static void wake_waiting(struct gateway *g, struct endpoint *e, const struct mo_err *err)
{
	struct mo_list *node, woken;

	mo_list_init(&woken); /* a woken hop may wait again: not in this round */
	while ((node = mo_list_pop(&e->waiting))) {
		http_timer_clear(g->loop, &MO_LIST_ENTRY(node, struct hop, node)->timer);
		mo_list_push(&woken, node);
	}
	while ((node = mo_list_pop(&woken))) {
		struct hop *hop = MO_LIST_ENTRY(node, struct hop, node);
		g->waiting--;
		if (err)
			hop_problem(hop, err);
		else
			hop_go(hop);
	}
}

static void load_apply(struct gateway *g, struct endpoint *e, const struct load *l)
{
	if (l->rc < 0) {
		obs_add(g->cfg.metrics->load_errors, 1);
		e->missed = true;
		wake_waiting(g, e, &l->err);
		return;
	}
	endpoint_apply(e, &l->view, g->loop, g->cfg.limits);
	memcpy(e->asker, e->tenant, sizeof(e->asker));
	if (e->found && !e->running)
		endpoint_metrics(g, e);
	wake_waiting(g, e, NULL);
}

static void load_done(struct http_task *task)
{
	struct load *l = MO_LIST_ENTRY(task, struct load, task);
	struct gateway *g = l->gateway;
	struct endpoint *e = l->endpoint;

	g->loads--;
	e->inflight++; /* held while its waiting hops are answered */
	e->loading = false;
	load_apply(g, e, l);
	if (!e->gone && e->stale && e->found)
		endpoint_load(g, e);
	else if (!e->gone && (!e->loaded || !e->found))
		endpoint_drop(g, e); /* unknown ids and failed first loads leave nothing behind */
	endpoint_release(e);
	free(l);
}

static void load_failed(struct gateway *g, struct endpoint *e, const struct mo_err *err)
{
	obs_add(g->cfg.metrics->load_errors, 1);
	e->missed = true;
	e->inflight++;
	wake_waiting(g, e, err);
	if (!e->loaded && !e->gone)
		endpoint_drop(g, e);
	endpoint_release(e);
}

void endpoint_load(struct gateway *g, struct endpoint *e)
{
	struct mo_err err = { 0 };

	e->stale = e->loading;
	if (e->loading)
		return;
	e->missed = false;
	struct load *l = calloc(1, sizeof(*l));
	if (!l) {
		mo_fail(&err, MO_ENOMEM, "endpoint of deployment '%s'", e->deployment);
		load_failed(g, e, &err);
		return;
	}
	l->job.run = load_run;
	l->task.fn = load_done;
	l->gateway = g;
	l->endpoint = e;
	l->job.group = e->asker[0] ? http_workers_group(e->asker, strlen(e->asker)) : 0;
	if (http_workers_push(g->cfg.workers, &l->job, &err) < 0) {
		free(l);
		load_failed(g, e, &err);
		return;
	}
	e->loading = true;
	g->loads++;
}

struct endpoint *endpoint_for(
	struct gateway *g, const char *deployment, const char *asker, struct mo_err *err)
{
	struct endpoint *e = mo_map_get(&g->endpoints, deployment, strlen(deployment));

	if (e)
		return e;
	e = endpoint_new(deployment);
	if (!e || mo_map_set(&g->endpoints, deployment, strlen(deployment), e, NULL) < 0) {
		free(e);
		mo_fail(err, MO_ENOMEM, "endpoint of deployment '%s'", deployment);
		return NULL;
	}
	if (asker)
		mo_str_copy(e->asker, sizeof(e->asker), asker);
	return e;
}
