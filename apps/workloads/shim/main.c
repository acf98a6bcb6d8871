/* modelops-shim: the parent of one local job or instance. It lives in a session of its own, so that
 * the controller's death changes nothing, and leaves the truth in files (docs/ARCHITECTURE.md
 * section 7). */
#include "files.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "phase.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct args {
	const char *dir;
	int64_t log_cap, max_run_s;
	char **init, **run; /* init may be NULL */
};

static int usage(void)
{
	fputs("usage: modelops-shim DIR LOG_CAP_BYTES MAX_RUNTIME_S -- PROGRAM [ARG...]\n"
	      "       modelops-shim DIR LOG_CAP_BYTES MAX_RUNTIME_S --init PROGRAM [ARG...] --run "
	      "PROGRAM [ARG...]\n"
	      "Runs a command (or two in turn) in DIR under a watcher of its own session; returns "
	      "once that "
	      "has begun.\n",
		stderr);
	return 64;
}

static int parse(int argc, char **argv, struct args *ret)
{
	struct args a = { 0 };

	if (argc < 6 || mo_parse_i64(argv[2], strlen(argv[2]), &a.log_cap) < 0 || a.log_cap < 0 ||
		mo_parse_i64(argv[3], strlen(argv[3]), &a.max_run_s) < 0 || a.max_run_s < 0 ||
		a.max_run_s > INT64_MAX / MO_SECOND)
		return -1;
	a.dir = argv[1];
	if (strcmp(argv[4], "--") == 0)
		a.run = argv + 5;
	if (strcmp(argv[4], "--init") == 0)
		for (int i = 6; i < argc - 1 && !a.run; i++)
			if (strcmp(argv[i], "--run") == 0) {
				argv[i] = NULL;
				a.init = argv + 5;
				a.run = argv + i + 1;
			}
	if (!a.run)
		return -1;
	*ret = a;
	return 0;
}

/* Holds for everything below: no core files (they hold tenants' rows), no more rights than now. */
static void confine(void)
{
	struct rlimit core = { 0, 0 }, files = { 4096, 4096 }, old;

	setrlimit(RLIMIT_CORE, &core);
	if (getrlimit(RLIMIT_NOFILE, &old) == 0 && old.rlim_max < files.rlim_max)
		files.rlim_max = files.rlim_cur = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	umask(0027);
}

/* The lock makes two shims of one folder one; shim.pid outlives it and says that one was here. */
static int claim(void)
{
	int lock = open("shim.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (lock < 0)
		return -1;
	if (flock(lock, LOCK_EX | LOCK_NB) < 0 || files_exists("shim.pid") || files_exists("exit"))
		return 0;
	return files_write_pid("shim.pid", getpid()) < 0 ? -1 : 1;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_watch(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, ".", IN_MOVED_TO | IN_CREATE) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int mark_started(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64 "\n", mo_now());
	return files_write("started_at", text);
}

/* A disk that is full now may not be in a moment; without this file the job would count as lost. */
static void write_exit(const struct phase_end *end, const char *phase)
{
	char text[96];

	if (end->timed_out)
		snprintf(text, sizeof(text), "timeout %s %" PRId64 "\n", phase, mo_now());
	else if (WIFSIGNALED(end->status))
		snprintf(text, sizeof(text), "signaled %d %s %" PRId64 "\n", WTERMSIG(end->status),
			phase, mo_now());
	else
		snprintf(text, sizeof(text), "exited %d %s %" PRId64 "\n", WEXITSTATUS(end->status),
			phase, mo_now());
	for (int i = 0; files_write("exit", text) < 0 && i < 60; i++)
		poll(NULL, 0, 1000);
}

static int work(struct shim *shim, const struct args *a)
{
	struct phase_end end = { 0 };
	const char *phase = "run";

	if (a->init) {
		phase = "init";
		if (phase_run(shim, a->init, NULL, &end) < 0)
			return -1;
	}
	if (!a->init || (end.status == 0 && !end.timed_out)) {
		phase = "run";
		if (shim->stopping) /* told to stop just as init ended: as if the signal had met it
				     */
			end.status = SIGTERM;
		else if (phase_run(shim, a->run, mark_started, &end) < 0)
			return -1;
	}
	logcap_close(&shim->log);
	write_exit(&end, phase);
	return 0;
}

static int watcher(const struct args *a, int ready)
{
	struct shim shim = { .max_run = a->max_run_s * MO_SECOND };

	setsid();
	confine();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	int mine = claim();
	if (mine <= 0) {
		if (mine == 0)
			(void)!write(ready, "+", 1);
		return mine == 0 ? 0 : 1;
	}
	shim.signals = open_signals();
	shim.watch = open_watch();
	if (shim.signals < 0 || logcap_open(&shim.log, a->log_cap) < 0)
		return 1;
	(void)!write(ready, "+", 1);
	close(ready);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (work(&shim, a) == 0)
		return 0;
	dprintf(shim.log.fd, "error: cannot start: %s\n", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct args a;
	int ends[2];
	char byte;

	if (parse(argc, argv, &a) < 0)
		return usage();
	if (chdir(a.dir) < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		fprintf(stderr, "error: '%s': %s\n", a.dir, strerror(errno));
		return 1;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		return watcher(&a, ends[1]);
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &byte, 1) == 1)
		return 0;
	fprintf(stderr, "error: the watcher of '%s' did not start\n", a.dir);
	return 1;
}
