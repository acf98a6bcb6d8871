/* A fuzzer's corpus through the fuzzer's own function in any build (gcc, coverage, sanitizers):
 * links with tests/fuzz/NAME.c in libFuzzer's place. Its argument is the folder of the corpus. */
#include "modelops/base/check.h"
#include "modelops/base/dir.h"

#include "../unit/unit.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *corpus;

static int replay(void *ctx, int at, const char *name, struct mo_err *err)
{
	mo_autoclose int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	size_t size = (size_t)st.st_size;
	mo_autofree uint8_t *data =
		malloc(size); /* not a byte more: a sanitizer sees what is past it */
	assert_true(data || !size);
	assert_int_equal(read(fd, data, size), st.st_size);
	assert_int_equal(LLVMFuzzerTestOneInput(data, size), 0);
	++*(int *)ctx;
	return 0;
}

static void test_corpus(void **state)
{
	int n = 0;

	assert_int_equal(mo_dir_each(AT_FDCWD, corpus, replay, &n, NULL), 0);
	assert_true(n > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_corpus) };

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	corpus = argv[1];
	return RUN_TESTS(tests);
}
