/* modelops-serving: loads one model package and answers predict and explain; starts, announces
 * itself, drains. */
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/log.h"
#include "modelops/base/program.h"
#include "modelops/base/time.h"
#include "serving.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_SETTINGS = 2, EXIT_MODEL = 3, WARM_ROUNDS = 5 };

struct program {
	struct serving s;
	struct http_app app;
	struct http_watch signals;
	char bound[256];
};

/* Runs one row of missing values both ways: pages are touched, buffers grown, and the cost of a row
 * is known. */
static int warm_up(struct serving *s, struct mo_err *err)
{
	mo_autofree float *row = calloc(s->info->features, sizeof(*row));
	if (!row)
		return mo_fail(err, MO_ENOMEM, "warm-up");
	s->cost_predict = s->cost_explain = INT64_MAX / 2;
	for (int i = 0; i < WARM_ROUNDS; i++) {
		struct timespec a, b, c;
		clock_gettime(CLOCK_MONOTONIC, &a);
		model_margin(s->model, s->own.scratch, row, 1, s->own.margin);
		clock_gettime(CLOCK_MONOTONIC, &b);
		model_explain(s->model, s->own.scratch, row, s->own.contributions);
		clock_gettime(CLOCK_MONOTONIC, &c);
		int64_t predict = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
		int64_t explain = (c.tv_sec - b.tv_sec) * 1000000000 + c.tv_nsec - b.tv_nsec;
		s->cost_predict = predict < s->cost_predict ? predict : s->cost_predict;
		s->cost_explain = explain < s->cost_explain ? explain : s->cost_explain;
	}
	/* Printing costs about 30 ns a number. */
	s->cost_predict += 30 * (int64_t)(s->info->classes + 1);
	s->cost_explain += s->cost_predict + 30 * (int64_t)s->info->features;
	return 0;
}

static int load_model(struct serving *s, struct mo_err *err)
{
	if (model_load_dir(s->cfg.model_dir, &s->model, err) < 0)
		return -1;
	s->info = model_info(s->model);
	malloc_trim(0); /* the text of the model file is not needed any more */
	return phrases_make(&s->phrases, s->info, s->cfg.model_version, err);
}

static int make_spaces(struct serving *s, struct mo_err *err)
{
	mo_list_init(&s->queue);
	mo_list_init(&s->free_spaces);
	pthread_mutex_init(&s->spaces_lock, NULL);
	s->spaces = calloc((size_t)s->cfg.threads, sizeof(*s->spaces));
	if (!s->spaces)
		return mo_fail(err, MO_ENOMEM, "work spaces");
	if (space_init(&s->own, s, err) < 0)
		return -1;
	for (int64_t i = 0; i < s->cfg.threads; i++) {
		if (space_init(&s->spaces[i], s, err) < 0)
			return -1;
		mo_list_push(&s->free_spaces, &s->spaces[i].node);
	}
	return 0;
}

static void drained(void *ctx)
{
	struct program *p = ctx;
	http_loop_stop(p->s.loop);
}

/* Nothing runs or waits any more, or the time is up: closes the door and ends when all replies are
 * out. */
static void try_drain(struct http_timer *timer)
{
	struct program *p =
		(struct program *)(void *)((char *)timer - offsetof(struct program, s.drain_timer));
	struct serving *s = &p->s;
	int64_t now = http_loop_now(s->loop);
	if ((s->running || s->queued) && now < s->drain_by) {
		http_timer_set(s->loop, timer, now + 5000);
		return;
	}
	http_server_drain(s->server, drained, p);
}

/* SIGTERM or SIGINT: not ready from now on; what is in flight or arrives meanwhile is still
 * answered. */
static void on_signal(struct http_watch *watch, uint32_t events)
{
	struct program *p = MO_LIST_ENTRY(watch, struct program, signals);
	struct signalfd_siginfo info;
	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info) || p->s.draining)
		return;
	mo_log(MO_LOG_INFO, "draining", NULL);
	p->s.draining = true;
	p->s.drain_by = mo_mono() + p->s.cfg.http.drain_timeout;
	try_drain(&p->s.drain_timer);
}

static int watch_signals(struct program *p, struct mo_err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return mo_fail_errno(err, errno, "signalfd");
	p->signals.fn = on_signal;
	p->s.drain_timer.fn = try_drain;
	return http_watch_add(p->s.loop, &p->signals, fd, 1 /* EPOLLIN */, err);
}

