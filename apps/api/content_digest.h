/* Digests that clients announce, and that we do. */
#ifndef MODELOPS_API_CONTENT_DIGEST_H
#define MODELOPS_API_CONTENT_DIGEST_H

#include "request.h"

/* 64 lower-case hex digits. */
bool sha256_text_valid(const char *text);

/* The sha-256 of the Content-Digest header (RFC 9530: sha-256=:BASE64:) as hex in the arena; NULL
 * when it is not sent. MO_EFIELD when it is malformed or names no sha-256. */
int content_digest(struct api_req *r, const char **ret_hex, struct mo_err *err);

/* Adds Content-Digest with SHA256 (64 hex digits) to the reply. */
int content_digest_add(struct api_req *r, const char *sha256, struct mo_err *err);

#endif
