/* A request's way: head (refuse early), body, steps on the loop or on a worker, reply, account. */
#include "app.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/time.h"

#include "key_cache.h"
#include "pools.h"
#include "request.h"
#include "steps.h"

#include <stdio.h>
#include <string.h>

enum {
	WRITE_BODY_MAX = 16384,   /* larger ones are parsed on a worker: the batch holds the turn of
				     all writers */
	STRANGER_BODY_MAX = 8192, /* fits beside the head: taken before it is known who sends it */
};

/* One line per failure. What a client did wrong is its own business: debug; what we or the world
 * did is not. */
static void log_failure(const struct api_req *r, const struct mo_err *err)
{
	int status = mo_code_status(err->code);
	enum mo_log_level level = status >= 500 ? MO_LOG_ERROR : MO_LOG_DEBUG;
	if (status == 401 || status == 403)
		level = MO_LOG_INFO;
	mo_log(level, "request failed", "request_id", r->http->id, "route", r->route->path,
		"method", http_method_name(r->route->method), "actor", r->actor.name, "tenant",
		r->actor.tenant_name, "code", mo_err_slug(err), "error", err->msg, NULL);
}

/* R is gone before http_req_problem returns: it gets a copy. */
static void problem_now(struct api_req *r)
{
	struct mo_err err = r->err;
	http_req_problem(r->http, &err);
}

static void fail(struct api_req *r)
{
	log_failure(r, &r->err);
	if (r->err.code == MO_EINTERNAL) /* our bug: its text is for the log, not for clients */
		mo_fail(&r->err, MO_EINTERNAL,
			"something went wrong here; the log has more under this request_id");
	if (r->err.code == MO_EAUTH)
		http_req_header(r->http, "WWW-Authenticate", "Bearer", NULL);
	if (r->on_worker)
		http_req_resume_problem(r->http, &r->err);
	else
		problem_now(r);
}

/* The request's arena, and R in it, is gone before http_req_reply returns: it gets a copy. */
static void reply_now(struct api_req *r)
{
	struct http_reply reply = r->reply;
	http_req_reply(r->http, &reply);
}

/* After the commit, before the caller hears of it: a cached key must not outlive its revocation. */
static int settle(struct api_req *r)
{
	if (r->drop_keys)
		key_cache_drop(r->api->keys, r->drop_keys);
	return req_reply_headers(r, &r->err);
}

/* Runs what is left of the steps on the thread that owns the request now. */
static void run_steps(struct api_req *r)
{
	bool later = false; /* not in R, whose memory may serve the next request by then */
	r->later = &later;
	if (steps_run(r, &r->err) < 0) {
		fail(r);
		return;
	}
	if (later)
		return;
	if (settle(r) < 0)
		fail(r);
	else if (r->on_worker)
		http_req_resume(r->http, &r->reply);
	else
		reply_now(r);
}

static void run_job(struct http_job *job)
{
	struct api_req *r = (struct api_req *)(void *)((char *)job - offsetof(struct api_req, job));
	run_steps(r);
}

/* ON_WRITE with SQLite: the steps run inside the store's batch, the reply leaves when the batch is
 * durable. */
static int run_write(struct store_job *job, struct mo_err *err)
{
	struct api_req *r =
		(struct api_req *)(void *)((char *)job - offsetof(struct api_req, write_job));
	return steps_run(r, err);
}

static void write_done(struct store_job *job, int rc, struct mo_err *err)
{
	struct api_req *r =
		(struct api_req *)(void *)((char *)job - offsetof(struct api_req, write_job));
	if (rc < 0)
		r->err = *err;
	if (rc < 0 || settle(r) < 0)
		fail(r);
	else
		http_req_resume(r->http, &r->reply);
}

static bool needs_worker(const struct api_req *r)
{
	switch (r->route->where) {
	case ON_LOOP:
		return !r->authenticated;
	case ON_READ:
		return !r->authenticated || !r->api->read_on_loop;
	case ON_WRITE:
	case ON_WORKER:
	case ON_STREAM:
		return true;
	}
	return true;
}

static void dispatch(struct api_req *r);

/* The caller was not in the cache. Now that it is known the request goes where it belongs: to the
 * loop, or to a worker that transfers its tenant's bytes. */
