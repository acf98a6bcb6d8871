/* Strings as (pointer, length), and the few helpers every parser needs. */
#ifndef MODELOPS_BASE_STR_H
#define MODELOPS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL-terminated. */
struct mo_str {
	const char *p;
	size_t n;
};

/* Longest name of a column and longest label of a class: what a table lets in, the model package
 * made of it must be able to say. */
enum { MO_NAME_BYTES = 255 };

#define MO_STR(literal) ((struct mo_str){ (literal), sizeof(literal) - 1 })

struct mo_str mo_str(const char *cstr); /* NULL gives { "", 0 } */
bool mo_str_eq(struct mo_str a, const char *cstr);
bool mo_str_ieq(struct mo_str a, const char *cstr); /* ASCII case folded */
bool mo_streq(const char *a, const char *b);        /* NULL equals only NULL */

/* Whole-string numbers: no blanks, no sign but '-', no trailing bytes, range checked. 0 or -1. */
int mo_parse_i64(const char *s, size_t len, int64_t *ret);
int mo_parse_u64(const char *s, size_t len, uint64_t *ret);
int mo_parse_f64(
	const char *s, size_t len, double *ret); /* finite decimal only; no hex, inf, nan */

/* Lower-case hex of N bytes into OUT (2*N+1 bytes), and back (exactly N bytes). 0 or -1. */
void mo_hex(const void *p, size_t n, char *out);
int mo_unhex(const char *s, size_t len, void *out, size_t n);

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool mo_utf8_valid(const char *s, size_t len);

/* Name rule of the API: 1 to 63 of [a-z0-9-], starting and ending with a letter or digit (RFC 1123
 * label). */
bool mo_name_valid(const char *s, size_t len);

/* Copies S into a fixed array, cutting nothing: -1 when it does not fit (OUT is untouched then). */
int mo_str_copy(char *out, size_t cap, const char *s);

#endif
