/* The front of the object store: keys checked, digests computed, then the backend's table. */
#include "modelops/objstore/objstore.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/str.h"
#include "modelops/crypto/crypto.h"
#include "modelops/objstore/link.h"
#include "modelops/objstore/ops.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_NAMES_MAX = 16, KEY_NAME_MAX = 200 };

struct objstore {
	const struct objstore_ops *ops;
	void *self;
	bool has_key;
	struct link_key key;
};

struct objstore_put {
	const struct objstore_ops *ops;
	void *put;
	struct crypto_hash *hash;
	int64_t size;
};

struct objstore_get {
	const struct objstore_ops *ops;
	void *get;
};

static bool key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool objstore_key_valid(const char *key)
{
	unsigned names = 0;

	if (!key || strlen(key) > OBJSTORE_KEY_MAX)
		return false;
	for (const char *at = key;; at++) {
		size_t n = 0;
		while (key_byte(at[n]))
			n++;
		if (n == 0 || n > KEY_NAME_MAX || at[0] == '.' || ++names > KEY_NAMES_MAX)
			return false;
		at += n;
		if (*at == '\0')
			return true;
		if (*at != '/')
			return false;
	}
}

static int check_key(const char *key, struct mo_err *err)
{
	if (objstore_key_valid(key))
		return 0;
	return mo_fail(err, MO_EINVAL, "'%.100s' is not a valid object key", key ? key : "");
}

int objstore_open(const struct objstore_cfg *cfg, struct objstore **ret_store, struct mo_err *err)
{
	mo_autofree struct objstore *store = calloc(1, sizeof(*store));

	if (!store)
		return mo_fail(err, MO_ENOMEM, "object store");
	if (cfg->presign_key_file) {
		if (link_key_load(cfg->presign_key_file, &store->key, err) < 0)
			return -1;
		store->has_key = true;
	}
	store->ops = &objstore_fs_ops;
	if (objstore_fs_open(cfg->folder, &store->self, err) < 0)
		return -1;
	*ret_store = MO_TAKE(store);
	return 0;
}

void objstore_close(struct objstore *store)
{
	if (!store)
		return;
	store->ops->close(store->self);
	explicit_bzero(&store->key, sizeof(store->key));
	free(store);
}

int objstore_put_begin(
	struct objstore *store, const char *key, struct objstore_put **ret_put, struct mo_err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	mo_autofree struct objstore_put *put = calloc(1, sizeof(*put));
	if (!put || mo_fault("objstore.alloc") || !(put->hash = crypto_hash_new()))
		return mo_fail(err, MO_ENOMEM, "upload of '%s'", key);
	put->ops = store->ops;
	if (store->ops->put_begin(store->self, key, &put->put, err) < 0) {
		crypto_hash_free(put->hash);
		return -1;
	}
	*ret_put = MO_TAKE(put);
	return 0;
}

int objstore_put_write(struct objstore_put *put, const void *p, size_t n, struct mo_err *err)
{
	if (put->ops->put_write(put->put, p, n, err) < 0)
		return -1;
	crypto_hash_add(put->hash, p, n);
	put->size += (int64_t)n;
	return 0;
}

void objstore_put_abort(struct objstore_put *put)
{
	if (!put)
		return;
	put->ops->put_abort(put->put);
	crypto_hash_free(put->hash);
	free(put);
}

static int put_verify(struct objstore_put *put, const char *sha256, int64_t size,
	char ret_hex[OBJSTORE_SHA256_TEXT], struct mo_err *err)
{
	unsigned char digest[CRYPTO_SHA256];

	crypto_hash_end(MO_TAKE(put->hash), digest);
	mo_hex(digest, sizeof(digest), ret_hex);
	if (size >= 0 && size != put->size)
		return mo_fail_field(err, "size", "%lld bytes came, %lld were announced",
			(long long)put->size, (long long)size);
	if (sha256 && !mo_str_ieq(mo_str(sha256), ret_hex))
		return mo_fail_field(
			err, "sha256", "the bytes have sha256 %s, not %.64s", ret_hex, sha256);
	return 0;
}

int objstore_put_commit(struct objstore_put *put, const char *sha256, int64_t size,
	struct objstore_info *ret_info, struct mo_err *err)
{
	struct objstore_info info = { .size = put->size };

	if (put_verify(put, sha256, size, info.sha256, err) < 0) {
		objstore_put_abort(put);
		return -1;
	}
	int status = put->ops->put_commit(put->put, &info, err);
	free(put);
	if (status == 0 && ret_info)
		*ret_info = info;
	return status;
}

int objstore_get_open(struct objstore *store, const char *key, int64_t offset, int64_t length,
	struct objstore_get **ret_get, struct objstore_info *ret_info, struct mo_err *err)
{
	struct objstore_info info = { 0 };

