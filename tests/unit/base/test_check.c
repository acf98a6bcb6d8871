/* Checks abort on our own bugs; scope cleanup frees, closes and hands over. */
#include "../unit.h"

#include "modelops/base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct thing {
	unsigned magic;
};

/* The signal that ended a child which ran one check. */
static int ends_by(struct thing *t, int plain)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		close(STDERR_FILENO);
		if (plain)
			MO_ASSERT(t && t->magic);
		else
			MO_CHECK(t, 7);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void failed_checks_abort(void **state)
{
	struct thing good = { 7 }, bad = { 8 }, none = { 0 };

	assert_int_equal(ends_by(&good, 0), 0);
	assert_int_equal(ends_by(&bad, 0), SIGABRT);
	assert_int_equal(ends_by(NULL, 0), SIGABRT);
	assert_int_equal(ends_by(&bad, 1), 0);
	assert_int_equal(ends_by(&none, 1), SIGABRT);
}

static void descriptors_close_at_the_end_of_the_block(void **state)
{
	int number, none = -1;

	{
		mo_autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		mo_autoclose int nothing = none;
		number = fd;
		assert_true(fcntl(number, F_GETFD) >= 0);
		errno = ENOSPC;
		(void)nothing;
	}
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fcntl(number, F_GETFD), -1);
}

static void handed_over_things_stay(void **state)
{
	char *kept;
	int fd_kept;

	{
		mo_autofree char *p = malloc(10);
		mo_autofree char *dropped = malloc(10);
		mo_autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		mo_autofile FILE *f = fopen("/dev/null", "re");
		mo_autofile FILE *no_file = NULL;
		assert_non_null(dropped);
		assert_non_null(f);
		(void)no_file;
		kept = MO_TAKE(p);
		fd_kept = MO_TAKE_FD(fd);
		assert_null(p);
		assert_int_equal(fd, -1);
	}
	kept[0] = 'x';
	free(kept);
	assert_int_equal(close(fd_kept), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_checks_abort),
		cmocka_unit_test(descriptors_close_at_the_end_of_the_block),
		cmocka_unit_test(handed_over_things_stay),
	};
	return RUN_TESTS(tests);
}
