/* The keys that a step's `with` may hold, by kind. */
#include "modelops/base/check.h"
#include "modelops/domain/with.h"

#include <stddef.h>

static const struct with_key register_keys[] = {
	{ "model", WITH_NAME, WITH_REQUIRED },
	{ "alias", WITH_NAME },
};

static const struct with_key require_keys[] = {
	{ "metric", WITH_TEXT, WITH_REQUIRED },
	{ "max", WITH_NUMBER },
	{ "min", WITH_NUMBER },
};

/* Names and ranges of a job's keys are the trainer's: tests/unit/trainer compares them. */
static const struct with_key train_keys[] = {
	{ "dataset", WITH_TEXT, WITH_REQUIRED },
	{ "label", WITH_TEXT, WITH_REQUIRED },
	{ "task", WITH_TEXT, .choices = "auto regression binary multiclass" },
	{ "rounds", WITH_INT, .min = 1, .max = 100000 },
	{ "early_stopping_rounds", WITH_INT, .min = 0, .max = 100000 },
	{ "valid_fraction", WITH_NUMBER, .min = 0, .max = 0.9 },
	{ "seed", WITH_INT, .min = 0, .max = 2147483647 },
	{ "max_depth", WITH_INT, .min = 1, .max = 32 },
	{ "learning_rate", WITH_NUMBER, .min = 1e-6, .max = 1 },
	{ "subsample", WITH_NUMBER, .min = 0.01, .max = 1 },
	{ "colsample_bytree", WITH_NUMBER, .min = 0.01, .max = 1 },
	{ "min_child_weight", WITH_NUMBER, .min = 0, .max = 1e9 },
	{ "lambda", WITH_NUMBER, .min = 0, .max = 1e9 },
	{ "alpha", WITH_NUMBER, .min = 0, .max = 1e9 },
	{ "delimiter", WITH_DELIMITER },
	{ "missing", WITH_TEXTS, .max = 64 },
	{ "nthread", WITH_INT, .min = 1, .max = 256 },
	{ "register", WITH_MAP, .keys = register_keys, .key_count = MO_COUNT(register_keys) },
};

static const struct with_key evaluate_keys[] = {
	{ "model", WITH_TEXT, WITH_REQUIRED },
	{ "dataset", WITH_TEXT, WITH_REQUIRED },
	{ "label", WITH_TEXT },
	{ "delimiter", WITH_DELIMITER },
	{ "missing", WITH_TEXTS, .max = 64 },
};

static const struct with_key register_step_keys[] = {
	{ "from", WITH_TEXT, WITH_REQUIRED },
	{ "model", WITH_NAME, WITH_REQUIRED },
	{ "alias", WITH_NAME },
	{ "require", WITH_MAP, .keys = require_keys, .key_count = MO_COUNT(require_keys) },
};

static const struct with_key deploy_keys[] = {
	{ "model", WITH_TEXT },
	{ "version", WITH_INT, .min = 1, .max = 2147483647 },
	{ "alias", WITH_NAME },
	{ "from", WITH_TEXT },
	{ "deployment", WITH_NAME, WITH_REQUIRED },
	{ "replicas", WITH_INT, .min = 0, .max = 64 },
	{ "concurrency", WITH_INT, .min = 1, .max = 1024 },
	{ "pool", WITH_TEXT },
	{ "shares", WITH_INT, .min = 1, .max = 4096 },
};

const struct with_keys with_keys[] = {
	[STEP_TRAIN] = { train_keys, MO_COUNT(train_keys) },
	[STEP_EVALUATE] = { evaluate_keys, MO_COUNT(evaluate_keys) },
	[STEP_REGISTER] = { register_step_keys, MO_COUNT(register_step_keys) },
	[STEP_DEPLOY] = { deploy_keys, MO_COUNT(deploy_keys) },
};
