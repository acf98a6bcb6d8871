/* The writers' turn file outlives the machine's life: a mutex that says "held" there holds nobody
 * up. */
#include "modelops/store/turn.h"

#include "modelops/base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dirs[2][64];

static int make_dirs(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(dirs[i], sizeof(dirs[i]), "/tmp/mo-turn-XXXXXX");
		if (!mkdtemp(dirs[i]))
			return -1;
	}
	return 0;
}

static int drop_dirs(void **state)
{
	char path[256];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/writer.lock", dirs[i]);
		unlink(path);
		rmdir(dirs[i]);
	}
	return 0;
}

/* What a backup, or a disk after a power cut, has of the file: the bytes of a held turn. */
static void copy_file(void)
{
	char path[96], bytes[4096];

	snprintf(path, sizeof(path), "%s/writer.lock", dirs[0]);
	FILE *from = fopen(path, "rb");
	assert_non_null(from);
	size_t n = fread(bytes, 1, sizeof(bytes), from);
	fclose(from);
	assert_true(n > 0 && n < sizeof(bytes));
	snprintf(path, sizeof(path), "%s/writer.lock", dirs[1]);
	FILE *to = fopen(path, "wb");
	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, n, to), n);
	assert_int_equal(fclose(to), 0);
}

static void test_copied_while_held(void **state)
{
	struct turn *a, *b;
	struct mo_err err = { 0 };

	(void)state;
	assert_int_equal(turn_open(dirs[0], &a, &err), 0);
	assert_int_equal(turn_take(a, &err), 0);
	copy_file();
	alarm(10); /* without a new life the next lines wait for ever */
	assert_int_equal(turn_open(dirs[1], &b, &err), 0);
	assert_int_equal(turn_take(b, &err), 0);
	turn_give(b);
	alarm(0);
	turn_close(b);
	turn_give(a);
	turn_close(a);
}

/* A second process that opens the file leaves a held turn alone. */
static void test_held_by_another(void **state)
{
	struct turn *a, *b;
	struct mo_err err = { 0 };

	(void)state;
	assert_int_equal(turn_open(dirs[0], &a, &err), 0);
	assert_int_equal(turn_take(a, &err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(1);
		if (turn_open(dirs[0], &b, &err) < 0 || turn_take(b, &err) < 0)
			_exit(2);
		_exit(0); /* got what is held */
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	turn_give(a);
	assert_int_equal(turn_take(a, &err), 0);
	turn_give(a);
	turn_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copied_while_held, make_dirs, drop_dirs),
		cmocka_unit_test_setup_teardown(test_held_by_another, make_dirs, drop_dirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
