/* The gateway of one loop: cache of endpoints, hops to instances, follower of changes. */
#include "gateway.h"

#include "modelops/base/check.h"
#include "modelops/base/map.h"
#include "modelops/base/time.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_ENDPOINTS = 65536,
	MAX_WAITING = 4096,        /* hops that wait for a first load, over all endpoints */
	FOLLOW_US = 200000,        /* between two looks at `changes` */
	FORGET_US = 600 * 1000000, /* an endpoint nobody asked for this long leaves the cache */
	MAX_TRIES = 2,
	MAX_LOOKS = 2,
};

struct follow {
	struct http_job job;
	struct http_task task;
	struct gateway *gateway;
	struct gateway_changes changes;
	struct mo_err err;
	int rc;
	bool running;
};

struct gateway {
	struct gateway_cfg cfg;
	struct http_loop *loop;
	struct mo_map endpoints; /* deployment id -> struct endpoint */
	unsigned waiting, loads;
	int64_t fresh_at; /* mo_mono() of the last successful look at the store */
	struct http_timer timer;
	struct follow follow;
};

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

/* One request on its way through the gateway; lives in the request's arena. */
struct hop {
	struct http_call call;
	struct mo_list node; /* in endpoint->waiting */
	struct gateway *gateway;
	struct http_req *req;
	struct endpoint *endpoint;
	struct gateway_caller who;
	enum endpoint_kind kind;
	unsigned tries, looks;    /* instances tried, fresh looks at the store waited for */
	char instance[MO_ID_MAX]; /* tried last */
};

enum { M_REQUESTS, M_SECONDS, M_INFLIGHT, M_RETRIES, M_LOAD_ERRORS, M_COUNT };

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
		.help = "Requests sent to a second instance after the first did not answer." },
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
	ret->load_errors = obs_series(families[M_LOAD_ERRORS], NULL);
	return 0;
}

static const char *const kind_names[ENDPOINT_KINDS] = { "predict", "explain" };
static const char *const kind_paths[ENDPOINT_KINDS] = { "/predict", "/explain" };

/* --- endpoints of the cache --- */

static void endpoint_metrics(struct gateway *g, struct endpoint *e)
{
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

static void endpoint_drop(struct gateway *g, struct endpoint *e)
{
	mo_map_remove(&g->endpoints, e->deployment, strlen(e->deployment));
	e->gone = true;
	if (e->running) {
		obs_remove(e->running);
		for (int k = 0; k < ENDPOINT_KINDS; k++) {
			obs_remove(e->seconds[k]);
			for (int c = 0; c < 3; c++)
				obs_remove(e->answered[k][c]);
		}
	}
	if (e->inflight == 0 && !e->loading)
		endpoint_free(e);
}

static void endpoint_release(struct endpoint *e)
{
	MO_ASSERT(e->inflight > 0);
	if (--e->inflight == 0 && e->gone && !e->loading)
		endpoint_free(e);
}

static void load_start(struct gateway *g, struct endpoint *e);
static void hop_go(struct hop *hop);
static void hop_problem(struct hop *hop, const struct mo_err *err);

/* --- loads --- */

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
	while ((node = mo_list_pop(&e->waiting)))
		mo_list_push(&woken, node);
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
		load_start(g, e);
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

static void load_start(struct gateway *g, struct endpoint *e)
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
	if (http_workers_push(g->cfg.workers, &l->job, &err) < 0) {
		free(l);
		load_failed(g, e, &err);
		return;
	}
	e->loading = true;
	g->loads++;
}

/* --- hops --- */

static void hop_finish(struct hop *hop, int status)
{
	struct endpoint *e = hop->endpoint;
	int class = status < 300 ? 0 : status < 500 ? 1 : 2;

	if (e->running) {
		obs_add(e->running, -1);
		obs_add(e->answered[hop->kind][class], 1);
		obs_observe(
			e->seconds[hop->kind], http_loop_now(hop->req->loop) - hop->req->started);
	}
}

/* Answers with ERR and lets the endpoint go; 502 for an instance that broke the protocol. */
static void hop_problem(struct hop *hop, const struct mo_err *err)
{
	bool bad = mo_streq(err->slug, "bad_upstream");
	struct endpoint *e = hop->endpoint;

	if (hop->tries > 0)
		hop_finish(hop, bad ? 502 : mo_code_status(err->code));
	if (bad)
		http_req_problem_status(hop->req, 502, err);
	else
		http_req_problem(hop->req, err);
	endpoint_release(e);
}

static bool allowed(const struct endpoint *e, const struct gateway_caller *who)
{
	if (who->tenant && strcmp(who->tenant, e->tenant) != 0)
		return false;
	return !who->project || strcmp(who->project, e->project) == 0;
}

