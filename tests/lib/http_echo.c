/* The smallest program on the HTTP core: what the conformance tests and the bench talk to. */
#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/time.h"
#include "modelops/http/ops.h"
#include "modelops/http/server.h"
#include "modelops/http/upstream.h"
#include "modelops/http/workers.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOPS_MAX = 8 };

struct cfg {
	struct http_limits http;
	struct http_ops_cfg ops;
	const char *listen, *listen_unix, *upstream, *file;
	int64_t loops, workers, queue;
};

static const struct mo_cfg settings[] = {
	HTTP_SETTINGS(offsetof(struct cfg, http)),
	HTTP_OPS_SETTINGS(offsetof(struct cfg, ops)),
	{ "LISTEN", MO_CFG_STR, offsetof(struct cfg, listen), "tcp:127.0.0.1:0",
		"Address to listen on." },
	{ "LISTEN_UNIX", MO_CFG_STR, offsetof(struct cfg, listen_unix), NULL,
		"A second listener." },
	{ "UPSTREAM", MO_CFG_STR, offsetof(struct cfg, upstream), NULL, "Where /proxy goes." },
	{ "SENDFILE", MO_CFG_STR, offsetof(struct cfg, file), NULL, "What /file answers." },
	{ "LOOPS", MO_CFG_INT, offsetof(struct cfg, loops), "1", "Threads with a loop.", 1,
		LOOPS_MAX },
	{ "WORKERS", MO_CFG_INT, offsetof(struct cfg, workers), "2", "Worker threads.", 1, 64 },
	{ "QUEUE", MO_CFG_INT, offsetof(struct cfg, queue), "4", "Jobs that may wait.", 1, 1024 },
};

struct program {
	struct cfg cfg;
	struct http_server *server;
	struct http_router *router;
	struct http_workers *workers;
	struct obs *obs;
	struct http_loop *loops[LOOPS_MAX];
	pthread_t threads[LOOPS_MAX];
	struct http_upstream *upstream;
};

/* --- handlers --- */

static void reply_text(struct http_req *req, int status, struct mo_str text)
{
	http_req_reply(req, &(struct http_reply){
				    .status = status, .content_type = "text/plain", .body = text });
}

static void do_hello(struct http_req *req)
{
	reply_text(req, 200, MO_STR("hello\n"));
}

static void do_echo(struct http_req *req)
{
	reply_text(req, 200, req->body);
}

/* method, path, parameters and the query parameter `q`, one a line */
static void do_show(struct http_req *req)
{
	struct mo_err err = { 0 };
	struct mo_str q = { "", 0 };
	const struct http_match *m = req->match;

	if (http_query_get(req->head->query, "q", req->arena, &q, &err) < 0) {
		http_req_problem(req, &err);
		return;
	}
	const char *text =
		mo_arena_printf(req->arena, "%s %.*s\n%s=%.*s\nq=%.*s\nhost=%.*s\ntrace=%s\n",
			http_method_name(req->head->method), (int)req->head->path.n,
			req->head->path.p, m->nparams ? m->names[0] : "",
			m->nparams ? (int)m->params[0].n : 0, m->nparams ? m->params[0].p : "",
			(int)q.n, q.p, (int)req->head->host.n, req->head->host.p, req->traceparent);
	reply_text(req, 200, mo_str(text));
}

/* /big/{n}: n bytes */
static void do_big(struct http_req *req)
{
	uint64_t n = 0;

	mo_parse_u64(req->match->params[0].p, req->match->params[0].n, &n);
	char *p = n <= 32 << 20 ? mo_arena_alloc(req->arena, n + 1) : NULL;
	if (!p) {
		struct mo_err err = { 0 };
		mo_fail(&err, MO_ETOOBIG, "n = %llu", (unsigned long long)n);
		http_req_problem(req, &err);
		return;
	}
	memset(p, 'x', n);
	http_req_reply(req, &(struct http_reply){ .status = 200,
				    .content_type = "text/plain",
				    .body = { p, n },
				    .stable = true });
}

static void do_file(struct http_req *req)
{
	struct program *prog = req->ctx;
	struct mo_err err = { 0 };
	struct stat st;
	int fd = prog->cfg.file ? open(prog->cfg.file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &st) < 0) {
		mo_fail(&err, MO_ENOTFOUND, "no file");
		http_req_problem(req, &err);
		return;
	}
	http_req_reply(
		req, &(struct http_reply){
			     .status = 200, .has_fd = true, .fd = fd, .file_len = st.st_size });
}

