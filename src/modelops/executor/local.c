/* Executor for one machine: a folder and a modelops-shim per job. All it knows it reads from the
 * folders. */
#include "modelops/base/check.h"
#include "modelops/base/dir.h"
#include "modelops/base/fault.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/executor/folder.h"
#include "modelops/executor/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GONE "gone-" /* folders on their way out */

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, LOG_PIECE = 256 << 10 };

struct local {
	int work;
	char *work_path; /* absolute: the shim changes its folder */
	char shim[512], fetch[512], bin[480];
};

/* Folders whose removal was cut short. */
static int sweep_entry(void *ctx, int at, const char *name, struct mo_err *err)
{
	if (strncmp(name, GONE, strlen(GONE)) == 0)
		folder_remove(at, name, NULL);
	return 0;
}

int executor_local_open(const struct exec_local_cfg *cfg, void **ret_self, struct mo_err *err)
{
	mo_autofree struct local *l = calloc(1, sizeof(*l));
	mo_autofree char *bin = realpath(cfg->bin_dir, NULL);

	if (!l)
		return mo_fail(err, MO_ENOMEM, "executor");
	if (!bin || mo_str_copy(l->bin, sizeof(l->bin), bin) < 0)
		return mo_fail_errno(err, errno, "folder of programs '%s'", cfg->bin_dir);
	snprintf(l->shim, sizeof(l->shim), "%s/modelops-shim", bin);
	snprintf(l->fetch, sizeof(l->fetch), "%s/modelops-fetch", bin);
	if (mkdir(cfg->work_dir, 0700) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "work folder '%s'", cfg->work_dir);
	l->work = open(cfg->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->work < 0)
		return mo_fail_errno(err, errno, "work folder '%s'", cfg->work_dir);
	l->work_path = realpath(cfg->work_dir, NULL);
	if (!l->work_path) {
		int errnum = errno;
		close(l->work);
		return mo_fail_errno(err, errnum, "work folder '%s'", cfg->work_dir);
	}
	mo_dir_each(l->work, ".", sweep_entry, NULL, NULL);
	*ret_self = MO_TAKE(l);
	return 0;
}

static void local_free(void *self)
{
	struct local *l = self;

	close(l->work);
	free(l->work_path);
	free(l);
}

