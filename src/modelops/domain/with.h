/* The table of `with` keys: what each kind of step understands. */
#ifndef MODELOPS_DOMAIN_WITH_H
#define MODELOPS_DOMAIN_WITH_H

#include "modelops/domain/step.h"

#include <stdbool.h>
#include <stddef.h>

enum with_type {
	WITH_TEXT,
	WITH_NAME,
	WITH_DELIMITER, /* one ASCII byte, no quote and no line end */
	WITH_INT,
	WITH_NUMBER,
	WITH_TEXTS,
	WITH_MAP,
};

enum { WITH_OPTIONAL, WITH_REQUIRED };

struct with_key {
	const char *name;
	enum with_type type;
	int required;
	double min, max;             /* of numbers, used when max > min; of texts max is how many */
	const char *choices;         /* space-separated */
	const struct with_key *keys; /* WITH_MAP */
	size_t key_count;
};

struct with_keys {
	const struct with_key *keys;
	size_t count;
};

/* By enum step_kind. */
extern const struct with_keys with_keys[];

#endif