static void do_problem(struct http_req *req)
{
	struct mo_err err = { 0 };

	mo_fail_field(&err, "steps[2].pool", "pool 'a\"b\\c\n' is unknown");
	mo_advise(&err, NULL, "see GET /v1/gpu-pools");
	http_req_problem(req, &err);
}

/* --- on a worker --- */

struct job {
	struct http_job job;
	struct http_req *req;
	void (*run)(struct http_req *req);
};

static void job_run(struct http_job *job)
{
	struct job *j = (struct job *)(void *)job;

	j->run(j->req);
}

static void to_worker(struct http_req *req, void (*run)(struct http_req *req))
{
	struct program *prog = req->ctx;
	struct mo_err err = { 0 };
	struct job *j = mo_arena_zalloc(req->arena, sizeof(*j));

	if (!j) {
		mo_fail(&err, MO_ENOMEM, "job");
		http_req_problem(req, &err);
		return;
	}
	*j = (struct job){ .job.run = job_run, .req = req, .run = run };
	http_req_suspend(req);
	if (http_workers_push(prog->workers, &j->job, &err) < 0)
		http_req_resume_problem(req, &err);
}

/* /work/{ms}: sleeps, or stops early when the client has gone */
static void work(struct http_req *req)
{
	uint64_t ms = 0;

	mo_parse_u64(req->match->params[0].p, req->match->params[0].n, &ms);
	for (int64_t end = mo_mono() + (int64_t)ms * 1000; mo_mono() < end && !http_req_gone(req);)
		usleep(1000);
	http_req_resume(req, &(struct http_reply){ .status = 200,
				     .content_type = "text/plain",
				     .body = MO_STR("worked\n"),
				     .stable = true });
}

static void do_work(struct http_req *req)
{
	to_worker(req, work);
}

/* PUT /sum: reads the body piece by piece and answers its length and the sum of its bytes */
static void sum(struct http_req *req)
{
	unsigned char block[8192];
	struct mo_err err = { 0 };
	uint64_t bytes = 0, total = 0;
	ssize_t n;

	while ((n = http_body_read(req, block, sizeof(block), true, &err)) > 0) {
		bytes += (uint64_t)n;
		for (ssize_t i = 0; i < n; i++)
			total += block[i];
	}
	if (n < 0) {
		http_req_resume_problem(req, &err);
		return;
	}
	char *text = mo_arena_printf(
		req->arena, "%llu %llu\n", (unsigned long long)bytes, (unsigned long long)total);
	http_req_resume(req, &(struct http_reply){ .status = 200,
				     .content_type = "text/plain",
				     .body = mo_str(text),
				     .stable = true });
}

static void do_sum(struct http_req *req)
{
	to_worker(req, sum);
}

/* /pour/{n}: n bytes written piece by piece by a worker; ?length=1 announces them, ?cut=1 breaks
 * off */
static void pour(struct http_req *req)
{
	static const char block[4096] = { 0 };
	struct mo_err err = { 0 };
	uint64_t n = 0, sent = 0;
	struct mo_str v;

	mo_parse_u64(req->match->params[0].p, req->match->params[0].n, &n);
	bool announced = http_query_get(req->head->query, "length", req->arena, &v, &err) > 0;
	bool cut = http_query_get(req->head->query, "cut", req->arena, &v, &err) > 0;
	if (http_stream_start(req,
		    &(struct http_reply){
			    .status = 200, .content_type = "application/octet-stream" },
		    announced ? (int64_t)n : -1, &err) < 0) {
		http_req_resume_problem(req, &err);
		return;
	}
	while (sent < n) {
		size_t k = n - sent < sizeof(block) ? (size_t)(n - sent) : sizeof(block);
		if (http_stream_write(req, block, k, true, &err) < 0)
			break;
		sent += k;
	}
	http_stream_end(req, sent == n && !cut);
}

static void do_pour(struct http_req *req)
{
	to_worker(req, pour);
}

/* --- on the loop, piece by piece --- */

struct ticker {
	struct http_timer timer;
	struct http_req *req;
	int left;
};

static void tick(struct http_timer *timer)
{
	struct ticker *t = (struct ticker *)(void *)timer;
	struct mo_err err = { 0 };

	if (t->left-- == 0) {
		http_stream_end(t->req, true);
		return;
	}
	if (http_stream_write(t->req, "data: tick\n\n", 12, false, &err) == 0)
		http_timer_set(t->req->loop, timer, http_loop_now(t->req->loop) + 20000);
	else
		http_stream_end(t->req, false);
}

