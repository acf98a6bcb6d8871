/* The shim's files in its folder: each appears whole, by rename. */
#include "files.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int files_write(const char *name, const char *text)
{
	char tmp[64];
	size_t n = strlen(text);

	snprintf(tmp, sizeof(tmp), ".%s.tmp", name);
	unlink(tmp);
	mo_autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	ssize_t w = write(fd, text, n);
	if (w >= 0 && (size_t)w != n)
		errno = ENOSPC;
	if (w < 0 || (size_t)w != n)
		return -1;
	return rename(tmp, name);
}

/* Field 22 of /proc/PID/stat: with the pid it names one process for as long as the machine runs. */
static long long start_time(pid_t pid)
{
	char path[64], text[1024];
	long long ticks = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	const char *at = strrchr(text, ')'); /* the name before it may hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%lld", &ticks) != 1)
		return -1;
	return ticks;
}

int files_write_pid(const char *name, pid_t pid)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %lld\n", (int)pid, start_time(pid));
	return files_write(name, text);
}

bool files_exists(const char *name)
{
	return faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int files_stop_grace(void)
{
	char text[32];
	int64_t seconds;
	mo_autoclose int fd = open("stop", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0 || mo_parse_i64(text, (size_t)n, &seconds) < 0 || seconds < 0 || seconds > 3600)
		return 10;
	return (int)seconds;
}
