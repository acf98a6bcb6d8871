/* One command run to its end: log captured, stop and time limit obeyed, all it left behind killed.
 */
#include "phase.h"

#include "files.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t timeout_grace = 5 * MO_SECOND;

struct phase {
	struct shim *shim;
	pid_t child;
	int out;          /* our end of its stdout and stderr */
	int64_t limit_at; /* mono microseconds; 0 means none */
	bool ended, timed_out;
	int status;
};

_Noreturn static void become(char *const *argv, int out, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Should the shim be killed, nobody would watch this: it goes too, and counts as lost. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	dup2(out, 1);
	dup2(out, 2);
	execv(argv[0], argv);
	dprintf(2, "error: cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int start(struct phase *p, char *const *argv)
{
	int ends[2];
	pid_t self = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	p->child = fork();
	if (p->child == 0)
		become(argv, ends[1], self);
	close(ends[1]);
	p->out = ends[0];
	if (p->child < 0) {
		close(ends[0]);
		return -1;
	}
	setpgid(p->child, p->child); /* on both sides: whoever comes first */
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	return 0;
}

static void ask_to_end(struct phase *p, int64_t grace)
{
	if (p->shim->kill_at)
		return;
	kill(-p->child, SIGTERM);
	p->shim->kill_at = mo_mono() + grace;
}

static void check_stop(struct phase *p)
{
	if (p->shim->stopping || !files_exists("stop"))
		return;
	p->shim->stopping = true;
	ask_to_end(p, files_stop_grace() * MO_SECOND);
}

/* Returns false at the end of the output. */
static bool copy_output(struct phase *p)
{
	char piece[16384];

	for (int i = 0; i < 64; i++) { /* then look at the rest again */
		ssize_t n = read(p->out, piece, sizeof(piece));
		if (n == 0)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		logcap_add(&p->shim->log, piece, (size_t)n);
	}
	return true;
}

static void reap(struct phase *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == p->child) {
			p->ended = true;
			p->status = status;
		}
}

static void take_signals(struct phase *p)
{
	struct signalfd_siginfo si;

	while (read(p->shim->signals, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD && !p->shim->stopping) {
			p->shim->stopping = true;
			ask_to_end(p, 10 * MO_SECOND);
		}
	reap(p);
}

static void check_clock(struct phase *p)
{
	int64_t now = mo_mono();

	if (p->limit_at && now >= p->limit_at && !p->timed_out && !p->shim->kill_at) {
		p->timed_out = true;
		ask_to_end(p, timeout_grace);
	}
	if (p->shim->kill_at && now >= p->shim->kill_at) {
		kill(-p->child, SIGKILL);
		p->shim->kill_at = now + MO_SECOND; /* again, should it have made new ones */
	}
}

static int wait_ms(const struct phase *p)
{
	int64_t at = p->shim->kill_at ? p->shim->kill_at : p->limit_at;
	int64_t ms = at ? (at - mo_mono()) / 1000 + 1 : 60000;

	if (p->shim->watch < 0 && ms > 200)
		ms = 200;
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

static void watch_child(struct phase *p)
{
	char events[4096];
	struct pollfd fds[] = { { .fd = p->out, .events = POLLIN },
		{ .fd = p->shim->signals, .events = POLLIN },
		{ .fd = p->shim->watch, .events = POLLIN } };

	reap(p);
	check_stop(p);
	while (!p->ended) {
		poll(fds, 3, wait_ms(p));
		if (fds[0].revents && !copy_output(p))
			fds[0].fd = -1; /* it closed its output but goes on */
		if (fds[1].revents)
			take_signals(p);
		if (fds[2].revents && read(p->shim->watch, events, sizeof(events)) < 0 &&
			errno != EAGAIN)
			fds[2].fd = -1;
		check_stop(p);
		check_clock(p);
	}
}

/* Kills every child we have: also those that left the group and fell to us as their subreaper. */
static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	pid_t self = getpid();

	if (!proc)
		return;
	for (struct dirent *e; (e = readdir(proc));) {
		char path[300], text[512];
		int64_t pid;
		int ppid = 0;
		if (mo_parse_i64(e->d_name, strlen(e->d_name), &pid) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		const char *at = strrchr(text, ')');
		if (at && sscanf(at + 1, " %*c %d", &ppid) == 1 && ppid == self)
			kill((pid_t)pid, SIGKILL);
	}
	closedir(proc);
}

static void clean_up(struct phase *p)
{
	kill(-p->child, SIGKILL);
	for (int i = 0; i < 500;
		i++) { /* 5 s: a child in an uninterruptible call is left to the kernel */
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			break;
		if (pid > 0)
			continue;
		kill_children();
		poll(NULL, 0, 10);
	}
	copy_output(p);
	close(p->out);
}

int phase_run(struct shim *shim, char *const *argv, int (*on_start)(void), struct phase_end *ret)
{
	struct phase p = { .shim = shim };

	if (start(&p, argv) < 0)
		return -1;
	if (files_write_pid("child.pid", p.child) < 0 || (on_start && on_start() < 0)) {
		int errnum = errno;
		clean_up(&p);
		errno = errnum;
		return -1;
	}
	if (shim->max_run)
		p.limit_at = mo_mono() + shim->max_run;
	watch_child(&p);
	clean_up(&p);
	*ret = (struct phase_end){ .status = p.status, .timed_out = p.timed_out };
	return 0;
}
