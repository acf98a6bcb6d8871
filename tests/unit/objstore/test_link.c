/* Presigned links: what was signed passes until it expires; any change of any part is refused. */
#include "modelops/base/time.h"
#include "modelops/objstore/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct link_key key = { .bytes = "0123456789abcdef0123456789abcde" };
static const int64_t until = 2000 * MO_SECOND;

static void get_sig(const char *method, const char *object, char out[65])
{
	struct mo_buf b;
	mo_buf_init(&b, 2048);
	assert_int_equal(link_make(&key, method, object, until, &b, NULL), 0);
	const char *sig = strstr(b.data, "&sig=");
	assert_non_null(sig);
	memcpy(out, sig + 5, 65);
	mo_buf_free(&b);
}

static void test_round(void **state)
{
	char sig[65];
	get_sig("PUT", "a/b", sig);
	assert_int_equal(link_verify(&key, "PUT", "a/b", "2000", "PUT", sig, until - 1, NULL), 0);
	get_sig("GET", "a/b", sig);
	assert_int_equal(link_verify(&key, "HEAD", "a/b", "2000", "GET", sig, 0, NULL), 0);
}

static void test_refused(void **state)
{
	char sig[65], other[65];
	struct mo_err err = { 0 };
	struct link_key key2 = key;

	get_sig("GET", "a/b", sig);
	key2.bytes[31] ^= 1;
	memcpy(other, sig, 65);
	other[63] = other[63] == '0' ? '1' : '0';
	const struct {
		const struct link_key *key;
		const char *method, *object, *expires, *link_method, *sig;
		int64_t now;
	} rows[] = {
		{ &key, "GET", "a/b", "2000", "GET", sig, until }, /* expired */
		{ &key, "PUT", "a/b", "2000", "GET", sig, 0 },     /* other method */
		{ &key, "PUT", "a/b", "2000", "PUT", sig, 0 },     /* method changed */
		{ &key, "DELETE", "a/b", "2000", "GET", sig, 0 },  /* never signed */
		{ &key, "GET", "a/c", "2000", "GET", sig, 0 },     /* other key */
		{ &key, "GET", "a/b", "9999", "GET", sig, 0 },     /* later expiry */
		{ &key, "GET", "a/b", "2000", "GET", other, 0 },   /* one digit */
		{ &key2, "GET", "a/b", "2000", "GET", sig, 0 },    /* other secret */
		{ &key, "GET", "a/b", NULL, "GET", sig, 0 },       /* parts missing */
		{ &key, "GET", "a/b", "2000", NULL, sig, 0 },
		{ &key, "GET", "a/b", "2000", "GET", NULL, 0 },
		{ &key, "GET", "a/b", "2000", "GET", "", 0 },
		{ &key, "GET", "a/b", "20 00", "GET", sig, 0 },
		{ &key, "GET", "a/b", "99999999999999999999999999", "GET", sig, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			link_verify(rows[i].key, rows[i].method, rows[i].object, rows[i].expires,
				rows[i].link_method, rows[i].sig, rows[i].now, &err),
			-1);
		assert_int_equal(err.code, MO_EDENIED);
	}
}

static void test_key_file(void **state)
{
	char path[] = "/tmp/mo-link-XXXXXX";
	int fd = mkstemp(path);
	struct link_key got = { 0 };
	struct mo_err err = { 0 };

	assert_int_equal(write(fd,
				 "00112233445566778899aabbccddeeff"
				 "00112233445566778899aabbccddeeff\n",
				 65),
		65);
	assert_int_equal(link_key_load(path, &got, &err), 0);
	assert_int_equal(got.bytes[31], 0xff);
	assert_int_equal(ftruncate(fd, 63), 0);
	assert_int_equal(link_key_load(path, &got, &err), -1);
	assert_null(strstr(err.msg, "001122"));
	close(fd);
	unlink(path);
	assert_int_equal(link_key_load(path, &got, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_key_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
