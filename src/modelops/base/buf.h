/* Growable byte buffer with a maximum given at init: appending past it fails, never truncates. */
#ifndef MODELOPS_BASE_BUF_H
#define MODELOPS_BASE_BUF_H

#include <stddef.h>

struct mo_buf {
	char *data;           /* NUL-terminated once anything was appended; NULL before */
	size_t len, cap, max; /* bytes */
	int failed; /* an append failed: sticky until reset, so chains check once at the end */
};

enum { MO_BUF_NOMEM = 2 }; /* `failed` when memory was out, 1 when MAX was passed */

#define mo_autobuf __attribute__((cleanup(mo_buf_free)))

/* MAX is the largest LEN in bytes. Nothing is allocated yet. */
void mo_buf_init(struct mo_buf *b, size_t max);

/* 0, or -1 when MAX would be passed or memory is out; then B is unchanged but for `failed`. */
int mo_buf_append(struct mo_buf *b, const void *p, size_t n);
int mo_buf_puts(struct mo_buf *b, const char *s);
int mo_buf_putc(struct mo_buf *b, char c);
int mo_buf_printf(struct mo_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for N more bytes at data+len; 0 or -1. The caller adds to len itself. */
int mo_buf_reserve(struct mo_buf *b, size_t n);

/* Drops the first N bytes (N <= len). */
void mo_buf_consume(struct mo_buf *b, size_t n);

/* Empties B, keeps its memory. */
void mo_buf_reset(struct mo_buf *b);

/* The text ("" when empty). Borrowed. */
const char *mo_buf_str(const struct mo_buf *b);

/* Hands the memory over (caller frees, may be NULL) and empties B. */
char *mo_buf_take(struct mo_buf *b);

void mo_buf_free(struct mo_buf *b);

#endif
