/* Shortest decimal text of a float: Schubfach for 24-bit significands. */
#include "modelops/model/ftoa.h"

#include "modelops/model/fnum.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct shortest {
	uint32_t digits;
	int exp10;
};

/* floor(10^k * 2^r) + 1 with 64 bits, exact where 10^k fits them. */
static uint64_t pow10_up(int k)
{
	return fnum_pow10_table[k - FNUM_POW_MIN][0] + (k < 0 || k > 27);
}

static uint32_t round_to_odd(uint64_t g, uint32_t cp)
{
	uint64_t low = (g & UINT32_MAX) * cp, high = (g >> 32) * cp + (low >> 32);
	return (uint32_t)(high >> 32) | ((uint32_t)high > 1);
}

/* The choice among the candidates around VB / 4, scaled by 10^K (figures 4 and 6 of the paper). */
static struct shortest choose(uint32_t lower, uint32_t vb, uint32_t upper, int k)
{
	uint32_t s = vb / 4;
	if (s >= 10) {
		uint32_t sp = s / 10;
		bool up = lower <= 40 * sp, wp = 40 * sp + 40 <= upper;
		if (up != wp)
			return (struct shortest){ sp + wp, k + 1 };
	}
	bool u = lower <= 4 * s, w = 4 * s + 4 <= upper;
	if (u != w)
		return (struct shortest){ s + w, k };
	uint32_t mid = 4 * s + 2;
	return (struct shortest){ s + (vb > mid || (vb == mid && (s & 1))), k };
}

static struct shortest shorten(uint32_t bits)
{
	uint32_t fraction = bits & 0x7fffff, exp = bits >> 23 & 0xff;
	uint32_t c = exp ? fraction | 0x800000 : fraction;
	int q = exp ? (int)exp - 150 : -149;
	if (exp && q <= 0 && q > -24 && !(c & ((1u << -q) - 1)))
		return (struct shortest){ c >> -q, 0 };
	bool odd = c & 1, closer = fraction == 0 && exp > 1;
	int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
	int h = q + ((-k * 1741647) >> 19) + 1;
	uint64_t g = pow10_up(-k);
	uint32_t vbl = round_to_odd(g, (4 * c - 2 + closer) << h);
	uint32_t vb = round_to_odd(g, (4 * c) << h);
	uint32_t vbr = round_to_odd(g, (4 * c + 2) << h);
	return choose(vbl + odd, vb, vbr - odd, k);
}

static char *put_digits(char *out, const char *digits, int n)
{
	memcpy(out, digits, (size_t)n);
	return out + n;
}

static char *put_exponent(char *out, int e)
{
	*out++ = 'e';
	if (e < 0) {
		*out++ = '-';
		e = -e;
	}
	if (e >= 10)
		*out++ = (char)('0' + e / 10);
	*out++ = (char)('0' + e % 10);
	return out;
}

/* N digits with the decimal point after POINT of them (point may be outside the digits). */
static char *put_number(char *out, const char *digits, int n, int point)
{
	if (point < -3 || point > 15) {
		*out++ = digits[0];
		if (n > 1)
			*out++ = '.';
		out = put_digits(out, digits + 1, n - 1);
		return put_exponent(out, point - 1);
	}
	if (point <= 0) {
		*out++ = '0';
		*out++ = '.';
		memset(out, '0', (size_t)-point);
		return put_digits(out - point, digits, n);
	}
	if (point >= n) {
		out = put_digits(out, digits, n);
		memset(out, '0', (size_t)(point - n));
		out += point - n;
		*out++ = '.';
		*out++ = '0';
		return out;
	}
	out = put_digits(out, digits, point);
	*out++ = '.';
	return put_digits(out, digits + point, n - point);
}

size_t ftoa_write(char *out, float v)
{
	uint32_t bits;
	memcpy(&bits, &v, sizeof(bits));
	if ((bits & 0x7f800000) == 0x7f800000) {
		memcpy(out, "null", 4);
		return 4;
	}
	char *p = out;
	if (bits >> 31)
		*p++ = '-';
	bits &= 0x7fffffff;
	if (!bits) {
		memcpy(p, "0.0", 3);
		return (size_t)(p + 3 - out);
	}
	struct shortest s = shorten(bits);
	char digits[12];
	int n = 0, first = sizeof(digits);
	while (s.digits % 10 == 0) {
		s.digits /= 10;
		s.exp10++;
	}
	for (uint32_t d = s.digits; d; d /= 10) {
		digits[--first] = (char)('0' + d % 10);
		n++;
	}
	return (size_t)(put_number(p, digits + first, n, n + s.exp10) - out);
}
