/* Decimal text to binary: digits eight at a time, Clinger's exact cases, Eisel-Lemire, strtod for
 * the rest. */
#include "modelops/model/fnum.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct decimal {
	uint64_t digits;    /* first 19 significant digits */
	int64_t exp10;      /* value = digits * 10^exp10, unless cut */
	bool negative, cut; /* cut: digits that are not all zero were left out */
};

static const double exact_pow10[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline bool eight_digits(uint64_t w)
{
	return !(((w + UINT64_C(0x4646464646464646)) | (w - UINT64_C(0x3030303030303030))) &
		 UINT64_C(0x8080808080808080));
}

/* Value of eight ASCII digits, first one in the lowest byte (little endian). */
static inline uint32_t eight_value(uint64_t w)
{
	w = (w & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
	w = (w & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	return (uint32_t)((w & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32);
}

static inline uint64_t load8(const char *p)
{
	uint64_t w;
	memcpy(&w, p, 8);
	return w; /* little endian; the build refuses others */
}

/* Reads a run of digits into *value, wrapping past 2^64 (the caller counts). */
static const char *digits(const char *p, const char *end, uint64_t *value)
{
	uint64_t v = *value;
	while (end - p >= 8 && eight_digits(load8(p))) {
		v = v * 100000000 + eight_value(load8(p));
		p += 8;
	}
	while (p < end && is_digit(*p))
		v = v * 10 + (uint64_t)(*p++ - '0');
	*value = v;
	return p;
}

/* Exponent part at P ("e-7"); its value is clamped far outside the range of double. NULL when
 * malformed. */
static const char *exponent(const char *p, const char *end, int64_t *ret_exp)
{
	bool negative = false;
	if (++p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (p == end || !is_digit(*p))
		return NULL;
	int64_t e = 0;
	for (; p < end && is_digit(*p); p++)
		if (e < 100000)
			e = e * 10 + (*p - '0');
	*ret_exp = negative ? -e : e;
	return p;
}

/* The first 19 significant digits of more than 19; FIRST..LAST holds digits and at most one point.
 */
static void cut_digits(
	const char *first, const char *last, const char *point, int64_t exp, struct decimal *d)
{
	uint64_t v = 0;
	int count = 0;
	int64_t after = 0, before = 0; /* digits used after the point, digits left out before it */
	bool rest = false;
	for (const char *p = first; p < last; p++) {
		if (*p == '.')
			continue;
		bool fraction = point && p > point;
		if (count < 19) {
			v = v * 10 + (uint64_t)(*p - '0');
			count += v != 0;
			after += fraction;
		} else {
			before += !fraction;
			rest |= *p != '0';
		}
	}
	d->digits = v;
	d->exp10 = exp - after + before;
	d->cut = rest;
}

/* Splits the number at P. NULL when it breaks the grammar. */
static const char *split(const char *p, const char *end, struct decimal *d)
{
	d->cut = false;
	d->negative = p < end && *p == '-';
	p += d->negative;
	if (p == end || !is_digit(*p))
		return NULL;
	const char *first = p, *point = NULL;
	uint64_t v = 0;
	if (*p == '0')
		p++;
	else
		p = digits(p, end, &v);
	int64_t fraction = 0;
	if (p < end && *p == '.') {
		point = p++;
		const char *q = digits(p, end, &v);
		if (q == p)
			return NULL;
		fraction = q - p;
		p = q;
	}
	const char *last = p;
	int64_t exp = 0;
	if (p < end && (*p | 0x20) == 'e') {
		p = exponent(p, end, &exp);
		if (!p)
			return NULL;
	}
	d->digits = v;
	d->exp10 = exp - fraction;
	if (last - first > 19)
		cut_digits(first, last, point, exp, d);
	return p;
}

/* Eisel-Lemire: DIGITS * 10^E as a double, or false when 128 bits do not decide or it is not a
 * normal number. */
static bool eisel_lemire(uint64_t w, int64_t e, double *ret_v)
{
	if (e < FNUM_POW_MIN || e > FNUM_POW_MAX)
		return false;
	const uint64_t *power = fnum_pow10_table[e - FNUM_POW_MIN];
	int lz = __builtin_clzll(w);
	w <<= lz;
	unsigned __int128 product = (unsigned __int128)w * power[0];
	uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
	if ((high & 0x1ff) == 0x1ff) {
		uint64_t second = (uint64_t)((unsigned __int128)w * power[1] >> 64);
		low += second;
		high += low < second;
		if (low == UINT64_MAX)
			return false;
	}
	int upper = (int)(high >> 63);
	uint64_t m = high >> (upper + 9);
	int64_t exp2 = ((217706 * e) >> 16) + 63 + upper - lz + 1023;
	if (exp2 <= 0)
		return false;
	/* exactly half way: 64-bit digits times a small power of five can be */
	if (low <= 1 && e >= -4 && e <= 23 && (m & 3) == 1 && m << (upper + 9) == high)
		m &= ~UINT64_C(1);
	m = (m + (m & 1)) >> 1;
	if (m >> 53) {
		m = UINT64_C(1) << 52;
		exp2++;
	}
	if (exp2 >= 0x7ff)
		return false;
	uint64_t bits = (uint64_t)exp2 << 52 | (m & ((UINT64_C(1) << 52) - 1));
	memcpy(ret_v, &bits, sizeof(bits));
	return true;
}

static bool quick(const struct decimal *d, double *ret_v)
{
	if (!d->digits && !d->cut) {
		*ret_v = 0;
		return true;
	}
	if (!d->cut && d->digits <= UINT64_C(1) << 53 && d->exp10 >= -22 && d->exp10 <= 22) {
		double v = (double)d->digits;
		*ret_v = d->exp10 < 0 ? v / exact_pow10[-d->exp10] : v * exact_pow10[d->exp10];
		return true;
	}
	double next;
	if (!eisel_lemire(d->digits, d->exp10, ret_v))
		return false;
	return !d->cut || (eisel_lemire(d->digits + 1, d->exp10, &next) && next == *ret_v);
}

/* Any number. */
__attribute__((noinline)) static const char *read_any(const char *p, const char *end, double *ret_v)
{
	struct decimal d;
	const char *last = split(p, end, &d);
	if (!last || last - p > FNUM_TEXT_MAX)
		return NULL;
	double v;
	if (quick(&d, &v)) {
		*ret_v = d.negative ? -v : v;
		return last;
	}
	char text[FNUM_TEXT_MAX + 1];
	memcpy(text, p, (size_t)(last - p));
	text[last - p] = '\0';
	*ret_v = strtod(text, NULL);
	return last;
}

/* A run of digits, up to eight of them at a time: those before the first other byte are moved to
 * the end of the word. */
static inline const char *fraction_digits(const char *p, const char *end, uint64_t *value)
{
	static const uint64_t power[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000 };
	uint64_t v = *value;
	unsigned n = 8;
	while (n == 8 && end - p >= 8) {
		uint64_t w = load8(p);
		uint64_t other =
			((w + UINT64_C(0x4646464646464646)) | (w - UINT64_C(0x3030303030303030))) &
			UINT64_C(0x8080808080808080);
		n = other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
		if (n == 0)
			break;
		v = v * power[n] + eight_value(w << (64 - 8 * n));
		p += n;
	}
	while (n == 8 && p < end && is_digit(*p))
		v = v * 10 + (uint64_t)(*p++ - '0');
	*value = v;
	return p;
}

/* Plain decimals of up to 18 digits, as nearly all are, in one pass; the rest goes to read_any. */
const char *fnum_read(const char *p, const char *end, double *ret_v)
{
	const char *q = p;
	bool negative = q < end && *q == '-';
	q += negative;
	const char *first = q, *point = NULL;
	uint64_t v = 0;
	while (q < end && is_digit(*q))
		v = v * 10 + (uint64_t)(*q++ - '0');
	ptrdiff_t whole = q - first, fraction = 0;
	if (whole != 1 && (whole == 0 || *first == '0'))
		return whole ? read_any(p, end, ret_v) : NULL;
	if (q < end && *q == '.') {
		point = ++q;
		q = fraction_digits(q, end, &v);
		fraction = q - point;
		if (fraction == 0)
			return NULL;
	}
	double r;
	if (whole + fraction > 18 || (q < end && (*q | 0x20) == 'e'))
		return read_any(p, end, ret_v);
	if (v <= UINT64_C(1) << 53)
		r = (double)v / exact_pow10[fraction];
	else if (!eisel_lemire(v, -fraction, &r))
		return read_any(p, end, ret_v);
	*ret_v = negative ? -r : r;
	return q;
}

const char *fnum_read_float(const char *p, const char *end, float *ret_v)
{
	double v;
	const char *last = fnum_read(p, end, &v);
	if (!last)
		return NULL;
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	double size = v < 0 ? -v : v;
	/* Rounding twice only differs when the double sits on the middle between two floats, or is
	 * below them. */
	if ((bits & 0x1fffffff) != 0x10000000 && (size >= 0x1p-120 || size == 0)) {
		*ret_v = (float)v;
		return last;
	}
	char text[FNUM_TEXT_MAX + 1];
	memcpy(text, p, (size_t)(last - p));
	text[last - p] = '\0';
	*ret_v = strtof(text, NULL);
	return last;
}
