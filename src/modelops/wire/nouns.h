/* The nouns that no other header of wire declares. */
#ifndef MODELOPS_WIRE_NOUNS_H
#define MODELOPS_WIRE_NOUNS_H

#include "modelops/wire/schema.h"

/* What WIRE_MONEY writes. */
struct wire_money {
	int64_t amount_micro;
	const char *currency, *text;
};
extern const struct wire_noun wire_money;

#endif
