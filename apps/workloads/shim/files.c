/* The shim's files in its folder: each appears whole, by rename. */
#include "files.h"

#include "modelops/base/check.h"
#include "modelops/base/process.h"
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

int files_write_pid(const char *name, pid_t pid)
{
	char process[MO_PROCESS_TEXT], text[MO_PROCESS_TEXT + 1];

	snprintf(text, sizeof(text), "%s\n", mo_process_name(pid, process));
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
