/* Every noun of the API, in the order OpenAPI lists them. */
#include "modelops/wire/nouns.h"

#include <stddef.h>

const struct wire_noun *const wire_nouns[] = {
	&wire_money,
	NULL,
};
