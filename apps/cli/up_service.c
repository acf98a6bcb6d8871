/* A supervised program: started, its output kept in a log with a cap. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "up.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between fork and exec only calls that are safe there. SIGPIPE stays ignored: when we are killed,
 * a service that logs must still stop in order. */
_Noreturn static void become(const struct up_plan *p, const char *path, const char *const *argv,
	int out, pid_t parent, const sigset_t *mask)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(126);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
	}
	execve(path, (char *const *)argv, p->env);
	dprintf(STDERR_FILENO, "cannot start %s: %s\n", path, strerror(errno));
	_exit(127);
}

pid_t up_spawn(const struct up_plan *p, const char *const *argv, int *ret_out)
{
	char path[2 * UP_PATH];
	int pipe_fd[2] = { -1, -1 };
	pid_t self = getpid();
	sigset_t none;

	sigemptyset(&none);
	snprintf(path, sizeof(path), "%s/%s", p->bin, argv[0]);
	if (ret_out && pipe2(pipe_fd, O_CLOEXEC) < 0) {
		fprintf(stderr, "error: pipe: %s\n", strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		become(p, path, argv, pipe_fd[1], self, &none);
	if (pid > 0)
		setpgid(pid, pid);
	if (pipe_fd[1] >= 0)
		close(pipe_fd[1]);
	if (pid < 0 || !ret_out) {
		if (pipe_fd[0] >= 0)
			close(pipe_fd[0]);
	} else {
		fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
		*ret_out = pipe_fd[0];
	}
	return pid;
}

static void log_path(
	const struct up_plan *p, const char *log, const char *end, char *out, size_t cap)
{
	snprintf(out, cap, "%s/logs/%s.log%s", p->data, log, end);
}

static void open_log(const struct up_plan *p, struct up_service *s)
{
	char path[2 * UP_PATH];
	struct stat st;

	log_path(p, s->log, "", path, sizeof(path));
	s->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	s->log_size = s->log_fd >= 0 && fstat(s->log_fd, &st) == 0 ? st.st_size : 0;
}

/* Past half of the cap the log becomes the old piece, and a new one begins. */
static void turn_log(const struct up_plan *p, struct up_service *s)
{
	char path[2 * UP_PATH], old[2 * UP_PATH];

	if (s->log_fd >= 0)
		close(s->log_fd);
	log_path(p, s->log, "", path, sizeof(path));
	log_path(p, s->log, ".1", old, sizeof(old));
	if (rename(path, old) < 0)
		unlink(path);
	open_log(p, s);
}

int up_start(const struct up_plan *p, struct up_service *s)
{
	const char *const argv[] = { s->program, s->setting, NULL };

	if (s->log_fd < 0)
		open_log(p, s);
	s->started_at = mo_mono();
	s->pid = up_spawn(p, argv, &s->out_fd);
	if (s->pid > 0)
		return 0;
	s->pid = 0;
	return -1;
}

void up_drain(const struct up_plan *p, struct up_service *s)
{
	char buf[16384];
	ssize_t n;

	while (s->out_fd >= 0 && (n = read(s->out_fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (s->log_size + n > UP_LOG_CAP / 2)
			turn_log(p, s);
		ssize_t done = s->log_fd >= 0 ? write(s->log_fd, buf, (size_t)n) : 0;
		s->log_size += done > 0 ? done : 0; /* a full disk loses log lines, no service */
	}
	if (s->out_fd >= 0)
		close(s->out_fd);
	s->out_fd = -1;
}

void up_print_tail(const struct up_plan *p, const char *log, int lines)
{
	char path[2 * UP_PATH], buf[4097];

	log_path(p, log, "", path, sizeof(path));
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (size < 0)
		return;
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, size > 4096 ? size - 4096 : 0);
	if (n <= 0)
		return;
	buf[n] = '\0';
	char *at = buf + n;
	for (; at > buf && lines >= 0; at--)
		lines -= at[-1] == '\n';
	fprintf(stderr, "--- end of %s\n%s", path, lines < 0 ? at + 1 : buf);
}