static void known_now(struct http_req *http)
{
	struct api_req *r = http->user;
	r->on_worker = false;
	dispatch(r);
}

static void authenticate_job(struct http_job *job)
{
	struct api_req *r = (struct api_req *)(void *)((char *)job - offsetof(struct api_req, job));
	if (step_authenticate(r, &r->err) < 0)
		fail(r);
	else
		http_req_resume_fn(r->http, known_now);
}

static void read_now(struct http_req *http)
{
	struct api_req *r = http->user;
	r->on_worker = false;
	http_req_read_body(http);
}

static void authenticate_first(struct http_job *job)
{
	struct api_req *r = (struct api_req *)(void *)((char *)job - offsetof(struct api_req, job));
	if (step_authenticate(r, &r->err) < 0)
		fail(r);
	else
		http_req_resume_fn(r->http, read_now);
}

/* A stranger's body costs memory: it is read only once the store knows the caller. */
static bool body_waits(const struct api_req *r)
{
	const struct http_head *head = r->http->head;
	if (r->authenticated || r->http->stream_body || head->framing == HTTP_BODY_NONE)
		return false;
	return head->framing == HTTP_BODY_CHUNKED || head->length > STRANGER_BODY_MAX;
}

static void look_up_first(struct api_req *r)
{
	r->job.run = authenticate_first;
	r->on_worker = true;
	http_req_suspend(r->http);
	if (pools_push(r, &r->err) < 0)
		fail(r);
}

static void on_head(struct http_req *http)
{
	struct api *api = http->ctx;
	struct api_req *r = mo_arena_zalloc(http->arena, sizeof(*r));
	if (!r) {
		struct mo_err err = { 0 };
		mo_fail(&err, MO_ENOMEM, "no memory for the request");
		http_req_problem(http, &err);
		return;
	}
	r->api = api;
	r->http = http;
	r->arena = http->arena;
	r->route = &api_routes[http->match->row];
	http->user = r;
	http->max_body = r->route->where == ON_STREAM && r->route->max_body
				 ? api->cfg.max_artifact
				 : (int64_t)r->route->max_body;
	http->stream_body = r->route->where == ON_STREAM && r->route->max_body;
	if (steps_head(r, &r->err) < 0)
		fail(r);
	else if (body_waits(r))
		look_up_first(r);
}

static bool looked_up_first(const struct api_req *r)
{
	return !r->authenticated && (r->route->where == ON_LOOP || r->route->where == ON_STREAM);
}

static void dispatch(struct api_req *r)
{
	if (!needs_worker(r)) {
		run_steps(r);
		return;
	}
	r->job.run = looked_up_first(r) ? authenticate_job : run_job;
	r->on_worker = true;
	http_req_suspend(r->http);
	if (r->route->where == ON_WRITE && r->authenticated && store_is_sqlite(r->api->store) &&
		r->http->body.n <= WRITE_BODY_MAX) {
		r->write_job.run = run_write;
		r->write_job.done = write_done;
		if (store_submit(r->api->store, &r->write_job, &r->err) < 0)
			fail(r);
		return;
	}
	if (pools_push(r, &r->err) < 0)
		fail(r);
}

static void on_request(struct http_req *http)
{
	dispatch(http->user);
}

static void on_done(struct http_req *http, int status, uint64_t bytes, bool sent)
{
	const struct api_req *r = http->user;
	const struct api *api = http->ctx;
	if (api->cfg.log_level > MO_LOG_DEBUG || !r)
		return;
	char code[16], us[32], size[32];
	snprintf(code, sizeof(code), "%d", status);
	snprintf(us, sizeof(us), "%lld", (long long)(mo_mono() - http->started));
	snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
	mo_log(MO_LOG_DEBUG, "access", "request_id", http->id, "method",
		http_method_name(r->route->method), "route", r->route->path, "status", code, "us",
		us, "bytes", size, "sent", sent ? "1" : "0", "actor", r->actor.name, "tenant",
		r->actor.tenant_name, "peer", http->peer, NULL);
}

const struct http_app api_http_app = { .head = on_head, .request = on_request, .done = on_done };
