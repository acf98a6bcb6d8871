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

/* A workload starts with a cleared environment: in sanitizer builds its first report ends it by
 * default, so that a test sees it. */
#if defined(__SANITIZE_THREAD__)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1:second_deadlock_stack=1";
}
#elif defined(__SANITIZE_ADDRESS__)
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}
#endif

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
