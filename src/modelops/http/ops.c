/* Ops listener: a small server on a thread of its own. */
#include "modelops/http/ops.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { R_METRICS, R_HEALTH, R_READY, ROUTES, TEXT_MAX = 64 << 20 };

static const char *const paths[] = { "/metrics", "/healthz", "/readyz", NULL };

struct http_ops {
	struct http_limits limits;
	struct http_router *router;
	struct http_server *server;
	struct http_loop *loop;
	struct obs *obs;
	struct mo_buf text;
	bool (*ready)(void *ctx, struct mo_err *err);
	void *ctx;
	char *file;
	char address[300];
	pthread_t thread;
	bool running;
};

static void reply(struct http_req *req, const char *type, struct mo_str body)
{
	http_req_reply(
		req, &(struct http_reply){ .status = 200, .content_type = type, .body = body });
}

static void on_request(struct http_req *req)
{
	struct http_ops *o = req->ctx;
	struct mo_err err = { 0 };

	if (req->match->row == R_METRICS) {
		mo_buf_reset(&o->text);
		if (obs_render(o->obs, &o->text, &err) < 0)
			http_req_problem(req, &err);
		else
			reply(req, OBS_CONTENT_TYPE,
				(struct mo_str){ mo_buf_str(&o->text), o->text.len });
	} else if (req->match->row == R_READY && o->ready && !o->ready(o->ctx, &err)) {
		if (err.code == MO_OK)
			mo_fail(&err, MO_EUNAVAIL, "not ready");
		http_req_problem_status(req, 503, &err);
	} else {
		reply(req, "text/plain", MO_STR("ok\n"));
	}
}

static void *thread_main(void *arg)
{
	struct http_ops *o = arg;
	struct mo_err err = { 0 };

	if (http_loop_run(o->loop, &err) < 0)
		mo_log(MO_LOG_DEBUG, "ops loop ended", "error", err.msg, NULL);
	return NULL;
}

int http_write_address(const char *path, const char *text, struct mo_err *err)
{
	char temp[4096];
	int n = snprintf(temp, sizeof(temp), "%s.%d.tmp", path, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(temp))
		return mo_fail(err, MO_EINVAL, "path '%s' is too long", path);
	mo_autoclose int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || write(fd, "\n", 1) != 1 ||
		rename(temp, path) < 0) {
		int e = errno;
		unlink(temp);
		return mo_fail_errno(err, e, "write '%s'", path);
	}
	return 0;
}

/* "tcp:HOST:PORT" of the settings; an IPv6 host gets its brackets. */
static void listen_text(const struct http_ops_cfg *cfg, char *out, size_t cap)
{
	const char *host = cfg->host ? cfg->host : "127.0.0.1";
	bool six = strchr(host, ':') && host[0] != '[';

	snprintf(out, cap, six ? "tcp:[%s]:%lld" : "tcp:%s:%lld", host, (long long)cfg->port);
}

static int start(struct http_ops *o, const struct http_ops_cfg *cfg, struct mo_err *err)
{
	const struct http_app app = { .ctx = o, .request = on_request };
	char want[280], bound[256];

	if (http_router_new(&o->router, err) < 0)
		return -1;
	for (int i = 0; i < ROUTES; i++)
		if (http_router_add(o->router, HTTP_GET, paths[i], i, err) < 0)
			return -1;
	struct http_server_cfg sc = { .limits = &o->limits,
		.router = o->router,
		.app = &app,
		.obs = o->obs,
		.route_names = paths,
		.name = "ops",
		.plain = true };
	listen_text(cfg, want, sizeof(want));
	if (http_loop_new(&o->loop, err) < 0 || http_server_new(&sc, &o->server, err) < 0 ||
		http_server_listen(o->server, want, bound, sizeof(bound), err) < 0 ||
		http_server_attach(o->server, o->loop, err) < 0)
		return mo_wrap(err, "ops listener");
	snprintf(o->address, sizeof(o->address), "http://%s", bound + 4);
	return 0;
}

static int start_thread(struct http_ops *o, struct mo_err *err)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&o->thread, NULL, thread_main, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	o->running = rc == 0;
	return rc == 0 ? 0 : mo_fail_errno(err, rc, "thread of the ops listener");
}

int http_ops_start(const struct http_ops_cfg *cfg, const struct http_limits *limits,
	struct obs *obs, bool (*ready)(void *ctx, struct mo_err *err), void *ctx,
	const char *address_file, struct http_ops **ret_ops, struct mo_err *err)
{
	struct http_ops *o = calloc(1, sizeof(*o));

	if (!o)
		return mo_fail(err, MO_ENOMEM, "ops listener");
	if (limits)
		o->limits = *limits;
	else
		http_limits_default(&o->limits);
	o->limits.max_conns = o->limits.max_conns_per_addr = cfg->max_conns;
	o->obs = obs;
	o->ready = ready;
	o->ctx = ctx;
	mo_buf_init(&o->text, TEXT_MAX);
	if (start(o, cfg, err) < 0 ||
		(address_file && http_write_address(address_file, o->address, err) < 0) ||
		start_thread(o, err) < 0) {
		http_ops_stop(o);
		return -1;
	}
	o->file = address_file ? strdup(address_file) : NULL;
	*ret_ops = o;
	return 0;
}

const char *http_ops_address(const struct http_ops *ops)
{
	return ops->address;
}

void http_ops_stop(struct http_ops *ops)
{
	if (!ops)
		return;
	if (ops->running) {
		http_loop_stop(ops->loop);
		pthread_join(ops->thread, NULL);
	}
	if (ops->file)
		unlink(ops->file);
	http_server_free(ops->server);
	http_loop_free(ops->loop);
	http_router_free(ops->router);
	mo_buf_free(&ops->text);
	free(ops->file);
	free(ops);
}