static int open_door(struct program *p, struct mo_err *err)
{
	struct serving *s = &p->s;
	p->app = serving_app;
	p->app.ctx = s;
	if (http_limits_fit(&s->cfg.http, 64))
		mo_log(MO_LOG_WARN,
			"fewer connections than HTTP_MAX_CONNS: raise the limit of descriptors",
			NULL);
	struct http_server_cfg cfg = { .limits = &s->cfg.http,
		.router = s->router,
		.app = &p->app,
		.obs = s->telemetry.obs,
		.route_names = serving_route_names,
		.name = "main" };
	if (http_server_new(&cfg, &s->server, err) < 0 ||
		http_server_listen(s->server, s->cfg.listen, p->bound, sizeof(p->bound), err) < 0)
		return -1;
	return http_server_attach(s->server, s->loop, err);
}

/* The address others connect to, absolute, into ./address by rename: it appears when we are ready.
 */
static int announce(struct program *p, struct mo_err *err)
{
	mo_autofree char *text = NULL, *cwd = NULL;
	if (strncmp(p->bound, "unix:", 5) == 0 && p->bound[5] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd || asprintf(&text, "unix:%s/%s", cwd, p->bound + 5) < 0)
			text = NULL;
	} else {
		text = strdup(p->bound);
	}
	return text ? http_write_address("address", text, err) : mo_fail(err, MO_ENOMEM, "address");
}

static int start(struct program *p, struct mo_err *err)
{
	struct serving *s = &p->s;
	if (s->cfg.instance_id && !s->cfg.instance_secret)
		return mo_fail(err, MO_EINVAL, "INSTANCE_ID is set, INSTANCE_SECRET is not");
	if (telemetry_init(&s->telemetry, &s->cfg, err) < 0 || http_loop_new(&s->loop, err) < 0 ||
		watch_signals(p, err) < 0 || routes_init(s, err) < 0)
		return -1;
	if (http_workers_new("serving", (unsigned)s->cfg.threads, (unsigned)s->cfg.threads,
		    s->telemetry.obs, &s->workers, err) < 0)
		return -1;
	return open_door(p, err) < 0 ? -1 : announce(p, err);
}

static void stop(struct program *p)
{
	struct serving *s = &p->s;
	http_workers_free(s->workers);
	http_server_free(s->server);
	http_router_free(s->router);
	close(p->signals.fd);
	http_loop_free(s->loop);
	space_free(&s->own);
	for (int64_t i = 0; i < s->cfg.threads; i++)
		space_free(&s->spaces[i]);
	free(s->spaces);
	phrases_free(&s->phrases, s->info);
	model_free(s->model);
	obs_free(s->telemetry.obs);
}

/* One clear line for the log that becomes the reason people see. */
static int fail(int status, const struct mo_err *err)
{
	fprintf(stderr, "error: %s\n", err->msg);
	return status;
}

int main(int argc, char **argv)
{
	static struct program p;
	struct serving *s = &p.s;
	struct mo_err err = { 0 };
	if (mo_cfg_info(serving_settings, serving_settings_count, "modelops-serving",
		    "Serves predictions and explanations of one model over HTTP.", argc, argv,
		    stdout))
		return 0;
	mallopt(M_ARENA_MAX, 1); /* few threads that allocate almost nothing: one heap is enough */
	mo_program_no_core();
	mo_fault_from_env();
	if (mo_cfg_load(serving_settings, serving_settings_count, &s->cfg, argc, argv, &err) < 0)
		return fail(EXIT_SETTINGS, &err);
	mo_log_init("modelops-serving", (enum mo_log_level)s->cfg.log_level,
		(enum mo_log_format)s->cfg.log_format);
	unlink("address"); /* of an earlier start in this folder: it says "ready" */
	if (load_model(s, &err) < 0)
		return fail(EXIT_MODEL, &err);
	if (make_spaces(s, &err) < 0 || warm_up(s, &err) < 0 || start(&p, &err) < 0)
		return fail(1, &err);
	mo_log(MO_LOG_INFO, "ready", "address", p.bound, "objective", s->info->objective,
		"model_version", s->cfg.model_version, "deployment", s->cfg.deployment, "instance",
		s->cfg.instance_id, NULL);
	int rc = http_loop_run(s->loop, &err);
	stop(&p);
	if (rc < 0)
		return fail(1, &err);
	mo_log(MO_LOG_INFO, "stopped", NULL);
	return 0;
}
