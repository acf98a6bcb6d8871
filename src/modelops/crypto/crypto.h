/* SHA-256, HMAC-SHA256 and the constant-time compare; OpenSSL's code behind our own names. */
#ifndef MODELOPS_CRYPTO_CRYPTO_H
#define MODELOPS_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

enum { CRYPTO_SHA256 = 32 }; /* bytes of a digest */

/* SHA-256 of N bytes at P. */
void crypto_sha256(const void *p, size_t n, unsigned char ret_digest[CRYPTO_SHA256]);

/* Same as lower-case hex with a NUL. */
void crypto_sha256_hex(const void *p, size_t n, char ret_hex[2 * CRYPTO_SHA256 + 1]);

/* SHA-256 of a stream. Starts with crypto_hash_new (NULL when memory is out), ends with
 * crypto_hash_end, which frees; crypto_hash_free gives up (NULL is fine). */
struct crypto_hash;
struct crypto_hash *crypto_hash_new(void);
void crypto_hash_add(struct crypto_hash *hash, const void *p, size_t n);
void crypto_hash_end(struct crypto_hash *hash, unsigned char ret_digest[CRYPTO_SHA256]);
void crypto_hash_free(struct crypto_hash *hash);

/* HMAC-SHA256 (RFC 2104) of N bytes at P under KEY. */
void crypto_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
	unsigned char ret_mac[CRYPTO_SHA256]);

/* N bytes are equal, in time that depends on N only. */
bool crypto_equal(const void *a, const void *b, size_t n);

#endif
