/* Presigned links of our own: method, key and expiry under an HMAC. Pure. */
#ifndef MODELOPS_OBJSTORE_LINK_H
#define MODELOPS_OBJSTORE_LINK_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"

#include <stdint.h>

struct link_key {
	unsigned char bytes[32];
};

/* See key_file_load. */
int link_key_load(const char *path, struct link_key *ret_key, struct mo_err *err);

/* Appends "/v1/blobs/KEY?expires=SECONDS&method=METHOD&sig=HEX". */
int link_make(const struct link_key *key, const char *method, const char *object,
	int64_t expires_at, struct mo_buf *out, struct mo_err *err);

/* See objstore_verify. */
int link_verify(const struct link_key *key, const char *method, const char *object,
	const char *expires, const char *link_method, const char *sig, int64_t now,
	struct mo_err *err);

#endif
