/* Exact money arithmetic in 128 bits. */
#include "modelops/domain/money.h"

#include "modelops/base/check.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* round_half_even(N / D), D > 0. */
static __int128 div_half_even(__int128 n, __int128 d)
{
	bool negative = n < 0;
	unsigned __int128 a = negative ? -(unsigned __int128)n : (unsigned __int128)n;
	unsigned __int128 q = a / (unsigned __int128)d, r = a % (unsigned __int128)d;
	unsigned __int128 rest = (unsigned __int128)d - r;
	if (r > rest || (r == rest && q & 1))
		q++;
	return negative ? -(__int128)q : (__int128)q;
}

int money_amount(int64_t quantity, int64_t price_micro, int64_t per_quantity, int64_t *ret_micro,
	struct mo_err *err)
{
	MO_ASSERT(per_quantity > 0);
	__int128 amount = div_half_even((__int128)quantity * price_micro, per_quantity);
	if (amount > INT64_MAX || amount < INT64_MIN)
		return mo_fail_field(err, "quantity",
			"%" PRId64 " at %" PRId64 " micro per %" PRId64 " is too large an amount",
			quantity, price_micro, per_quantity);
	*ret_micro = (int64_t)amount;
	return 0;
}

int money_add(int64_t a, int64_t b, int64_t *ret_micro, struct mo_err *err)
{
	int64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return mo_fail_field(err, "total",
			"%" PRId64 " + %" PRId64 " micro is too large an amount", a, b);
	*ret_micro = sum;
	return 0;
}

char *money_text(int64_t micro, int decimals, char out[MONEY_TEXT])
{
	MO_ASSERT(decimals >= 0 && decimals <= 6);
	uint64_t a = micro < 0 ? -(uint64_t)micro : (uint64_t)micro;
	int n = snprintf(out, MONEY_TEXT, "%s%" PRIu64 ".%06" PRIu64, micro < 0 ? "-" : "",
		a / 1000000, a % 1000000);
	for (int digits = 6; digits > decimals && out[n - 1] == '0'; digits--)
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
	return out;
}

char *money_quantity_text(int64_t quantity, int64_t per, int decimals, char out[MONEY_TEXT])
{
	MO_ASSERT(decimals >= 0 && decimals <= 6 && per > 0);
	static const int64_t scale[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	__int128 v = div_half_even((__int128)quantity * scale[decimals], per);
	bool negative = v < 0;
	unsigned __int128 a = negative ? -(unsigned __int128)v : (unsigned __int128)v;
	/* digits from the right, a point after the fraction, a comma after every third whole one */
	char rev[MONEY_TEXT];
	int n = 0;
	for (int i = 0; (a > 0 || i <= decimals) && n < MONEY_TEXT - 4; i++) {
		if (i == decimals && decimals > 0)
			rev[n++] = '.';
		else if (i > decimals && (i - decimals) % 3 == 0)
			rev[n++] = ',';
		rev[n++] = (char)('0' + (int)(a % 10));
		a /= 10;
	}
	if (negative)
		rev[n++] = '-';
	for (int i = 0; i < n; i++)
		out[i] = rev[n - 1 - i];
	out[n] = '\0';
	return out;
}
