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

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABD "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"

static void get_sig(const char *method, const char *object, char out[65])
{
	struct mo_buf b;
	bool put = !strcmp(method, "PUT");
	const struct objstore_grant grant = { .method = method,
		.key = object,
		.expires_at = until,
		.size = 3,
		.sha256 = put ? ABC : NULL };
	mo_buf_init(&b, 2048);
	assert_int_equal(link_make(&key, &grant, &b, NULL), 0);
	const char *sig = strstr(b.data, "&sig=");
	assert_non_null(sig);
	assert_int_equal(strstr(b.data, "&size=3&sha256=" ABC) != NULL, put);
	memcpy(out, sig + 5, 65);
	mo_buf_free(&b);
}

static int verify(const struct link_key *k, const char *method, const char *object,
	const struct objstore_link *link, int64_t now)
{
	struct mo_err err = { 0 };
	int rc = link_verify(k, method, object, link, now, &err);
	assert_true(rc == 0 || err.code == MO_EDENIED);
	return rc;
}

static void test_round(void **state)
{
	char sig[65];
	get_sig("PUT", "a/b", sig);
	assert_int_equal(
		verify(&key, "PUT", "a/b", &(struct objstore_link){ "2000", "PUT", "3", ABC, sig },
			until - 1),
		0);
	get_sig("GET", "a/b", sig);
	assert_int_equal(verify(&key, "HEAD", "a/b",
				 &(struct objstore_link){ "2000", "GET", NULL, NULL, sig }, 0),
		0);
}

static void test_refused(void **state)
{
	char sig[65], put[65], other[65];
	struct link_key key2 = key;

	get_sig("GET", "a/b", sig);
	get_sig("PUT", "a/b", put);
	key2.bytes[31] ^= 1;
	memcpy(other, sig, 65);
	other[63] = other[63] == '0' ? '1' : '0';
	const struct {
		const struct link_key *key;
		const char *method, *object;
		struct objstore_link link;
		int64_t now;
	} rows[] = {
		{ &key, "GET", "a/b", { "2000", "GET", NULL, NULL, sig }, until }, /* expired */
		{ &key, "PUT", "a/b", { "2000", "GET", NULL, NULL, sig }, 0 }, /* other method */
		{ &key, "PUT", "a/b", { "2000", "PUT", NULL, NULL, sig }, 0 }, /* method changed */
		{ &key, "DELETE", "a/b", { "2000", "GET", NULL, NULL, sig }, 0 }, /* never signed */
		{ &key, "GET", "a/c", { "2000", "GET", NULL, NULL, sig }, 0 },    /* other key */
		{ &key, "GET", "a/b", { "9999", "GET", NULL, NULL, sig }, 0 },    /* later expiry */
		{ &key, "GET", "a/b", { "2000", "GET", NULL, NULL, other }, 0 },  /* one digit */
		{ &key2, "GET", "a/b", { "2000", "GET", NULL, NULL, sig }, 0 },   /* other secret */
		{ &key, "GET", "a/b", { NULL, "GET", NULL, NULL, sig }, 0 }, /* parts missing */
		{ &key, "GET", "a/b", { "2000", NULL, NULL, NULL, sig }, 0 },
		{ &key, "GET", "a/b", { "2000", "GET", NULL, NULL, NULL }, 0 },
		{ &key, "GET", "a/b", { "2000", "GET", NULL, NULL, "" }, 0 },
		{ &key, "GET", "a/b", { "20 00", "GET", NULL, NULL, sig }, 0 },
		{ &key, "GET", "a/b", { "99999999999999999999999999", "GET", NULL, NULL, sig }, 0 },
		{ &key, "GET", "a/b", { "2000", "GET", "3", ABC, sig }, 0 }, /* parts added */
		{ &key, "PUT", "a/b", { "2000", "PUT", "4", ABC, put }, 0 }, /* another body */
		{ &key, "PUT", "a/b", { "2000", "PUT", "3", ABD, put }, 0 },
		{ &key, "PUT", "a/b", { "2000", "PUT", NULL, ABC, put }, 0 },
		{ &key, "PUT", "a/b", { "2000", "PUT", "3", NULL, put }, 0 },
		{ &key, "PUT", "a/b", { "2000", "PUT", NULL, NULL, put }, 0 },
		{ &key, "PUT", "a/b", { "2000", "PUT", "3", ABC ABC ABC, put }, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(verify(rows[i].key, rows[i].method, rows[i].object, &rows[i].link,
					 rows[i].now),
			-1);
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
