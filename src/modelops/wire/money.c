/* The shape of an amount of money. */
#include "modelops/base/check.h"
#include "modelops/wire/nouns.h"

static const struct wire_field fields[] = {
	{ "amount_micro", WIRE_INT, offsetof(struct wire_money, amount_micro),
		.about = "Millionths of the currency; exact." },
	{ "currency", WIRE_TEXT, offsetof(struct wire_money, currency), .about = "ISO 4217 code." },
	{ "text", WIRE_TEXT, offsetof(struct wire_money, text),
		.about = "The amount as a decimal number, for people." },
};

const struct wire_noun wire_money = {
	.name = "Money",
	.about = "An amount of money.",
	.fields = fields,
	.count = MO_COUNT(fields),
	.size = sizeof(struct wire_money),
	.shapes = 1U << WIRE_READ,
};
