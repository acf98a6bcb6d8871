/* This program itself: where it lies, what it leaves behind. */
#include "modelops/base/program.h"

#include "modelops/base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
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

void mo_program_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none); /* lowering a limit of one's own cannot fail */
}
