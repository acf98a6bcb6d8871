/* Members of `with`: names, kinds, ranges and defaults. */
#include "members.h"
#include "modelops/base/check.h"
#include "options.h"

#define AT(field) offsetof(struct options, field)
#define TRAIN     MEMBER_TRAIN
#define BOTH      (MEMBER_TRAIN | MEMBER_EVALUATE)

/* `dataset`, `model` and `register` are the controller's matter: the files are here already. */
const struct member members[] = {
	{ "dataset", MEMBER_IGNORED, BOTH },
	{ "model", MEMBER_IGNORED, MEMBER_EVALUATE },
	{ "register", MEMBER_IGNORED, TRAIN },
	{ "label", MEMBER_TEXT, BOTH, AT(label) },
	{ "delimiter", MEMBER_TEXT, BOTH, AT(delimiter) },
	{ "missing", MEMBER_TEXTS, BOTH, AT(missing), .max = 64 },
	{ "task", MEMBER_CHOICE, TRAIN, AT(task), .choices = "auto regression binary multiclass" },
	{ "rounds", MEMBER_WHOLE, TRAIN, AT(rounds), 1, 100000, 100 },
	{ "early_stopping_rounds", MEMBER_WHOLE, TRAIN, AT(early_stopping_rounds), 0, 100000, 10 },
	{ "seed", MEMBER_WHOLE, TRAIN, AT(seed), 0, 2147483647, 7 },
	{ "max_depth", MEMBER_WHOLE, TRAIN, AT(max_depth), 1, 32, 6 },
	{ "nthread", MEMBER_WHOLE, TRAIN, AT(nthread), 1, 256, 1 },
	{ "valid_fraction", MEMBER_NUMBER, TRAIN, AT(valid_fraction), 0, 0.9, 0.2 },
	{ "learning_rate", MEMBER_NUMBER, TRAIN, AT(learning_rate), 1e-6, 1, 0.3 },
	{ "subsample", MEMBER_NUMBER, TRAIN, AT(subsample), 0.01, 1, 1 },
	{ "colsample_bytree", MEMBER_NUMBER, TRAIN, AT(colsample_bytree), 0.01, 1, 1 },
	{ "min_child_weight", MEMBER_NUMBER, TRAIN, AT(min_child_weight), 0, 1e9, 1 },
	{ "lambda", MEMBER_NUMBER, TRAIN, AT(lambda), 0, 1e9, 1 },
	{ "alpha", MEMBER_NUMBER, TRAIN, AT(alpha), 0, 1e9, 0 },
};
const size_t members_count = MO_COUNT(members);
