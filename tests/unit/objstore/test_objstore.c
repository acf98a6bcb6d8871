/* The fs object store: whole objects or none, digests, keys that cannot leave the folder, listing.
 */
#include "modelops/base/fault.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/objstore/objstore.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ABC_SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct fixture {
	char root[64];
	struct objstore *store;
};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int set_up(void **state)
{
	static struct fixture f;
	mo_str_copy(f.root, sizeof(f.root), "/tmp/mo-objstore-XXXXXX");
	assert_non_null(mkdtemp(f.root));
	struct objstore_cfg cfg = { .folder = f.root };
	assert_int_equal(objstore_open(&cfg, &f.store, NULL), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	objstore_close(f->store);
	return nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static char *read_all(struct objstore *store, const char *key)
{
	static char out[64];
	struct mo_buf b;
	mo_buf_init(&b, sizeof(out) - 1);
	if (objstore_get_bytes(store, key, &b, NULL) < 0) {
		mo_buf_free(&b);
		return NULL;
	}
	memcpy(out, mo_buf_str(&b), b.len + 1);
	mo_buf_free(&b);
	return out;
}

static void test_keys(void **state)
{
	static const char *const good[] = { "a", "a/b", "tenants/ten_01/x.json", "A-b_c.9/d" };
	static const char *const bad[] = { "", "/a", "a/", "a//b", ".", "..", "a/..", "../a",
		"a/../b", ".tmp/x", "a/.b", "a b", "a\\b", "a\nb", "a%2fb", "\xc3\xa4" };
	char big[600];
	struct mo_err err = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(objstore_key_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(objstore_key_valid(bad[i]));
		assert_int_equal(
			objstore_put_bytes(((struct fixture *)*state)->store, bad[i], "x", 1, &err),
			-1);
		assert_int_equal(err.code, MO_EINVAL);
	}
	memset(big, 'a', sizeof(big));
	big[201] = '\0';
	assert_false(objstore_key_valid(big));
	big[201] = 'a';
	for (int i = 100; i < 600; i += 100)
		big[i] = '/';
	big[512] = '\0';
	assert_true(objstore_key_valid(big));
	big[512] = 'a';
	big[513] = '\0';
	assert_false(objstore_key_valid(big));
	assert_false(objstore_key_valid("a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"));
}

static void test_put_get(void **state)
{
	struct objstore *store = ((struct fixture *)*state)->store;
	struct objstore_put *put = NULL;
	struct objstore_info info;

	assert_int_equal(objstore_put_begin(store, "p/q/r", &put, NULL), 0);
	assert_int_equal(objstore_put_write(put, "a", 1, NULL), 0);
	assert_int_equal(objstore_put_write(put, "bc", 2, NULL), 0);
	assert_int_equal(objstore_stat(store, "p/q/r", &info, NULL), -1); /* not visible yet */
	assert_int_equal(objstore_put_commit(put, ABC_SHA, 3, &info, NULL), 0);
	assert_string_equal(info.sha256, ABC_SHA);
	assert_int_equal(info.size, 3);
	assert_string_equal(read_all(store, "p/q/r"), "abc");
	assert_int_equal(objstore_hash(store, "p/q/r", &info, NULL), 0);
	assert_string_equal(info.sha256, ABC_SHA);
	assert_int_equal(objstore_put_bytes(store, "p/q/r", "second", 6, NULL), 0);
	assert_string_equal(read_all(store, "p/q/r"), "second");
}

static void test_range(void **state)
{
	struct objstore *store = ((struct fixture *)*state)->store;
	struct objstore_get *get = NULL;
	struct objstore_info info;
	char out[16];
	size_t n;

	assert_int_equal(objstore_put_bytes(store, "r", "0123456789", 10, NULL), 0);
	assert_int_equal(objstore_get_open(store, "r", 3, 4, &get, &info, NULL), 0);
	assert_int_equal(info.size, 10);
	assert_int_equal(objstore_get_read(get, out, sizeof(out), &n, NULL), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(out, "3456", 4);
	assert_int_equal(objstore_get_read(get, out, sizeof(out), &n, NULL), 0);
	assert_int_equal(n, 0);
	objstore_get_close(get);
}

static void test_mismatch_stores_nothing(void **state)
{
	struct objstore *store = ((struct fixture *)*state)->store;
	struct objstore_put *put = NULL;
	struct mo_err err = { 0 };

	assert_int_equal(objstore_put_begin(store, "m", &put, NULL), 0);
	assert_int_equal(objstore_put_write(put, "abd", 3, NULL), 0);
	assert_int_equal(objstore_put_commit(put, ABC_SHA, 3, NULL, &err), -1);
	assert_int_equal(err.code, MO_EFIELD);
	assert_string_equal(err.field, "sha256");
	assert_int_equal(objstore_put_begin(store, "m", &put, NULL), 0);
	assert_int_equal(objstore_put_write(put, "ab", 2, NULL), 0);
	assert_int_equal(objstore_put_commit(put, NULL, 3, NULL, &err), -1);
	assert_string_equal(err.field, "size");
	assert_null(read_all(store, "m"));
}

static int count(void *ctx, const char *key, const struct objstore_info *info, struct mo_err *err)
{
	mo_buf_printf(ctx, "%s ", key);
	assert_true(info->size > 0);
	return 0;
}

static void test_list_delete(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct mo_buf seen;
	struct stat st;

	mo_buf_init(&seen, 256);
	assert_int_equal(objstore_put_bytes(f->store, "l/a/1", "x", 1, NULL), 0);
	assert_int_equal(objstore_put_bytes(f->store, "l/ab", "x", 1, NULL), 0);
	assert_int_equal(objstore_put_bytes(f->store, "k", "x", 1, NULL), 0);
	assert_int_equal(objstore_list(f->store, "l/a", "", 9, count, &seen, NULL), 0);
	assert_string_equal(seen.data, "l/a/1 l/ab ");
	mo_buf_reset(&seen);
	assert_int_equal(objstore_list(f->store, "l/a/", "", 9, count, &seen, NULL), 0);
	assert_string_equal(seen.data, "l/a/1 ");
	mo_buf_free(&seen);
	assert_int_equal(objstore_delete(f->store, "l/a/1", NULL), 0);
	assert_int_equal(objstore_delete(f->store, "l/a/1", NULL), 0);
	assert_int_equal(objstore_delete(f->store, "l", NULL), 0); /* a folder is no object */
	snprintf(path, sizeof(path), "%s/l/a", f->root);
	assert_int_equal(stat(path, &st), -1); /* the empty folder went too */
	assert_string_equal(read_all(f->store, "l/ab"), "x");
	assert_int_equal(objstore_put_bytes(f->store, "l/a/1", "x", 1, NULL), 0);
}

struct page {
	size_t n;
	char last[OBJSTORE_KEY_MAX + 1];
};

static int next_key(
	void *ctx, const char *key, const struct objstore_info *info, struct mo_err *err)
{
	struct page *p = ctx;
	assert_true(strcmp(key, p->last) > 0);
	mo_str_copy(p->last, sizeof(p->last), key);
	p->n++;
	return 0;
}

/* Pages of any size give every key once, in the order of bytes: '-' and '.' sort before '/', digits
 * after it. The folder holds more than is kept in memory at a time. */
static void test_pages(void **state)
{
	struct fixture *f = *state;
	struct objstore *store = f->store;
	static const char *const odd[] = { "p/a", "p/a-b", "p/a.b/c", "p/b/0", "p/b0", "p/b-/x",
		"q" };
	const size_t limits[] = { 1, 2, 7, 256, 257, 2000 };
	char key[128];

	assert_int_equal(objstore_put_bytes(store, "p/n/1000", "x", 1, NULL), 0);
	for (int i = 1; i < 700; i++) { /* without 700 fsyncs */
		snprintf(key, sizeof(key), "%s/p/n/%d", f->root, i * 7919 % 1000);
		if (i % 3 == 0) {
			assert_int_equal(mkdir(key, 0700), 0);
			mo_str_copy(key + strlen(key), 3, "/x");
		}
		int fd = open(key, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(objstore_put_bytes(store, odd[i], "x", 1, NULL), 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct page page = { .last = "" };
		size_t all = 0;
		do {
			page.n = 0;
			assert_int_equal(objstore_list(store, "p", page.last, limits[i], next_key,
						 &page, NULL),
				0);
			assert_true(page.n <= limits[i]);
			all += page.n;
		} while (page.n == limits[i]);
		assert_int_equal(all, 706);
		assert_int_equal(strncmp(page.last, "p/n/99", 6), 0);
	}
	struct page page = { .last = "p/b/0" };
	assert_int_equal(objstore_list(store, "p/b", "p/b/0", 9, next_key, &page, NULL), 0);
	assert_string_equal(page.last, "p/b0");
	assert_int_equal(page.n, 1);
}

/* What a killed process left goes once it is old; an upload that writes stays and ends well. */
static void test_clear_uploads(void **state)
{
	struct fixture *f = *state;
	struct objstore_put *put = NULL;
	struct objstore_total total = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/.tmp/put_dead", f->root);
	FILE *file = fopen(path, "w");
	fputs("12345", file);
	fclose(file);
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(objstore_put_begin(f->store, "c/x", &put, NULL), 0);
	assert_int_equal(objstore_clear_uploads(f->store, 1000 * MO_SECOND, &total, NULL), 0);
	assert_int_equal(total.count, 0);
	assert_int_equal(objstore_clear_uploads(f->store, 1001 * MO_SECOND, &total, NULL), 0);
	assert_int_equal(total.count, 1);
	assert_int_equal(total.bytes, 5);
	assert_int_equal(objstore_put_write(put, "x", 1, NULL), 0);
	assert_int_equal(objstore_put_commit(put, NULL, 1, NULL, NULL), 0);
	assert_string_equal(read_all(f->store, "c/x"), "x");
}

/* Planted links, also as the last name, lead nowhere: neither reading nor writing follows them. */
static void test_links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	char outside[] = "/tmp/mo-outside-XXXXXX", path[160];
	struct objstore_info info;
	struct mo_err err = { 0 };

	assert_non_null(mkdtemp(outside));
	snprintf(path, sizeof(path), "%s/secret", outside);
	FILE *file = fopen(path, "w");
	fputs("secret", file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/evil", f->root);
	assert_int_equal(symlink(outside, path), 0);
	assert_int_equal(objstore_stat(f->store, "evil/secret", &info, &err), -1);
	assert_int_equal(err.code, MO_ENOTFOUND);
	assert_null(read_all(f->store, "evil/secret"));
	assert_int_equal(objstore_put_bytes(f->store, "evil/new", "x", 1, &err), -1);
	snprintf(path, sizeof(path), "%s/secret", outside);
	char link[160];
	snprintf(link, sizeof(link), "%s/file", f->root);
	assert_int_equal(symlink(path, link), 0);
	assert_null(read_all(f->store, "file"));
	assert_int_equal(objstore_stat(f->store, "file", &info, &err), -1);
	assert_int_equal(objstore_put_bytes(f->store, "file", "mine", 4, NULL), 0);
	file = fopen(path, "r");
	char got[16] = "";
	assert_non_null(fgets(got, sizeof(got), file));
	fclose(file);
	assert_string_equal(got, "secret");
	unlink(path);
	rmdir(outside);
}

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* H14: fail the Nth step of an upload; after each, nothing is visible, nothing is left, a retry
 * works. */
static void test_fail_the_nth(void **state)
{
	struct fixture *f = *state;
	struct mo_err err = { 0 };
	char tmp[128];
	int n = 1;

	for (;; n++) {
		mo_fault_arm(NULL, n);
		int status = objstore_put_bytes(f->store, "n/x", "abc", 3, &err);
		bool struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		if (!struck) {
			assert_int_equal(status, 0);
			break;
		}
		assert_int_equal(status, -1);
		assert_null(read_all(f->store, "n/x"));
		snprintf(tmp, sizeof(tmp), "%s/.tmp", f->root);
		assert_int_equal(entries(tmp), 0);
	}
	assert_true(n >= 5);
	mo_fault_arm("objstore.write", 1);
	assert_int_equal(objstore_put_bytes(f->store, "n/y", "abc", 3, &err), -1);
	assert_int_equal(err.code, MO_EFULL);
	mo_fault_arm(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_put_get, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_range, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mismatch_stores_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list_delete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clear_uploads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fail_the_nth, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