static int build_call(struct hop *hop, const struct endpoint_target *t, struct mo_err *err)
{
	struct http_req *req = hop->req;
	int64_t left = hop->call.deadline - mo_mono();

	if (left <= 0)
		return mo_fail(err, MO_ETIMEOUT, "no instance answered within the deadline");
	const char *trace = req->traceparent[0] ? req->traceparent : NULL;
	char *headers =
		mo_arena_printf(req->arena, "%.*sX-Request-Id: %s\r\nX-Deadline-Ms: %lld\r\n%s%s%s",
			(int)t->headers_len, t->headers, req->id, (long long)(left / 1000 + 1),
			trace ? "traceparent: " : "", trace ? trace : "", trace ? "\r\n" : "");
	const char *path = kind_paths[hop->kind];
	struct mo_str query = req->head->query;
	char *target = query.n ? mo_arena_printf(req->arena, "%s?%.*s", path, (int)query.n, query.p)
			       : NULL;
	if (!headers || (query.n && !target))
		return mo_fail(err, MO_ENOMEM, "request to an instance");
	hop->call.path = target ? mo_str(target) : mo_str(path);
	hop->call.headers = mo_str(headers);
	memcpy(hop->instance, t->instance, sizeof(hop->instance));
	return 0;
}

/* Nothing to send to: the cache may be a moment behind the store, so the hop waits for a fresh
 * look. */
static bool hop_look_again(struct hop *hop)
{
	struct gateway *g = hop->gateway;

	if (hop->looks >= MAX_LOOKS || g->waiting >= MAX_WAITING)
		return false;
	hop->looks++;
	hop->tries = 0;
	obs_add(hop->endpoint->running, -1);
	mo_list_push(&hop->endpoint->waiting, &hop->node);
	g->waiting++;
	load_start(g, hop->endpoint);
	return true;
}

static void hop_send(struct hop *hop)
{
	struct endpoint *e = hop->endpoint;
	struct mo_err err = { 0 };
	struct endpoint_target *t = endpoint_pick(e, hop->tries > 1 ? hop->instance : NULL);

	if (!t && hop_look_again(hop))
		return;
	if (!t) {
		mo_fail(&err, MO_EUNAVAIL, "deployment '%s' has no ready instance", e->deployment);
		mo_advise(&err, "no_ready_instance", "look at GET /v1/deployments/{id}/instances");
		hop_problem(hop, &err);
	} else if (build_call(hop, t, &err) < 0) {
		hop_problem(hop, &err);
	} else {
		http_call_start(t->upstream, &hop->call);
	}
}

/* The endpoint is loaded: check who asks, then send. */
static void hop_go(struct hop *hop)
{
	struct endpoint *e = hop->endpoint;
	struct mo_err err = { 0 };

	if (!e->found || !allowed(e, &hop->who)) {
		mo_fail(&err, MO_ENOTFOUND, "no deployment '%s'", e->deployment);
		hop_problem(hop, &err);
		return;
	}
	if (!e->slot && usage_map_slot(hop->gateway->cfg.usage, e->deployment, e->tenant,
				e->project, &e->slot, &err) < 0) { /* uncounted is unanswered */
		hop_problem(hop, &err);
		return;
	}
	hop->tries = 1;
	obs_add(e->running, 1);
	hop_send(hop);
}

static uint64_t rows_of(const struct http_head *head)
{
	struct mo_str text;
	uint64_t rows;

	if (!http_head_get(head, "X-Rows", &text) || mo_parse_u64(text.p, text.n, &rows) < 0)
		return 0;
	return rows;
}

static void count_usage(const struct hop *hop, const struct http_head *head)
{
	struct usage_slot *s = hop->endpoint->slot;

	if (hop->kind == ENDPOINT_PREDICT)
		usage_add(s, USAGE_PREDICT_REQUESTS, USAGE_PREDICT_ROWS, rows_of(head));
	else
		usage_add(s, USAGE_EXPLAIN_REQUESTS, USAGE_EXPLAIN_ROWS, rows_of(head));
}

static const char *reply_type(struct hop *hop, const struct http_head *head)
{
	struct mo_str type;

	if (!http_head_get(head, "Content-Type", &type))
		return NULL;
	if (mo_str_eq(type, "application/json"))
		return "application/json";
	return mo_arena_memdup(hop->req->arena, type.p, type.n);
}

static void pass_header(struct hop *hop, const char *name)
{
	struct mo_str value;

	if (http_head_get(hop->call.head, name, &value)) {
		char *copy = mo_arena_memdup(hop->req->arena, value.p, value.n);
		if (copy)
			http_req_header(hop->req, name, copy, NULL);
	}
}

static void hop_reply(struct hop *hop)
{
	struct http_call *call = &hop->call;
	struct endpoint *e = hop->endpoint;

	if (call->status == 200)
		count_usage(hop, call->head);
	else
		pass_header(hop, "Retry-After");
	hop_finish(hop, call->status);
	struct http_reply reply = { .status = call->status,
		.content_type = reply_type(hop, call->head),
		.body = call->body_in };
	http_req_reply(hop->req, &reply);
	endpoint_release(e);
}

