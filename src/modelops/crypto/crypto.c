/* Digests and MACs by libcrypto. A failure of libcrypto itself is a broken installation: it aborts.
 */
#include "modelops/crypto/crypto.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

void crypto_sha256(const void *p, size_t n, unsigned char ret_digest[CRYPTO_SHA256])
{
	MO_ASSERT(SHA256(p, n, ret_digest));
}

void crypto_sha256_hex(const void *p, size_t n, char ret_hex[2 * CRYPTO_SHA256 + 1])
{
	unsigned char digest[CRYPTO_SHA256];
	crypto_sha256(p, n, digest);
	mo_hex(digest, sizeof(digest), ret_hex);
}

/* The opaque name of OpenSSL's EVP_MD_CTX. */
static EVP_MD_CTX *ctx_of(struct crypto_hash *hash)
{
	return (EVP_MD_CTX *)hash;
}

struct crypto_hash *crypto_hash_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return (struct crypto_hash *)ctx;
}

void crypto_hash_add(struct crypto_hash *hash, const void *p, size_t n)
{
	MO_ASSERT(EVP_DigestUpdate(ctx_of(hash), p, n) == 1);
}

void crypto_hash_end(struct crypto_hash *hash, unsigned char ret_digest[CRYPTO_SHA256])
{
	MO_ASSERT(EVP_DigestFinal_ex(ctx_of(hash), ret_digest, NULL) == 1);
	EVP_MD_CTX_free(ctx_of(hash));
}

void crypto_hash_free(struct crypto_hash *hash)
{
	EVP_MD_CTX_free(ctx_of(hash));
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
	unsigned char ret_mac[CRYPTO_SHA256])
{
	unsigned len = 0;
	MO_ASSERT(
		HMAC(EVP_sha256(), key, (int)key_len, p, n, ret_mac, &len) && len == CRYPTO_SHA256);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