/* /events/{n}: n events, one each 20 ms */
static void do_events(struct http_req *req)
{
	struct mo_err err = { 0 };
	struct ticker *t = mo_arena_zalloc(req->arena, sizeof(*t));
	uint64_t n = 0;

	mo_parse_u64(req->match->params[0].p, req->match->params[0].n, &n);
	if (!t ||
		http_stream_start(req,
			&(struct http_reply){ .status = 200, .content_type = "text/event-stream" },
			-1, &err) < 0) {
		http_req_problem(req, &err);
		return;
	}
	*t = (struct ticker){ .timer.fn = tick, .req = req, .left = (int)n };
	req->user = t;
	http_timer_set(req->loop, &t->timer, http_loop_now(req->loop));
}

static void on_event(struct http_req *req, unsigned events)
{
	struct ticker *t = req->user;

	if ((events & HTTP_EV_GONE) && t) {
		http_timer_clear(req->loop, &t->timer);
		http_stream_end(req, false);
	}
}

/* --- upstream --- */

struct hop {
	struct http_call call;
	struct http_req *req;
};

static void hop_done(struct http_call *call, const struct mo_err *err)
{
	struct hop *h = (struct hop *)(void *)call;

	if (err) {
		http_req_problem_status(h->req,
			mo_streq(err->slug, "bad_upstream") ? 502 : mo_code_status(err->code), err);
		return;
	}
	http_req_reply(h->req, &(struct http_reply){ .status = call->status,
				       .content_type = "text/plain",
				       .body = call->body_in });
}

/* POST /proxy?path=...: sends the body to UPSTREAM */
static void do_proxy(struct http_req *req)
{
	struct program *prog = req->ctx;
	struct hop *h = mo_arena_zalloc(req->arena, sizeof(*h));
	struct mo_str path = MO_STR("/echo"), v;
	struct mo_err err = { 0 };

	if (!prog->upstream || !h ||
		http_query_get(req->head->query, "path", req->arena, &path, &err) < 0) {
		mo_fail(&err, MO_EUNAVAIL, "no upstream");
		http_req_problem(req, &err);
		return;
	}
	h->req = req;
	h->call = (struct http_call){ .method = req->head->method,
		.path = path,
		.body = req->body,
		.max_body = 1 << 20,
		.done = hop_done,
		.deadline = http_loop_now(req->loop) + 2 * MO_SECOND,
		.headers = MO_STR("X-Instance-Id: ins_1\r\n"),
		.idempotent = http_query_get(req->head->query, "again", req->arena, &v, &err) > 0 };
	http_call_start(prog->upstream, &h->call);
}

/* --- the table --- */

static const struct {
	enum http_method method;
	const char *path;
	int64_t max_body;
	bool stream;
	void (*run)(struct http_req *req);
} routes[] = {
	{ HTTP_GET, "/hello", 0, false, do_hello },
	{ HTTP_POST, "/echo", 1 << 20, false, do_echo },
	{ HTTP_PUT, "/echo", 64, false, do_echo },
	{ HTTP_POST, "/refuse", 1 << 20, false, NULL },
	{ HTTP_GET, "/v1/runs/{id}", 0, false, do_show },
	{ HTTP_DELETE, "/v1/runs/{id}", 0, false, do_show },
	{ HTTP_GET, "/v1/runs/{id}/steps", 0, false, do_show },
	{ HTTP_GET, "/v1/runs/latest", 0, false, do_show },
	{ HTTP_GET, "/blobs/{key...}", 0, false, do_show },
	{ HTTP_GET, "/big/{n}", 0, false, do_big },
	{ HTTP_GET, "/file", 0, false, do_file },
	{ HTTP_GET, "/problem", 0, false, do_problem },
	{ HTTP_GET, "/work/{ms}", 0, false, do_work },
	{ HTTP_PUT, "/sum", INT64_C(1) << 30, true, do_sum },
	{ HTTP_GET, "/pour/{n}", 0, false, do_pour },
	{ HTTP_GET, "/events/{n}", 0, false, do_events },
	{ HTTP_POST, "/proxy", 1 << 20, false, do_proxy },
};

