/* Presigned links of our own: what is granted, under an HMAC. Pure. */
#ifndef MODELOPS_OBJSTORE_LINK_H
#define MODELOPS_OBJSTORE_LINK_H

#include "modelops/objstore/objstore.h"

struct link_key {
	unsigned char bytes[32];
};

/* See key_file_load. */
int link_key_load(const char *path, struct link_key *ret_key, struct mo_err *err);

/* Appends "/v1/blobs/KEY?expires=SECONDS&method=GET&sig=HEX", for a PUT with "&size=&sha256="
 * before the signature, which covers them all. */
int link_make(const struct link_key *key, const struct objstore_grant *grant, struct mo_buf *out,
	struct mo_err *err);

/* See objstore_verify. */
int link_verify(const struct link_key *key, const char *method, const char *object,
	const struct objstore_link *link, int64_t now, struct mo_err *err);

#endif
