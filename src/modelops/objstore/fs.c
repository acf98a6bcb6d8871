/* Object store in a folder: one file per key, written aside, synced and renamed. Every step of a
 * path is opened without following symbolic links, so nothing outside the folder is ever touched.
 */
#include "modelops/base/check.h"
#include "modelops/base/dir.h"
#include "modelops/base/fault.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/objstore/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TMP_DIR ".tmp"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct fs {
	int root, tmp;
};

struct fs_put {
	struct fs *fs;
	int fd;
	char name[MO_ID_MAX]; /* in .tmp */
	char key[OBJSTORE_KEY_MAX + 1];
};

struct fs_get {
	int fd;
	int64_t left; /* -1: to the end */
};

static int fs_errno(struct mo_err *err, int errnum, const char *what, const char *key)
{
	if (errnum == ELOOP || errnum == ENOTDIR)
		return mo_fail(err, MO_ENOTFOUND, "no object '%s'", key);
	if (errnum == ENOENT)
		return mo_fail(err, MO_ENOTFOUND, "no object '%s'", key);
	return mo_fail_errno(err, errnum, "%s '%s'", what, key);
}

/* Opens folder NAME in AT; with MAKE, makes it (and makes that durable) when absent. -1: errno. */
static int step_into(int at, const char *name, bool make)
{
	int fd = openat(at, name, FOLDER);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	if (mkdirat(at, name, 0750) < 0 && errno != EEXIST)
		return -1;
	if (fsync(at) < 0)
		return -1;
	return openat(at, name, FOLDER);
}

/* Opens the folder that holds KEY's file; *ret_name is the last name in KEY. -1: errno. */
static int open_parent(struct fs *fs, const char *key, bool make, const char **ret_name)
{
	int at = fcntl(fs->root, F_DUPFD_CLOEXEC, 3);
	const char *slash;

	while (at >= 0 && (slash = strchr(key, '/'))) {
		char name[OBJSTORE_KEY_MAX + 1];
		memcpy(name, key, (size_t)(slash - key));
		name[slash - key] = '\0';
		int next = step_into(at, name, make);
		mo_cleanup_close(&at); /* keeps errno */
		at = next;
		key = slash + 1;
	}
	*ret_name = key;
	return at;
}

int objstore_fs_open(const char *folder, void **ret_self, struct mo_err *err)
{
	mo_autofree struct fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return mo_fail(err, MO_ENOMEM, "object store");
	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "object store folder '%s'", folder);
	/* The root itself may be a link: whoever configured it chose it. */
	fs->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fs->root < 0)
		return mo_fail_errno(err, errno, "object store folder '%s'", folder);
	fs->tmp = step_into(fs->root, TMP_DIR, true);
	if (fs->tmp < 0) {
		int errnum = errno;
		close(fs->root);
		return mo_fail_errno(err, errnum, "object store folder '%s/" TMP_DIR "'", folder);
	}
	*ret_self = MO_TAKE(fs);
	return 0;
}

static void fs_close(void *self)
{
	struct fs *fs = self;

	close(fs->root);
	close(fs->tmp);
	free(fs);
}

