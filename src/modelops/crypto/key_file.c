/* Key files: 32 secret bytes as hex, that not everybody may read. */
#include "modelops/crypto/key_file.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX = 2 * KEY_FILE_BYTES, TOO_OPEN = S_IRWXO | S_IWGRP };

int key_file_load(const char *what, const char *path, unsigned char ret_key[KEY_FILE_BYTES],
	struct mo_err *err)
{
	unsigned char key[KEY_FILE_BYTES];
	char text[HEX + 16];
	struct stat st;

	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "%s file '%s'", what, path);
	if (st.st_mode & TOO_OPEN)
		return mo_fail(err, MO_EDENIED, "%s file '%s' has mode %03o: chmod 600 it", what,
			path, (unsigned)st.st_mode & 0777);
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return mo_fail_errno(err, errno, "%s file '%s'", what, path);
	if (n == HEX + 1 && text[HEX] == '\n')
		n = HEX;
	int bad = mo_unhex(text, (size_t)n, key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	if (bad < 0)
		return mo_fail(
			err, MO_EINVAL, "%s file '%s' does not hold 64 hex digits", what, path);
	memcpy(ret_key, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return 0;
}
