/* Preconditions and scope cleanup. */
#include "modelops/base/check.h"

#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <unistd.h>

_Noreturn void mo_check_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "bug: check failed: %s (%s:%d)\n", cond, file, line);
	void *frames[32];
	backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
	abort();
}

void mo_cleanup_free(void *pp)
{
	free(*(void **)pp);
}

void mo_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void mo_cleanup_file(void *pp)
{
	FILE *f = *(FILE **)pp;

	if (f)
		fclose(f);
}
