/* Growable byte buffer with a maximum. */
#include "modelops/base/buf.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mo_buf_init(struct mo_buf *b, size_t max)
{
	*b = (struct mo_buf){ .max = max };
}

int mo_buf_reserve(struct mo_buf *b, size_t n)
{
	if (n > b->max - b->len) {
		b->failed = 1;
		return -1;
	}
	size_t need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap *= 2;
	char *data = mo_fault("buf") ? NULL : realloc(b->data, cap);
	if (!data) {
		b->failed = MO_BUF_NOMEM;
		return -1;
	}
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return 0;
}

int mo_buf_append(struct mo_buf *b, const void *p, size_t n)
{
	if (mo_buf_reserve(b, n) < 0)
		return -1;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int mo_buf_puts(struct mo_buf *b, const char *s)
{
	return mo_buf_append(b, s, strlen(s));
}

int mo_buf_putc(struct mo_buf *b, char c)
{
	return mo_buf_append(b, &c, 1);
}

int mo_buf_printf(struct mo_buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	int rc = n < 0 ? -1 : mo_buf_reserve(b, (size_t)n);
	if (rc == 0) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return rc;
}

void mo_buf_consume(struct mo_buf *b, size_t n)
{
	MO_ASSERT(n <= b->len);
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void mo_buf_reset(struct mo_buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->data)
		b->data[0] = '\0';
}

const char *mo_buf_str(const struct mo_buf *b)
{
	return b->data ? b->data : "";
}

char *mo_buf_take(struct mo_buf *b)
{
	char *data = b->data;
	size_t max = b->max;

	mo_buf_init(b, max);
	return data;
}

void mo_buf_free(struct mo_buf *b)
{
	free(b->data);
	mo_buf_init(b, b->max);
}