/* Predicting changes nothing, so a lost or misdirected request may be sent to another instance
 * once. */
static bool hop_retry(struct hop *hop, const struct mo_err *err)
{
	bool misdirected = !err && hop->call.status == 421;
	bool lost = err && err->code == MO_EUNAVAIL;

	if (misdirected || lost)
		load_start(hop->gateway, hop->endpoint);
	if ((!misdirected && !lost) || hop->tries >= MAX_TRIES)
		return false;
	hop->tries++;
	obs_add(hop->gateway->cfg.metrics->retries, 1);
	hop_send(hop);
	return true;
}

static void hop_done(struct http_call *call, const struct mo_err *err)
{
	struct hop *hop = MO_LIST_ENTRY(call, struct hop, call);
	struct mo_err copy = { 0 };

	if (hop_retry(hop, err))
		return;
	if (err) {
		copy = *err;
		hop_problem(hop, &copy);
	} else if (call->status == 421) {
		mo_fail(&copy, MO_EUNAVAIL, "deployment '%s': its instances are changing",
			hop->endpoint->deployment);
		hop_problem(hop, &copy);
	} else {
		hop_reply(hop);
	}
}

static struct endpoint *endpoint_for(struct gateway *g, const char *deployment, struct mo_err *err)
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
	return e;
}

static int64_t request_deadline(const struct gateway *g, const struct http_req *req)
{
	struct mo_str text;
	uint64_t ms;
	int64_t us = g->cfg.deadline_us;

	if (http_head_get(req->head, "X-Deadline-Ms", &text) &&
		mo_parse_u64(text.p, text.n, &ms) == 0 && ms < (uint64_t)us / 1000)
		us = (int64_t)ms * 1000;
	return req->started + us;
}

static struct hop *hop_new(struct gateway *g, struct http_req *req, enum endpoint_kind kind)
{
	struct hop *hop = mo_arena_zalloc(req->arena, sizeof(*hop));

	if (!hop)
		return NULL;
	hop->gateway = g;
	hop->req = req;
	hop->kind = kind;
	hop->call.method = HTTP_POST;
	hop->call.body = req->body;
	hop->call.deadline = request_deadline(g, req);
	hop->call.max_body = (size_t)g->cfg.max_reply;
	hop->call.idempotent = true;
	hop->call.done = hop_done;
	mo_list_init(&hop->node);
	return hop;
}

/* What can be refused before an endpoint is touched. */
static int admit(const struct gateway *g, const char *deployment, struct mo_err *err)
{
	if (!mo_id_valid(deployment, strlen(deployment), "dep"))
		return mo_fail(err, MO_ENOTFOUND, "no deployment '%.64s'", deployment);
	if (http_loop_now(g->loop) - g->fresh_at > g->cfg.stale_max_us + 5 * MO_SECOND)
		return mo_fail(err, MO_EUNAVAIL,
			"the store has not answered for too long (AUTH_STALE_MAX)");
	if (g->waiting >= MAX_WAITING)
		return mo_fail(err, MO_EUNAVAIL,
			"too many requests wait for their deployment to be loaded");
	return 0;
}

void gateway_forward(struct gateway *g, struct http_req *req, const struct gateway_caller *who,
	enum endpoint_kind kind, const char *deployment)
{
	struct mo_err err = { 0 };
	struct hop *hop = hop_new(g, req, kind);
	struct endpoint *e = NULL;

	if (!hop)
		mo_fail(&err, MO_ENOMEM, "request");
	else if (admit(g, deployment, &err) == 0)
		e = endpoint_for(g, deployment, &err);
	if (!e) {
		http_req_problem(req, &err);
		return;
	}
	hop->endpoint = e;
	hop->who = *who;
	e->inflight++;
	e->used_at = http_loop_now(g->loop);
	if (e->loaded) {
		hop_go(hop);
		return;
	}
	mo_list_push(&e->waiting, &hop->node);
	g->waiting++;
	if (!e->loading)
		load_start(g, e);
}

/* --- follower of changes --- */

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
			load_start(g, e);
}

static void reload_changed(struct gateway *g, const struct gateway_changes *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct endpoint *e = mo_map_get(&g->endpoints, c->ids[i], strlen(c->ids[i]));
		if (e)
			load_start(g, e);
	}
}

/* Loads that failed after a change are made again: the change is not told twice. */
static void reload_missed(struct gateway *g)
{
	struct endpoint *e;
	size_t pos = 0;

	while ((e = mo_map_next(&g->endpoints, &pos, NULL)))
		if (e->loaded && e->missed)
			load_start(g, e);
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
	mo_map_init(&g->endpoints, MAX_ENDPOINTS);
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
