/* A hop: one predict or explain on its way to an instance and back. */
#include "gateway_int.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/time.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_TRIES = 2,       /* instances asked */
	MAX_LOOKS = 2,       /* fresh looks at the store while there is none to ask */
	GRACE_US = 100000,   /* at most so much earlier than we does an instance give up */
	TELLING_US = 250000, /* a wait from which silence says something of the instance */
};

static const char *const kind_paths[ENDPOINT_KINDS] = { "/predict", "/explain" };

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

void hop_problem(struct hop *hop, const struct mo_err *err)
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
	left -= left / 10 < GRACE_US ? left / 10 : GRACE_US;
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
	hop->sent_at = http_loop_now(req->loop);
	return 0;
}

static void wait_expired(struct http_timer *timer)
{
	struct hop *hop = MO_LIST_ENTRY(timer, struct hop, timer);
	struct mo_err err = { 0 };

	mo_list_remove(&hop->node);
	hop->gateway->waiting--;
	mo_fail(&err, MO_ETIMEOUT, "deployment '%s' was not looked up within the deadline",
		hop->endpoint->deployment);
	hop_problem(hop, &err);
}

/* Until the store was looked at, or the deadline. */
static void hop_wait(struct hop *hop)
{
	struct gateway *g = hop->gateway;

	mo_list_push(&hop->endpoint->waiting, &hop->node);
	g->waiting++;
	hop->timer.fn = wait_expired;
	http_timer_set(g->loop, &hop->timer, hop->call.deadline);
}

/* Nothing to send to: the cache may be a moment behind the store, so the hop waits for a fresh
 * look. */
static bool hop_look_again(struct hop *hop)
{
	struct gateway *g = hop->gateway;

	if (hop->looks >= MAX_LOOKS || g->waiting >= GATEWAY_WAITING_MAX)
		return false;
	hop->looks++;
	hop->tries = 0;
	obs_add(hop->endpoint->running, -1);
	hop_wait(hop);
	endpoint_load(g, hop->endpoint);
	return true;
}

static void hop_send(struct hop *hop)
{
	struct endpoint *e = hop->endpoint;
	struct mo_err err = { 0 };
	bool again =
		hop->instance[0]; /* it failed there: to another one, also after a fresh look */
	struct endpoint_target *t =
		endpoint_pick(e, again ? hop->instance : NULL, http_loop_now(hop->req->loop));

	if (!t && hop_look_again(hop))
		return;
	if (!t) {
		mo_fail(&err, MO_EUNAVAIL, "deployment '%s' has no ready instance", e->deployment);
		mo_advise(&err, "no_ready_instance", "look at GET /v1/deployments/{id}/instances");
		hop_problem(hop, &err);
	} else if (build_call(hop, t, &err) < 0) {
		hop_problem(hop, &err);
	} else {
		obs_add(hop->gateway->cfg.metrics->retries, again);
		http_call_start(t->upstream, &hop->call);
	}
}

void hop_go(struct hop *hop)
{
	struct endpoint *e = hop->endpoint;
	struct mo_err err = { 0 };

	if (!e->found || !allowed(e, &hop->who)) {
		mo_fail(&err, MO_ENOTFOUND, "no deployment '%s'", e->deployment);
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

/* The first answer takes the deployment's slot. */
static int count_usage(const struct hop *hop, const struct http_head *head, struct mo_err *err)
{
	struct endpoint *e = hop->endpoint;
	struct usage_slot *s = e->slot;

	if (!s) {
		e->usage = hop->gateway->cfg.usage;
		if (usage_map_slot(e->usage, e->deployment, e->tenant, e->project, &e->slot, err) <
			0)
			return -1;
		s = e->slot;
	}
	if (hop->kind == ENDPOINT_PREDICT)
		usage_add(s, USAGE_PREDICT_REQUESTS, USAGE_PREDICT_ROWS, rows_of(head));
	else
		usage_add(s, USAGE_EXPLAIN_REQUESTS, USAGE_EXPLAIN_ROWS, rows_of(head));
	return 0;
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

	struct mo_err err = { 0 };

	if (call->status == 200 && count_usage(hop, call->head, &err) < 0) {
		hop_problem(hop, &err); /* uncounted is unanswered */
		return;
	}
	if (call->status != 200)
		pass_header(hop, "Retry-After");
	hop_finish(hop, call->status);
	struct http_reply reply = { .status = call->status,
		.content_type = reply_type(hop, call->head),
		.body = call->body_in };
	http_req_reply(hop->req, &reply);
	endpoint_release(e);
}

/* Predicting changes nothing, so a lost or misdirected request may be sent again: to another
 * instance at once, or after a fresh look at the store when all that the cache knows have failed.
 */
static bool hop_retry(struct hop *hop, const struct mo_err *err)
{
	bool misdirected = !err && hop->call.status == 421;
	bool lost = err && err->code == MO_EUNAVAIL;
	bool busy = lost && mo_streq(err->slug, "busy"); /* alive: the store knows nothing newer */

	if (!misdirected && !lost)
		return false;
	if (hop->tries >= MAX_TRIES || hop->endpoint->n < 2)
		return !busy && hop_look_again(hop);
	if (!busy)
		endpoint_load(hop->gateway, hop->endpoint);
	hop->tries++;
	hop_send(hop);
	return true;
}

/* An instance that lives says 504 itself, a little earlier; a wait too short to tell says nothing.
 */
static void note_health(const struct hop *hop, const struct mo_err *err)
{
	struct endpoint *e = hop->endpoint;
	int64_t now = http_loop_now(hop->req->loop);

	if (!err)
		endpoint_answered(e, hop->instance);
	else if (err->code == MO_ETIMEOUT && now - hop->sent_at >= TELLING_US &&
		 endpoint_timed_out(e, hop->instance, now)) {
		obs_add(hop->gateway->cfg.metrics->ejections, 1);
		mo_log(MO_LOG_WARN, "instance does not answer", "deployment", e->deployment,
			"instance", hop->instance, NULL);
	}
}

static void hop_done(struct http_call *call, const struct mo_err *err)
{
	struct hop *hop = MO_LIST_ENTRY(call, struct hop, call);
	struct mo_err copy = { 0 };

	note_health(hop, err);
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

static struct hop *hop_new(
	struct gateway *g, struct http_req *req, enum endpoint_kind kind, struct mo_err *err)
{
	struct hop *hop = mo_arena_zalloc(req->arena, sizeof(*hop));
	int64_t wait = g->cfg.deadline_us;

	if (!hop) {
		mo_fail(err, MO_ENOMEM, "request");
		return NULL;
	}
	if (http_head_deadline(req->head, &wait, err) < 0)
		return NULL;
	hop->gateway = g;
	hop->req = req;
	hop->kind = kind;
	hop->call.method = HTTP_POST;
	hop->call.body = req->body;
	hop->call.deadline = req->started + wait;
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
	if (g->waiting >= GATEWAY_WAITING_MAX)
		return mo_fail(err, MO_EUNAVAIL,
			"too many requests wait for their deployment to be loaded");
	return 0;
}

void gateway_forward(struct gateway *g, struct http_req *req, const struct gateway_caller *who,
	enum endpoint_kind kind, const char *deployment)
{
	struct mo_err err = { 0 };
	struct hop *hop = hop_new(g, req, kind, &err);
	struct endpoint *e = NULL;

	if (hop && admit(g, deployment, &err) == 0)
		e = endpoint_for(g, deployment, who->tenant, &err);
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
	hop_wait(hop);
	if (!e->loading)
		endpoint_load(g, e);
}
