/* What lies in a folder: the one loop over readdir. */
#include "modelops/base/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int each(DIR *dir, const char *name, mo_dir_fn *fn, void *ctx, struct mo_err *err)
{
	for (;;) {
		errno = 0; /* tells the end of the folder from a failure */
		const struct dirent *e = readdir(dir);
		if (!e)
			return errno ? mo_fail_errno(err, errno, "folder '%s'", name) : 0;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		int status = fn(ctx, dirfd(dir), e->d_name, err);
		if (status != 0)
			return status;
	}
}

int mo_dir_each(int at, const char *name, mo_dir_fn *fn, void *ctx, struct mo_err *err)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (!dir) {
		mo_fail_errno(err, errno, "folder '%s'", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int status = each(dir, name, fn, ctx, err);
	closedir(dir);
	return status;
}