	MO_ASSERT(offset >= 0);
	if (check_key(key, err) < 0)
		return -1;
	mo_autofree struct objstore_get *get = calloc(1, sizeof(*get));
	if (!get || mo_fault("objstore.alloc"))
		return mo_fail(err, MO_ENOMEM, "download of '%s'", key);
	get->ops = store->ops;
	if (store->ops->get_open(store->self, key, offset, length, &get->get, &info, err) < 0)
		return -1;
	if (ret_info)
		*ret_info = info;
	*ret_get = MO_TAKE(get);
	return 0;
}

int objstore_get_read(
	struct objstore_get *get, void *p, size_t n, size_t *ret_n, struct mo_err *err)
{
	return get->ops->get_read(get->get, p, n, ret_n, err);
}

void objstore_get_close(struct objstore_get *get)
{
	if (!get)
		return;
	get->ops->get_close(get->get);
	free(get);
}

int objstore_stat(
	struct objstore *store, const char *key, struct objstore_info *ret_info, struct mo_err *err)
{
	struct objstore_info info = { 0 };

	if (check_key(key, err) < 0 || store->ops->stat(store->self, key, &info, err) < 0)
		return -1;
	*ret_info = info;
	return 0;
}

int objstore_delete(struct objstore *store, const char *key, struct mo_err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	return store->ops->remove(store->self, key, err);
}

int objstore_list(struct objstore *store, const char *prefix, const char *after, size_t limit,
	objstore_list_fn fn, void *ctx, struct mo_err *err)
{
	return store->ops->list(store->self, prefix, after, limit, fn, ctx, err);
}

int objstore_clear_uploads(
	struct objstore *store, int64_t before, struct objstore_total *total, struct mo_err *err)
{
	return store->ops->clear_uploads(store->self, before, total, err);
}

int objstore_presign(struct objstore *store, const struct objstore_grant *grant, struct mo_buf *out,
	struct mo_err *err)
{
	bool put = mo_streq(grant->method, "PUT");

	MO_ASSERT((put || mo_streq(grant->method, "GET")) && put == (grant->sha256 != NULL));
	if (check_key(grant->key, err) < 0)
		return -1;
	if (store->ops->presign)
		return store->ops->presign(store->self, grant, out, err);
	MO_ASSERT(store->has_key);
	return link_make(&store->key, grant, out, err);
}

int objstore_verify(struct objstore *store, const char *method, const char *key,
	const struct objstore_link *link, int64_t now, struct mo_err *err)
{
	MO_ASSERT(store->has_key);
	if (check_key(key, err) < 0)
		return -1;
	return link_verify(&store->key, method, key, link, now, err);
}

int objstore_put_bytes(
	struct objstore *store, const char *key, const void *p, size_t n, struct mo_err *err)
{
	struct objstore_put *put = NULL;

	if (objstore_put_begin(store, key, &put, err) < 0)
		return -1;
	if (objstore_put_write(put, p, n, err) < 0) {
		objstore_put_abort(put);
		return -1;
	}
	return objstore_put_commit(put, NULL, -1, NULL, err);
}

/* Reads all of KEY piece by piece into FN. */
static int each_piece(struct objstore *store, const char *key, struct objstore_info *ret_info,
	int (*fn)(void *ctx, const void *p, size_t n, struct mo_err *err), void *ctx,
	struct mo_err *err)
{
	enum { PIECE = 64 << 10 };
	struct objstore_get *get = NULL;
	int status = 0;
	size_t n = 1;

	if (objstore_get_open(store, key, 0, -1, &get, ret_info, err) < 0)
		return -1;
	mo_autofree char *piece = malloc(PIECE);
	if (!piece)
		status = mo_fail(err, MO_ENOMEM, "download of '%s'", key);
	while (status == 0 && n > 0) {
		status = objstore_get_read(get, piece, PIECE, &n, err);
		if (status == 0 && n > 0)
			status = fn(ctx, piece, n, err);
	}
	objstore_get_close(get);
	return status;
}

static int into_buf(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	struct mo_buf *out = ctx;

	if (out->len + n > out->max)
		return mo_fail(err, MO_ETOOBIG, "the object is larger than %zu bytes", out->max);
	if (mo_buf_append(out, p, n) < 0)
		return mo_fail(err, MO_ENOMEM, "object of %zu bytes", out->len + n);
	return 0;
}

int objstore_get_bytes(
	struct objstore *store, const char *key, struct mo_buf *out, struct mo_err *err)
{
	return each_piece(store, key, NULL, into_buf, out, err);
}

static int into_hash(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	crypto_hash_add(ctx, p, n);
	return 0;
}

int objstore_hash(
	struct objstore *store, const char *key, struct objstore_info *ret_info, struct mo_err *err)
{
	struct objstore_info info = { 0 };
	unsigned char digest[CRYPTO_SHA256];
	struct crypto_hash *hash = crypto_hash_new();

	if (!hash)
		return mo_fail(err, MO_ENOMEM, "digest of '%s'", key);
	if (each_piece(store, key, &info, into_hash, hash, err) < 0) {
		crypto_hash_free(hash);
		return -1;
	}
	crypto_hash_end(hash, digest);
	mo_hex(digest, sizeof(digest), info.sha256);
	*ret_info = info;
	return 0;
}
