/* Object store: bytes under keys, behind one table of functions (fs here, s3 beside it).
 * Synchronous and safe for threads: call it on workers, never on a loop. Constant memory whatever
 * the size. */
#ifndef MODELOPS_OBJSTORE_OBJSTORE_H
#define MODELOPS_OBJSTORE_OBJSTORE_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBJSTORE_KEY_MAX = 512, OBJSTORE_SHA256_TEXT = 65 };

struct objstore;
struct objstore_put; /* an upload under way: invisible until committed */
struct objstore_get; /* a download under way */

struct objstore_cfg {
	const char *folder;           /* fs: the root; made when absent */
	const char *presign_key_file; /* 64 hex digits; NULL when nothing is presigned here */
};

struct objstore_info {
	int64_t size, modified_at;         /* bytes; microseconds since the epoch */
	char sha256[OBJSTORE_SHA256_TEXT]; /* hex; filled by put and hash, "" otherwise */
};

int objstore_open(const struct objstore_cfg *cfg, struct objstore **ret_store, struct mo_err *err);
void objstore_close(struct objstore *store); /* NULL is fine */

/* KEY is 1 to 512 bytes: names of [A-Za-z0-9._-] with '/' between, none empty, longer than 200 or
 * starting with '.'. */
bool objstore_key_valid(const char *key);

/* Starts an upload to KEY. Ends with exactly one of commit (which frees, also when it fails) or
 * abort. MO_EFULL when the disk is full. */
int objstore_put_begin(
	struct objstore *store, const char *key, struct objstore_put **ret_put, struct mo_err *err);
int objstore_put_write(struct objstore_put *put, const void *p, size_t n, struct mo_err *err);

/* Makes the object durable and visible at once, in place of an older one. With SHA256 (hex, or
 * NULL) or SIZE (or -1) that differ from what was written: MO_EFIELD "sha256" or "size", nothing is
 * stored. ret_info may be NULL. */
int objstore_put_commit(struct objstore_put *put, const char *sha256, int64_t size,
	struct objstore_info *ret_info, struct mo_err *err);
void objstore_put_abort(struct objstore_put *put); /* NULL is fine */

/* Opens KEY at OFFSET for at most LENGTH bytes (-1: to the end). MO_ENOTFOUND. ret_info may be
 * NULL; its size is the whole object's. */
int objstore_get_open(struct objstore *store, const char *key, int64_t offset, int64_t length,
	struct objstore_get **ret_get, struct objstore_info *ret_info, struct mo_err *err);

/* Next bytes, at most N; 0 at the end. */
int objstore_get_read(
	struct objstore_get *get, void *p, size_t n, size_t *ret_n, struct mo_err *err);
void objstore_get_close(struct objstore_get *get); /* NULL is fine */

int objstore_stat(struct objstore *store, const char *key, struct objstore_info *ret_info,
	struct mo_err *err); /* MO_ENOTFOUND */
int objstore_delete(
	struct objstore *store, const char *key, struct mo_err *err); /* absent is fine */

/* Calls FN for the first LIMIT keys, in the order of their bytes, that start with PREFIX ("" for
 * all; "a/b" matches "a/b/c" and "a/bc") and come after AFTER ("" at first, then the last key
 * seen): fewer than LIMIT calls mean that these were the last ones. FN returns 0 or -1 with ERR
 * filled to stop. Objects put or deleted meanwhile may be seen or not. */
int objstore_list(struct objstore *store, const char *prefix, const char *after, size_t limit,
	int (*fn)(void *ctx, const char *key, const struct objstore_info *info, struct mo_err *err),
	void *ctx, struct mo_err *err);

/* Removes what uploads left that were never committed nor aborted (their process was killed) and to
 * which nothing was written since BEFORE; s3: that were begun before it. Adds what went to *TOTAL.
 */
struct objstore_total {
	int64_t count, bytes;
};
int objstore_clear_uploads(
	struct objstore *store, int64_t before, struct objstore_total *total, struct mo_err *err);

/* What a link lets its bearer do. A PUT stores exactly the bytes that were announced, so that a
 * link which outlives its purpose can at most store the same bytes again. */
struct objstore_grant {
	const char *method; /* "GET" or "PUT" */
	const char *key;
	int64_t expires_at; /* microseconds, cut to seconds */
	int64_t size;       /* PUT: bytes of the body */
	const char *sha256; /* PUT: their digest, 64 lower-case hex digits; GET: NULL */
};

/* Appends the link to OUT: "/v1/blobs/<key>?expires=&method=[&size=&sha256=]&sig=" (relative to the
 * API) for fs, an absolute URL for s3 (which signs the headers Content-Length and
 * x-amz-content-sha256 instead). */
int objstore_presign(struct objstore *store, const struct objstore_grant *grant, struct mo_buf *out,
	struct mo_err *err);

/* The query of a link that came in; NULL: missing. */
struct objstore_link {
	const char *expires, *method, *size, *sha256, *sig;
};

/* LINK is ours, for this METHOD and KEY, and has not expired at NOW; its size and sha256 are then
 * those of the grant. MO_EDENIED when not; which part is wrong takes the same time to say. HEAD
 * passes with a GET link. */
int objstore_verify(struct objstore *store, const char *method, const char *key,
	const struct objstore_link *link, int64_t now, struct mo_err *err);

/* Made of the above: whole small objects, and size + digest of what is stored. */
int objstore_put_bytes(
	struct objstore *store, const char *key, const void *p, size_t n, struct mo_err *err);
int objstore_get_bytes(struct objstore *store, const char *key, struct mo_buf *out,
	struct mo_err *err); /* MO_ETOOBIG past OUT's maximum */
int objstore_hash(struct objstore *store, const char *key, struct objstore_info *ret_info,
	struct mo_err *err);

#endif