static int fs_put_begin(void *self, const char *key, void **ret_put, struct mo_err *err)
{
	struct fs *fs = self;
	mo_autofree struct fs_put *put = calloc(1, sizeof(*put));

	if (!put)
		return mo_fail(err, MO_ENOMEM, "upload of '%s'", key);
	put->fs = fs;
	memcpy(put->key, key, strlen(key) + 1);
	mo_id_new("put", put->name);
	put->fd =
		mo_fault("objstore.open")
			? (errno = EMFILE, -1)
			: openat(fs->tmp, put->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (put->fd < 0)
		return mo_fail_errno(err, errno, "upload of '%s'", key);
	*ret_put = MO_TAKE(put);
	return 0;
}

static int fs_put_write(void *self, const void *p, size_t n, struct mo_err *err)
{
	struct fs_put *put = self;
	const char *at = p;

	while (n > 0) {
		ssize_t w =
			mo_fault("objstore.write") ? (errno = ENOSPC, -1) : write(put->fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return mo_fail_errno(err, errno, "upload of '%s'", put->key);
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

static void fs_put_abort(void *self)
{
	struct fs_put *put = self;

	close(put->fd);
	unlinkat(put->fs->tmp, put->name, 0);
	free(put);
}

/* A delete may take the folder away between making it and the rename: then it is made again. */
static int rename_into_place(struct fs_put *put)
{
	for (int tries = 0;; tries++) {
		const char *name;
		mo_autoclose int dir = open_parent(put->fs, put->key, true, &name);
		if (dir < 0 && (errno != ENOENT || tries == 8))
			return -1;
		if (dir < 0)
			continue;
		if (mo_fault("objstore.rename")) {
			errno = EIO;
			return -1;
		}
		if (renameat(put->fs->tmp, put->name, dir, name) == 0)
			return fsync(dir);
		if (errno != ENOENT || tries == 8)
			return -1;
	}
}

static int fs_put_commit(void *self, struct objstore_info *ret_info, struct mo_err *err)
{
	struct fs_put *put = self;
	struct stat st;

	if (mo_fault("objstore.fsync"))
		errno = EIO;
	else if (fsync(put->fd) == 0 && fstat(put->fd, &st) == 0 && rename_into_place(put) == 0) {
		ret_info->modified_at = st.st_mtim.tv_sec * MO_SECOND + st.st_mtim.tv_nsec / 1000;
		close(put->fd);
		free(put);
		return 0;
	}
	int errnum = errno;
	mo_fail_errno(err, errnum, "upload of '%s'", put->key);
	fs_put_abort(put);
	return -1;
}

static void info_of(const struct stat *st, struct objstore_info *ret)
{
	*ret = (struct objstore_info){ .size = st->st_size,
		.modified_at = st->st_mtim.tv_sec * MO_SECOND + st->st_mtim.tv_nsec / 1000 };
}

static int fs_get_open(void *self, const char *key, int64_t offset, int64_t length, void **ret_get,
	struct objstore_info *ret_info, struct mo_err *err)
{
	const char *name;
	mo_autoclose int dir = open_parent(self, key, false, &name);
	mo_autoclose int fd =
		dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fs_errno(err, errno, "object", key);
	if (!S_ISREG(st.st_mode))
		return mo_fail(err, MO_ENOTFOUND, "no object '%s'", key);
	if (lseek(fd, offset, SEEK_SET) < 0)
		return mo_fail_errno(err, errno, "object '%s'", key);
	struct fs_get *get = malloc(sizeof(*get));
	if (!get)
		return mo_fail(err, MO_ENOMEM, "download of '%s'", key);
	*get = (struct fs_get){ .fd = MO_TAKE_FD(fd), .left = length };
	info_of(&st, ret_info);
	*ret_get = get;
	return 0;
}

static int fs_get_read(void *self, void *p, size_t n, size_t *ret_n, struct mo_err *err)
{
	struct fs_get *get = self;
	ssize_t r;

	if (get->left >= 0 && (int64_t)n > get->left)
		n = (size_t)get->left;
	do
		r = mo_fault("objstore.read") ? (errno = EIO, -1) : read(get->fd, p, n);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return mo_fail_errno(err, errno, "reading an object");
	if (get->left >= 0)
		get->left -= r;
	*ret_n = (size_t)r;
	return 0;
}

static void fs_get_close(void *self)
{
	struct fs_get *get = self;

	close(get->fd);
	free(get);
}

static int fs_stat(void *self, const char *key, struct objstore_info *ret_info, struct mo_err *err)
{
	const char *name;
	mo_autoclose int dir = open_parent(self, key, false, &name);
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fs_errno(err, errno, "object", key);
	if (!S_ISREG(st.st_mode))
		return mo_fail(err, MO_ENOTFOUND, "no object '%s'", key);
	info_of(&st, ret_info);
	return 0;
}

/* Empty folders above KEY go too; a put that meets this makes them again. */
static void prune(struct fs *fs, const char *key)
{
	char path[OBJSTORE_KEY_MAX + 1];
	char *slash;

	memcpy(path, key, strlen(key) + 1);
	while ((slash = strrchr(path, '/'))) {
		const char *name;
		*slash = '\0';
		mo_autoclose int dir = open_parent(fs, path, false, &name);
		if (dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) < 0)
			return;
	}
}

static int fs_remove(void *self, const char *key, struct mo_err *err)
{
	const char *name;
	mo_autoclose int dir = open_parent(self, key, false, &name);

	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (dir < 0)
		return mo_fail_errno(err, errno, "object '%s'", key);
	if (unlinkat(dir, name, 0) < 0)
		return errno == ENOENT || errno == EISDIR
			       ? 0
			       : mo_fail_errno(err, errno, "object '%s'", key);
	if (fsync(dir) < 0)
		return mo_fail_errno(err, errno, "object '%s'", key);
	prune(self, key);
	return 0;
}

static int fs_list(void *self, const char *prefix, const char *after, size_t limit,
	objstore_list_fn fn, void *ctx, struct mo_err *err)
{
	return objstore_fs_list(((struct fs *)self)->root, prefix, after, limit, fn, ctx, err);
}

struct clearing {
	int64_t before;
	struct objstore_total *total;
};

/* An upload that is alive writes: its file's time moves. */
static int clear_upload(void *ctx, int at, const char *name, struct mo_err *err)
{
	const struct clearing *c = ctx;
	struct objstore_info info;
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(err, errno, "upload '%s'", name);
	info_of(&st, &info);
	if (!S_ISREG(st.st_mode) || info.modified_at >= c->before)
		return 0;
	if (unlinkat(at, name, 0) < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(err, errno, "upload '%s'", name);
	c->total->count++;
	c->total->bytes += info.size;
	return 0;
}

static int fs_clear_uploads(
	void *self, int64_t before, struct objstore_total *total, struct mo_err *err)
{
	struct clearing c = { .before = before, .total = total };

	return mo_dir_each(((struct fs *)self)->tmp, ".", clear_upload, &c, err);
}

const struct objstore_ops objstore_fs_ops = {
	.close = fs_close,
	.put_begin = fs_put_begin,
	.put_write = fs_put_write,
	.put_commit = fs_put_commit,
	.put_abort = fs_put_abort,
	.get_open = fs_get_open,
	.get_read = fs_get_read,
	.get_close = fs_get_close,
	.stat = fs_stat,
	.remove = fs_remove,
	.list = fs_list,
	.clear_uploads = fs_clear_uploads,
};
