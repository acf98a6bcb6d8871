/* This program itself: where it lies. */
#include "modelops/base/program.h"

#include "modelops/base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

int mo_program_dir(char *out, size_t cap, struct mo_err *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return mo_fail_errno(err, errno, "/proc/self/exe");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	if (mo_str_copy(out, cap, self) < 0)
		return mo_fail(err, MO_EINVAL, "the programs' folder '%.80s...' is too long", self);
	return 0;
}
