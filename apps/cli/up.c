/* `modelops up`: migrates, starts api, controller and agent, keeps them running, stops them in
 * order. */
#include "up.h"

#include "api.h"
#include "modelops/base/check.h"
#include "modelops/base/line.h"
#include "modelops/base/time.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SERVICES = 3,
	BACKOFF_FIRST = 200000,
	BACKOFF_MAX = 10000000,
	STEADY = 30000000, /* a service that lived so long has recovered */
	STARTS_MAX = 3,    /* failures in a row before the first readiness: give up */
	READY_POLL = 50000,
	READY_MAX = 120000000,
	STOP_EACH = 45000000,
};

struct up_state {
	struct up_plan plan;
	struct up_service service[SERVICES]; /* stopped in this order */
	int signal_fd;
	bool stopping, ready, told;
	int signals;
	int64_t asked_at, started_at;
};

static int run_admin(const struct up_plan *p, const char *const *argv, const char *what)
{
	int status = 0;
	pid_t pid = up_spawn(p, argv, NULL);

	if (pid < 0)
		return CLI_REFUSED;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CLI_OK;
	fprintf(stderr, "error: modelops-admin %s failed\n", what);
	return CLI_REFUSED;
}

static int migrate(const struct up_plan *p)
{
	static const char *const argv[] = { "modelops-admin", "db", "migrate", NULL };

	return run_admin(p, argv, "db migrate");
}

/* An installation on one machine starts with a pool of its cores. */
static int default_pool(const struct up_plan *p)
{
	static const char *const argv[] = { "modelops-admin", "pool", "default", NULL };

	return run_admin(p, argv, "pool default");
}

/* Keys mode: the platform admin's key, made once, in a file that only its owner reads. */
static int first_key(const struct up_plan *p)
{
	char path[UP_PATH + 32];
	const char *const argv[] = { "modelops-admin", "key", "create", "--tenant", "platform",
		"--role", "platform_admin", "--file", path, NULL };

	snprintf(path, sizeof(path), "%s/secrets/admin.key", p->data);
	if (strcmp(p->auth, "keys") != 0 || access(path, F_OK) == 0)
		return CLI_OK;
	return run_admin(p, argv, "key create");
}

/* SIGTERM, SIGINT and SIGCHLD come through a descriptor, so the loop below has one place to wait.
 */
static int catch_signals(struct up_state *u)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	u->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return u->signal_fd;
}

static void plan_restart(struct up_service *s, int status)
{
	int64_t now = mo_mono();

	if (now - s->started_at > STEADY) {
		s->failures = 0;
		s->backoff = 0;
	}
	s->failures++;
	s->backoff = !s->backoff ? BACKOFF_FIRST : 2 * s->backoff;
	s->backoff = s->backoff > BACKOFF_MAX ? BACKOFF_MAX : s->backoff;
	s->start_again_at = now + s->backoff;
	fprintf(stderr, "%s ended (%s %d); starting it again in %.1f s, log: logs/%s.log\n",
		s->program, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		(double)s->backoff / 1e6, s->log);
}

static void reap(struct up_state *u)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < SERVICES; i++) {
			struct up_service *s = &u->service[i];
			if (s->pid != pid)
				continue;
			up_drain(&u->plan, s);
			s->pid = 0;
			if (!u->stopping)
				plan_restart(s, status);
		}
	}
}

static void kill_group(const struct up_service *s, int signum)
{
	if (s->pid > 0)
		kill(s->pid, signum);
}

