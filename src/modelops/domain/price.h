/* Price plans and their rules: micro-units of a currency per so many units. */
#ifndef MODELOPS_DOMAIN_PRICE_H
#define MODELOPS_DOMAIN_PRICE_H

#include <stdbool.h>
#include <stdint.h>

struct price_plan {
	const char *id, *name;
	const char *currency; /* ISO 4217, three capitals */
	bool is_default;
	int64_t created_at;
};

/* price_micro millionths of the currency per per_quantity units of METRIC. */
struct price_rule {
	const char *plan_id, *metric;
	const char *price_class; /* exact, or "*" for every class without a rule of its own */
	int64_t price_micro, per_quantity;
	const char *unit_label; /* "share-hour" */
	const char *description;
};

#endif
