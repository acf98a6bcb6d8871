/* Strings: comparison, strict numbers, hex, UTF-8, names. */
#include "modelops/base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct mo_str mo_str(const char *cstr)
{
	return cstr ? (struct mo_str){ cstr, strlen(cstr) } : (struct mo_str){ "", 0 };
}

bool mo_str_eq(struct mo_str a, const char *cstr)
{
	return strlen(cstr) == a.n && memcmp(a.p, cstr, a.n) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool mo_str_ieq(struct mo_str a, const char *cstr)
{
	if (strlen(cstr) != a.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != cstr[i] && lower(a.p[i]) != lower(cstr[i]))
			return false;
	return true;
}

bool mo_streq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int mo_parse_u64(const char *s, size_t len, uint64_t *ret)
{
	uint64_t v = 0;

	if (len == 0 || len > 20)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return -1;
	}
	*ret = v;
	return 0;
}

int mo_parse_i64(const char *s, size_t len, int64_t *ret)
{
	bool neg = len > 0 && s[0] == '-';
	uint64_t v;

	if (mo_parse_u64(s + neg, len - neg, &v) < 0)
		return -1;
	if (v > (uint64_t)INT64_MAX + neg)
		return -1;
	*ret = neg ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int mo_parse_f64(const char *s, size_t len, double *ret)
{
	char tmp[128], *end;

	if (len == 0 || len >= sizeof(tmp) || strspn(s, "+-.0123456789eE") < len)
		return -1;
	memcpy(tmp, s, len);
	tmp[len] = '\0';
	double v = strtod(tmp, &end);
	if (end != tmp + len || !isfinite(v))
		return -1;
	*ret = v;
	return 0;
}

void mo_hex(const void *p, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digit[b[i] >> 4];
		out[2 * i + 1] = digit[b[i] & 15];
	}
	out[2 * n] = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int mo_unhex(const char *s, size_t len, void *out, size_t n)
{
	unsigned char *b = out;

	if (len != 2 * n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(s[2 * i]), lo = nibble(s[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -1;
		b[i] = (unsigned char)(hi << 4 | lo);
	}
	return 0;
}

/* Length of the sequence that starts with C and the range of its second byte; 0 for an illegal
 * start. */
static size_t utf8_lead(unsigned char c, unsigned char *ret_lo, unsigned char *ret_hi)
{
	*ret_lo = 0x80;
	*ret_hi = 0xbf;
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*ret_lo = 0xa0;
		if (c == 0xed)
			*ret_hi = 0x9f;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*ret_lo = 0x90;
		if (c == 0xf4)
			*ret_hi = 0x8f;
		return 4;
	}
	return 0;
}

bool mo_utf8_valid(const char *s, size_t len)
{
	const unsigned char *b = (const unsigned char *)s;

	for (size_t i = 0; i < len;) {
		unsigned char lo, hi;
		size_t n = utf8_lead(b[i], &lo, &hi);
		if (n == 0 || n > len - i)
			return false;
		for (size_t k = 1; k < n; k++) {
			if (b[i + k] < lo || b[i + k] > hi)
				return false;
			lo = 0x80;
			hi = 0xbf;
		}
		i += n;
	}
	return true;
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool mo_name_valid(const char *s, size_t len)
{
	if (len < 1 || len > 63 || !alnum(s[0]) || !alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

int mo_str_copy(char *out, size_t cap, const char *s)
{
	size_t n = strlen(s);

	if (n >= cap)
		return -1;
	memcpy(out, s, n + 1);
	return 0;
}