static void read_signals(struct up_state *u)
{
	struct signalfd_siginfo info;

	while (read(u->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		u->stopping = true;
		if (++u->signals == 3) /* impatient: no more order */
			for (int i = 0; i < SERVICES; i++)
				kill_group(&u->service[i], SIGKILL);
	}
	reap(u);
}

/* Waits up to TIMEOUT microseconds for output and signals, and deals with them. */
static void turn(struct up_state *u, int64_t timeout)
{
	struct pollfd fds[SERVICES + 1] = { { .fd = u->signal_fd, .events = POLLIN } };

	for (int i = 0; i < SERVICES; i++)
		fds[i + 1] = (struct pollfd){ .fd = u->service[i].out_fd, .events = POLLIN };
	poll(fds, SERVICES + 1, (int)(timeout / 1000));
	for (int i = 0; i < SERVICES; i++)
		if (fds[i + 1].revents)
			up_drain(&u->plan, &u->service[i]);
	read_signals(u);
}

/* Ends what still runs, one after the other, each with its time. */
static void stop_all(struct up_state *u)
{
	u->stopping = true;
	for (int i = 0; i < SERVICES; i++) {
		struct up_service *s = &u->service[i];
		int64_t until = mo_mono() + STOP_EACH;
		kill_group(s, SIGTERM);
		while (s->pid > 0 && mo_mono() < until)
			turn(u, 20000);
		if (s->pid > 0) {
			fprintf(stderr, "%s does not stop: killed\n", s->program);
			kill_group(s, SIGKILL);
			while (s->pid > 0)
				turn(u, 20000);
		}
	}
}

/* The address that the API left in DATA/run/NAME; -1 while it has not. */
static int address(const struct up_plan *p, const char *name, char *out, size_t cap)
{
	char path[UP_PATH + 32];

	snprintf(path, sizeof(path), "%s/run/%s", p->data, name);
	return mo_line_read(path, out, cap);
}

/* GET /readyz by the door for programs of this machine; its status, 0 when nobody answers. */
static int probe(struct cli *c, const struct up_plan *p)
{
	char door[256], url[280];
	const struct httpc_request request = { .url = url, .timeout = MO_SECOND };
	struct httpc_reply reply;
	struct mo_err err = { 0 };

	if (address(p, "api.door", door, sizeof(door)) < 0)
		return 0;
	snprintf(url, sizeof(url), "%s/readyz", door);
	if (httpc_do(c->client, &request, &reply, &err) < 0)
		return 0;
	int status = reply.status;
	httpc_reply_free(&reply);
	return status;
}

/* False when the API is gone again. */
static bool print_addresses(const struct up_state *u)
{
	const struct up_plan *p = &u->plan;
	char url[256];

	if (address(p, "api.address", url, sizeof(url)) < 0)
		return false;
	if (p->port_moved)
		printf("the port asked for is taken: took the next free one\n");
	if (strcmp(p->auth, "demo") == 0)
		printf("AUTH_MODE=demo: anybody on this machine may act as anybody (X-Actor)\n");
	else
		printf("admin key: %s/secrets/admin.key\n", p->data);
	printf("data  %s\napi   %s\ndocs  %s/docs\n", p->data, url, url);
	printf("ready after %.1f s; stop with Ctrl-C\n", (double)(mo_mono() - u->started_at) / 1e6);
	fflush(stdout);
	return true;
}

/* Asks /readyz until it says yes; says once when that takes long. */
static void ask_ready(struct cli *c, struct up_state *u)
{
	int64_t now = mo_mono();

	if (u->ready || now - u->asked_at < READY_POLL || !u->service[0].pid)
		return;
	u->asked_at = now;
	if (probe(c, &u->plan) == 200) {
		u->ready = print_addresses(u);
	} else if (!u->told && now - u->started_at > READY_MAX) {
		u->told = true;
		fprintf(stderr, "not ready yet: GET /readyz of the API says why\n");
	}
}

/* Starts what is due. -1 when a service fails again and again before all was ready once. */
static int keep_running(struct up_state *u)
{
	for (int i = 0; i < SERVICES; i++) {
		struct up_service *s = &u->service[i];
		if (!u->ready && s->failures >= STARTS_MAX) {
			fprintf(stderr, "error: %s does not start\n", s->program);
			up_print_tail(&u->plan, s->log, 15);
			return -1;
		}
		if (!s->pid && mo_mono() >= s->start_again_at && up_start(&u->plan, s) < 0)
			s->start_again_at = mo_mono() + BACKOFF_MAX;
	}
	return 0;
}

static int supervise(struct cli *c, struct up_state *u)
{
	int rc = CLI_OK;

	u->started_at = mo_mono();
	while (!u->stopping) {
		if (keep_running(u) < 0) {
			rc = CLI_AWAITED;
			break;
		}
		ask_ready(c, u);
		turn(u, u->ready ? 500000 : READY_POLL);
	}
	printf("stopping\n");
	stop_all(u);
	up_sweep(&u->plan);
	return rc;
}

int up(struct cli *c)
{
	struct up_state u = { .plan.lock_fd = -1,
		.service = {
			{ .program = "modelops-api", .log = "api", .out_fd = -1, .log_fd = -1 },
			{ .program = "modelops-controller",
				.log = "controller",
				.setting = "OPS_PORT=0",
				.out_fd = -1,
				.log_fd = -1 },
			{ .program = "modelops-agent",
				.log = "agent",
				.setting = "OPS_PORT=0",
				.out_fd = -1,
				.log_fd = -1 } } };
	int rc = up_prepare(c, &u.plan);

	if (rc == CLI_OK)
		rc = api_open(c);
	if (rc == CLI_OK)
		rc = migrate(&u.plan);
	if (rc == CLI_OK)
		rc = first_key(&u.plan);
	if (rc == CLI_OK)
		rc = default_pool(&u.plan);
	if (rc != CLI_OK)
		return rc;
	if (catch_signals(&u) < 0) {
		fprintf(stderr, "error: signals: %s\n", strerror(errno));
		return CLI_REFUSED;
	}
	rc = supervise(c, &u);
	for (int i = 0; i < SERVICES; i++)
		if (u.service[i].log_fd >= 0)
			close(u.service[i].log_fd);
	close(u.signal_fd);
	close(u.plan.lock_fd);
	return rc;
}