/* The shim's first process returns as soon as the watcher has claimed the folder. */
static int wait_for_claim(pid_t pid, const char *id, struct mo_err *err)
{
	int64_t deadline = mo_mono() + 15 * MO_SECOND;
	int status;

	for (int ms = 1;; ms = ms < 20 ? ms * 2 : 20) {
		pid_t done = waitpid(pid, &status, WNOHANG);
		if (done == pid)
			break;
		if (done < 0 && errno != EINTR)
			return mo_fail_errno(err, errno, "starting '%s'", id);
		if (mo_mono() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return mo_fail(err, MO_EUNAVAIL, "starting '%s': no answer in 15 s", id);
		}
		poll(NULL, 0, ms);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return mo_fail(
			err, MO_EUNAVAIL, "starting '%s': modelops-shim could not start", id);
	return 0;
}

static int spawn(const struct local *l, const struct exec_spec *spec, char *const *argv,
	pid_t *ret_pid, struct mo_err *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	int errnum = posix_spawn(
		ret_pid, l->shim, &files, &attr, argv, (char *const *)(uintptr_t)spec->env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (errnum)
		return mo_fail_errno(err, errnum, "starting '%s' by '%s'", spec->id, l->shim);
	return 0;
}

static int start_shim(const struct local *l, const struct exec_spec *spec, struct mo_err *err)
{
	char cap[24], limit[24], program[560];
	mo_autofree char *dir = NULL;
	pid_t pid;

	if (asprintf(&dir, "%s/%s", l->work_path, spec->id) < 0) {
		dir = NULL;
		return mo_fail(err, MO_ENOMEM, "starting '%s'", spec->id);
	}
	snprintf(cap, sizeof(cap), "%" PRId64, spec->log_cap);
	snprintf(limit, sizeof(limit), "%" PRId64,
		(spec->max_runtime_us + MO_SECOND - 1) / MO_SECOND);
	snprintf(program, sizeof(program), "%s/modelops-%s", l->bin, spec->program);
	const char *argv[] = { l->shim, dir, cap, limit, "--init", l->fetch, "--run", program,
		NULL };
	if (mo_fault("executor.spawn"))
		return mo_fail(err, MO_EUNAVAIL, "starting '%s': injected", spec->id);
	if (spawn(l, spec, (char *const *)(uintptr_t)argv, &pid, err) < 0)
		return -1;
	return wait_for_claim(pid, spec->id, err);
}

static int open_folder(const struct local *l, const char *id)
{
	return openat(l->work, id, FOLDER);
}

static int local_start(void *self, const struct exec_spec *spec, struct mo_err *err)
{
	struct local *l = self;
	char text[64];

	if (mkdirat(l->work, spec->id, 0700) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "folder of '%s'", spec->id);
	mo_autoclose int dir = open_folder(l, spec->id);
	if (dir < 0)
		return mo_fail_errno(err, errno, "folder of '%s'", spec->id);
	/* A folder made by a controller that died before the shim's claim is gone on with here. */
	if (folder_read(dir, "shim.pid", text, sizeof(text)) >= 0)
		return 0;
	if ((mkdirat(dir, "in", 0700) < 0 && errno != EEXIST) ||
		(mkdirat(dir, "out", 0700) < 0 && errno != EEXIST))
		return mo_fail_errno(err, errno, "folder of '%s'", spec->id);
	return start_shim(l, spec, err);
}

static int local_observe(
	void *self, const char *id, struct exec_status *ret_status, struct mo_err *err)
{
	mo_autoclose int dir = open_folder(self, id);

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return mo_fail_errno(err, errno, "folder of '%s'", id);
	folder_status(dir, ret_status);
	return 0;
}

static int local_stop(void *self, const char *id, int64_t grace_us, struct mo_err *err)
{
	mo_autoclose int dir = open_folder(self, id);
	char text[32];

	if (dir < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(err, errno, "folder of '%s'", id);
	if (folder_read(dir, "stop", text, sizeof(text)) >= 0 ||
		folder_read(dir, "exit", text, sizeof(text)) >= 0)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64 "\n", (grace_us + MO_SECOND - 1) / MO_SECOND);
	return folder_write(dir, "stop", text, err);
}

static int local_log(
	void *self, const char *id, int64_t offset, struct mo_buf *buf, struct mo_err *err)
{
	mo_autoclose int dir = open_folder(self, id);
	mo_autoclose int fd = dir < 0 ? -1 : folder_open(dir, "log");
	size_t room = buf->max - buf->len < LOG_PIECE ? buf->max - buf->len : LOG_PIECE;

	if (fd < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(err, errno, "log of '%s'", id);
	while (room > 0) {
		if (mo_buf_reserve(buf, room) < 0)
			return mo_fail(err, MO_ENOMEM, "log of '%s'", id);
		ssize_t n = pread(fd, buf->data + buf->len, room, offset);
		if (n < 0)
			return mo_fail_errno(err, errno, "log of '%s'", id);
		if (n == 0)
			break;
		buf->len += (size_t)n;
		offset += n;
		room = buf->max - buf->len < LOG_PIECE ? buf->max - buf->len : LOG_PIECE;
	}
	if (buf->data)
		buf->data[buf->len] = '\0';
	return 0;
}

static int local_forget(void *self, const char *id, struct mo_err *err)
{
	struct local *l = self;
	mo_autoclose int dir = open_folder(l, id);
	char gone[64];

	if (dir < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(err, errno, "folder of '%s'", id);
	if (folder_alive(dir, "shim.pid", NULL)) {
		/* The end is written a moment before the watcher itself is gone. */
		if (folder_read(dir, "exit", gone, sizeof(gone)) < 0)
			return mo_fail(err, MO_ECONFLICT, "'%s' is still running", id);
	}
	snprintf(gone, sizeof(gone), GONE "%s", id);
	if (renameat(l->work, id, l->work, gone) < 0)
		return mo_fail_errno(err, errno, "folder of '%s'", id);
	return folder_remove(l->work, gone, err);
}

struct listing {
	int (*fn)(void *ctx, const char *id, struct mo_err *err);
	void *ctx;
};

static int list_entry(void *ctx, int at, const char *name, struct mo_err *err)
{
	const struct listing *to = ctx;
	size_t n = strlen(name);

	return mo_id_valid(name, n, "att") || mo_id_valid(name, n, "ins")
		       ? to->fn(to->ctx, name, err)
		       : 0;
}

static int local_list(void *self, int (*fn)(void *ctx, const char *id, struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	const struct local *l = self;
	struct listing to = { .fn = fn, .ctx = ctx };

	return mo_dir_each(l->work, ".", list_entry, &to, err);
}

const struct executor_ops executor_local_ops = {
	.free = local_free,
	.start = local_start,
	.observe = local_observe,
	.stop = local_stop,
	.log = local_log,
	.forget = local_forget,
	.list = local_list,
};
