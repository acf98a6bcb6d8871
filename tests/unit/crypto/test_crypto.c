/* Known answers of SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 4231), whole and streamed. */
#include "modelops/base/str.h"
#include "modelops/crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_sha256(void **state)
{
	char hex[65];
	crypto_sha256_hex("abc", 3, hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_hex("", 0, hex);
	assert_string_equal(
		hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_stream(void **state)
{
	unsigned char whole[32], pieces[32];
	char data[1000];
	memset(data, 'x', sizeof(data));
	crypto_sha256(data, sizeof(data), whole);
	struct crypto_hash *hash = crypto_hash_new();
	assert_non_null(hash);
	for (size_t at = 0; at < sizeof(data); at += 7)
		crypto_hash_add(hash, data + at, sizeof(data) - at < 7 ? sizeof(data) - at : 7);
	crypto_hash_end(hash, pieces);
	assert_memory_equal(whole, pieces, 32);
	crypto_hash_free(crypto_hash_new());
	crypto_hash_free(NULL);
}

static void test_hmac(void **state)
{
	unsigned char mac[32];
	char hex[65];
	crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
	mo_hex(mac, 32, hex);
	assert_string_equal(
		hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_equal(void **state)
{
	assert_true(crypto_equal("same", "same", 4));
	assert_false(crypto_equal("same", "sama", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
