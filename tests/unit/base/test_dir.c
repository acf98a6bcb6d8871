/* The walk over a folder, and where this program lies. */
#include "modelops/base/dir.h"

#include "modelops/base/program.h"

#include "../unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/mo-dir-XXXXXX";
static int at;

static int make_folder(void **state)
{
	assert_non_null(mkdtemp(folder));
	at = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(at, "few", 0700), 0);
	assert_int_equal(symlinkat("few", at, "link"), 0);
	for (const char *name = "abc"; *name; name++) {
		char path[] = { 'f', 'e', 'w', '/', *name, '\0' };
		assert_int_equal(close(openat(at, path, O_WRONLY | O_CREAT, 0600)), 0);
	}
	return 0;
}

static int remove_one(void *ctx, int dir, const char *name, struct mo_err *err)
{
	++*(int *)ctx;
	return unlinkat(dir, name, 0);
}

static int remove_folder(void **state)
{
	int n = 0;

	mo_dir_each(at, "few", remove_one, &n, NULL);
	unlinkat(at, "few", AT_REMOVEDIR);
	unlinkat(at, "link", 0);
	close(at);
	return rmdir(folder);
}

static int note(void *ctx, int dir, const char *name, struct mo_err *err)
{
	char *seen = ctx;

	assert_int_equal(faccessat(dir, name, F_OK, 0), 0);
	strncat(seen, name, 8);
	return 0;
}

static void test_every_entry_once(void **state)
{
	char seen[64] = "";

	assert_int_equal(mo_dir_each(at, "few", note, seen, NULL), 0);
	assert_int_equal(strlen(seen), 3);
	assert_true(strchr(seen, 'a') && strchr(seen, 'b') && strchr(seen, 'c'));
}

static int stop(void *ctx, int dir, const char *name, struct mo_err *err)
{
	++*(int *)ctx;
	return 7;
}

static void test_the_function_ends_it(void **state)
{
	int n = 0;

	assert_int_equal(mo_dir_each(at, "few", stop, &n, NULL), 7);
	assert_int_equal(n, 1);
}

static void test_no_folder_is_empty(void **state)
{
	int n = 0;

	assert_int_equal(mo_dir_each(at, "none", stop, &n, NULL), 0);
	assert_int_equal(n, 0);
}

static void test_links_and_files_are_refused(void **state)
{
	struct mo_err err = { 0 };
	int n = 0;

	assert_int_equal(mo_dir_each(at, "link", stop, &n, &err), -1);
	assert_non_null(strstr(err.msg, "'link'"));
	assert_int_equal(mo_dir_each(at, "few/a", stop, &n, &err), -1);
	assert_int_equal(n, 0);
}

static void test_entries_may_be_removed(void **state)
{
	int n = 0, again = 0;

	assert_int_equal(mo_dir_each(at, "few", remove_one, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(mo_dir_each(at, "few", remove_one, &again, NULL), 0);
	assert_int_equal(again, 0);
}

static void test_program_dir(void **state)
{
	struct mo_err err = { 0 };
	char dir[4096], path[4200], small[2] = "x";
	struct stat st;

	assert_int_equal(mo_program_dir(dir, sizeof(dir), &err), 0);
	snprintf(path, sizeof(path), "%s/test_dir", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(mo_program_dir(small, sizeof(small), &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	assert_string_equal(small, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_entry_once),
		cmocka_unit_test(test_the_function_ends_it),
		cmocka_unit_test(test_no_folder_is_empty),
		cmocka_unit_test(test_links_and_files_are_refused),
		cmocka_unit_test(test_entries_may_be_removed),
		cmocka_unit_test(test_program_dir),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
