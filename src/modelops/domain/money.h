/* Money: exact amounts in micro-units, computed in 128 bits and rounded once, half to even. */
#ifndef MODELOPS_DOMAIN_MONEY_H
#define MODELOPS_DOMAIN_MONEY_H

#include "modelops/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { MONEY_TEXT = 48 }; /* room for every int64_t with six decimals and commas */

/* round_half_even(QUANTITY * PRICE_MICRO / PER_QUANTITY). PER_QUANTITY > 0. MO_EFIELD when the
 * amount does not fit in 64 bits. */
int money_amount(int64_t quantity, int64_t price_micro, int64_t per_quantity, int64_t *ret_micro,
	struct mo_err *err);

/* A + B into *ret; MO_EFIELD on overflow. */
int money_add(int64_t a, int64_t b, int64_t *ret_micro, struct mo_err *err);

/* "12.5", "0.000001", "-3": micro-units as a decimal number, at least DECIMALS (0..6) digits after
 * the point and no more zeros than that. Returns OUT. */
char *money_text(int64_t micro, int decimals, char out[MONEY_TEXT]);

/* QUANTITY / PER as text with exactly DECIMALS (0..6) digits (half to even) and thousands
 * separated: (3600000000, 1000000, 3) -> "3,600.000". PER > 0. Returns OUT. */
char *money_quantity_text(int64_t quantity, int64_t per, int decimals, char out[MONEY_TEXT]);

#endif
