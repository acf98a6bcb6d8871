/* A ring of bytes with a fixed size: what lies between the loop and the thread of a stream. Not
 * locked. */
#ifndef MODELOPS_HTTP_RING_H
#define MODELOPS_HTTP_RING_H

#include "modelops/base/str.h"

#include <stddef.h>

struct http_ring {
	char *data;
	size_t cap, head, len;
};

/* -1 when memory is out. */
int http_ring_new(struct http_ring *r, size_t cap);
void http_ring_free(struct http_ring *r);

static inline size_t http_ring_room(const struct http_ring *r)
{
	return r->cap - r->len;
}

/* Appends N bytes, which fit. */
void http_ring_put(struct http_ring *r, const void *p, size_t n);

/* The first bytes that lie in one piece. Borrowed: valid until they are dropped. */
struct mo_str http_ring_span(const struct http_ring *r);

/* Forgets the first N bytes. */
void http_ring_drop(struct http_ring *r, size_t n);

#endif