static void on_head(struct http_req *req)
{
	struct mo_err err = { 0 };

	if (!routes[req->match->row].run) {
		mo_fail(&err, MO_EDENIED, "refused before the body");
		http_req_problem(req, &err);
		return;
	}
	req->max_body = routes[req->match->row].max_body;
	req->stream_body = routes[req->match->row].stream;
}

static void on_request(struct http_req *req)
{
	routes[req->match->row].run(req);
}

/* --- start and stop --- */

static struct program prog;

static void on_signal(int sig)
{
	(void)sig;
}

static void *loop_main(void *arg)
{
	struct mo_err err = { 0 };

	if (http_loop_run(arg, &err) < 0)
		mo_log(MO_LOG_ERROR, "loop failed", "error", err.msg, NULL);
	return NULL;
}

static void drained(void *ctx)
{
	struct program *p = ctx;

	for (int i = 0; i < p->cfg.loops; i++)
		http_loop_stop(p->loops[i]);
}

static int add_routes(struct program *p, const char **names, struct mo_err *err)
{
	if (http_router_new(&p->router, err) < 0)
		return -1;
	for (size_t i = 0; i < MO_COUNT(routes); i++) {
		names[i] = routes[i].path;
		if (http_router_add(p->router, routes[i].method, routes[i].path, (int)i, err) < 0)
			return -1;
	}
	return 0;
}

static int start(
	struct program *p, const char **names, const struct http_app *app, struct mo_err *err)
{
	char bound[256], second[256];

	if (obs_new(&p->obs, err) < 0 || add_routes(p, names, err) < 0 ||
		http_workers_new("echo", (unsigned)p->cfg.workers, (unsigned)p->cfg.queue, p->obs,
			&p->workers, err) < 0)
		return -1;
	struct http_server_cfg sc = { .limits = &p->cfg.http,
		.router = p->router,
		.app = app,
		.obs = p->obs,
		.route_names = names,
		.name = "main" };
	if (http_server_new(&sc, &p->server, err) < 0 ||
		http_server_listen(p->server, p->cfg.listen, bound, sizeof(bound), err) < 0)
		return -1;
	if (p->cfg.listen_unix &&
		http_server_listen(p->server, p->cfg.listen_unix, second, sizeof(second), err) < 0)
		return -1;
	for (int i = 0; i < p->cfg.loops; i++)
		if (http_loop_new(&p->loops[i], err) < 0 ||
			http_server_attach(p->server, p->loops[i], err) < 0)
			return -1;
	if (p->cfg.upstream && http_upstream_new(p->loops[0], p->cfg.upstream, &p->cfg.http,
				       &p->upstream, err) < 0)
		return -1;
	for (int i = 0; i < p->cfg.loops; i++)
		MO_ASSERT(pthread_create(&p->threads[i], NULL, loop_main, p->loops[i]) == 0);
	printf("%s\n", bound);
	return 0;
}

int main(int argc, char **argv)
{
	const struct http_app app = {
		.ctx = &prog, .head = on_head, .request = on_request, .event = on_event
	};
	const char *names[MO_COUNT(routes) + 1] = { NULL };
	struct mo_err err = { 0 };
	struct http_ops *ops = NULL;
	sigset_t set;
	int sig;

	if (mo_cfg_load(settings, MO_COUNT(settings), &prog.cfg, argc, argv, &err) < 0) {
		fprintf(stderr, "http_echo: %s\n", err.msg);
		return 2;
	}
	mo_log_init("http_echo", MO_LOG_INFO, MO_LOG_KV);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (start(&prog, names, &app, &err) < 0 ||
		http_ops_start(&prog.cfg.ops, &prog.cfg.http, prog.obs, NULL, NULL, NULL, &ops,
			&err) < 0) {
		fprintf(stderr, "http_echo: %s\n", err.msg);
		return 1;
	}
	printf("%s\n", http_ops_address(ops));
	fflush(stdout);
	sigwait(&set, &sig);
	http_server_drain(prog.server, drained, &prog);
	for (int i = 0; i < prog.cfg.loops; i++)
		pthread_join(prog.threads[i], NULL);
	http_workers_free(prog.workers);
	http_upstream_free(prog.upstream);
	http_server_free(prog.server);
	http_ops_stop(ops);
	for (int i = 0; i < prog.cfg.loops; i++)
		http_loop_free(prog.loops[i]);
	http_router_free(prog.router);
	obs_free(prog.obs);
	return 0;
}
