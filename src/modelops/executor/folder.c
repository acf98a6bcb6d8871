/* Reads and writes the small files of a shim's folder; see docs/ARCHITECTURE.md section 7. */
#include "modelops/executor/folder.h"

#include "modelops/base/check.h"
#include "modelops/base/dir.h"
#include "modelops/base/process.h"
#include "modelops/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_open(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

int folder_read(int dir, const char *name, char *out, size_t cap)
{
	mo_autoclose int fd = folder_open(dir, name);
	ssize_t n = fd < 0 ? -1 : read(fd, out, cap - 1);

	if (n < 0)
		return -1;
	if (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	return (int)n;
}

int folder_write(int dir, const char *name, const char *text, struct mo_err *err)
{
	char tmp[64];
	ssize_t n = (ssize_t)strlen(text);

	snprintf(tmp, sizeof(tmp), ".%s.new", name);
	unlinkat(dir, tmp, 0);
	mo_autoclose int fd =
		openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, text, (size_t)n) != n || renameat(dir, tmp, dir, name) < 0)
		return mo_fail_errno(err, errno ? errno : ENOSPC, "file '%s' of a job", name);
	return 0;
}

bool folder_alive(int dir, const char *name, int *ret_pid)
{
	char text[MO_PROCESS_TEXT];
	pid_t pid = folder_read(dir, name, text, sizeof(text)) > 0 ? mo_process_alive(text) : 0;

	if (pid && ret_pid)
		*ret_pid = pid;
	return pid != 0;
}

/* The last line of the log's end that starts with "error: ", without that, as plain text. */
static bool last_error(int dir, char *out, size_t cap)
{
	enum { END = 8192 };
	char text[END + 1];
	struct stat st;
	mo_autoclose int fd = folder_open(dir, "log");

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	ssize_t n = pread(fd, text, END, st.st_size > END ? st.st_size - END : 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	const char *line = NULL;
	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, "error: ", 7) == 0)
			line = at + 7;
	}
	if (!line)
		return false;
	size_t len = 0;
	while (len + 1 < cap && line[len] && line[len] != '\n') {
		unsigned char c = (unsigned char)line[len];
		out[len++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
	}
	while (len > 0 && !mo_utf8_valid(out, len)) /* also a letter cut in two at the end */
		len--;
	out[len] = '\0';
	return len > 0;
}

static void say_reason(int dir, struct exec_status *st)
{
	if (st->timed_out)
		snprintf(st->reason, sizeof(st->reason), "it ran longer than its time limit");
	else if (st->signal)
		snprintf(st->reason, sizeof(st->reason), "ended by signal %d (%s)", st->signal,
			strsignal(st->signal));
	else if (st->exit_code != 0 && !last_error(dir, st->reason, sizeof(st->reason)))
		snprintf(st->reason, sizeof(st->reason), "%sended with status %d",
			st->init_phase ? "fetching its inputs " : "", st->exit_code);
}

/* Fills what `exit` says; false when there is none (or none that can be read). */
static bool read_exit(int dir, struct exec_status *st)
{
	char text[96], phase[8] = "";
	int n = 0;

	if (folder_read(dir, "exit", text, sizeof(text)) < 0)
		return false;
	if (sscanf(text, "exited %d %7s %" SCNd64 "%n", &st->exit_code, phase, &st->ended_at, &n) !=
		3) {
		st->exit_code = -1;
		if (sscanf(text, "timeout %7s %" SCNd64, phase, &st->ended_at) == 2)
			st->timed_out = true;
		else if (sscanf(text, "signaled %d %7s %" SCNd64, &st->signal, phase,
				 &st->ended_at) != 3)
			return false;
	}
	st->state = EXEC_EXITED;
	st->init_phase = strcmp(phase, "init") == 0;
	say_reason(dir, st);
	return true;
}

static void read_started(int dir, struct exec_status *st)
{
	char text[32];
	int n = folder_read(dir, "started_at", text, sizeof(text));

	if (n <= 0 || mo_parse_i64(text, (size_t)n, &st->started_at) < 0)
		st->started_at = 0;
}

void folder_status(int dir, struct exec_status *ret)
{
	char text[64];
	int pid;

	read_started(dir, ret);
	ret->stopped = faccessat(dir, "stop", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (read_exit(dir, ret))
		return;
	if (folder_read(dir, "shim.pid", text, sizeof(text)) < 0) {
		ret->state = EXEC_ABSENT; /* made, but nothing was started in it yet */
		return;
	}
	if (folder_alive(dir, "shim.pid", NULL)) {
		ret->state = ret->started_at ? EXEC_RUNNING : EXEC_STARTING;
		ret->init_phase = !ret->started_at;
		if (folder_read(dir, "address", ret->address, sizeof(ret->address)) < 0)
			ret->address[0] = '\0';
		return;
	}
	if (read_exit(dir, ret)) /* it was just about to write it */
		return;
	if (folder_alive(dir, "child.pid", &pid)) /* unwatched: nobody would record its end */
		kill(pid, SIGKILL);
	ret->state = EXEC_LOST;
	snprintf(ret->reason, sizeof(ret->reason),
		"its watcher is gone without a word: killed from outside, or the machine "
		"restarted");
}

/* Deeper than the limit of open files fails; the folder then stays for a person to see. */
static int remove_entry(void *ctx, int at, const char *name, struct mo_err *err)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return mo_fail_errno(err, errno, "removing '%s'", name);
	if (mo_dir_each(at, name, remove_entry, NULL, err) < 0)
		return -1;
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return mo_fail_errno(err, errno, "removing '%s'", name);
	return 0;
}

int folder_remove(int at, const char *name, struct mo_err *err)
{
	return remove_entry(NULL, at, name, err);
}
