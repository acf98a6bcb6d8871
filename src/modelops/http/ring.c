/* The ring of a stream. */
#include "modelops/http/ring.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"

#include <stdlib.h>
#include <string.h>

int http_ring_new(struct http_ring *r, size_t cap)
{
	r->data = mo_fault("http.ring") ? NULL : malloc(cap);
	r->cap = cap;
	r->head = r->len = 0;
	return r->data ? 0 : -1;
}

void http_ring_free(struct http_ring *r)
{
	free(r->data);
	r->data = NULL;
}

void http_ring_put(struct http_ring *r, const void *p, size_t n)
{
	size_t at = n ? (r->head + r->len) % r->cap : 0;
	size_t first = r->cap - at < n ? r->cap - at : n;

	MO_ASSERT(n <= http_ring_room(r));
	if (n == 0)
		return;
	memcpy(r->data + at, p, first);
	memcpy(r->data, (const char *)p + first, n - first);
	r->len += n;
}

struct mo_str http_ring_span(const struct http_ring *r)
{
	size_t n = r->cap - r->head < r->len ? r->cap - r->head : r->len;

	return (struct mo_str){ r->data + r->head, n };
}

void http_ring_drop(struct http_ring *r, size_t n)
{
	MO_ASSERT(n <= r->len);
	if (n == 0)
		return;
	r->head = (r->head + n) % r->cap;
	r->len -= n;
}
