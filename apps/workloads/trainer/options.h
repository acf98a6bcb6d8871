/* What a step asks of the trainer: its `with` document as a struct, each value checked by name. */
#ifndef MODELOPS_TRAINER_OPTIONS_H
#define MODELOPS_TRAINER_OPTIONS_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/table/table.h"

#include <stdbool.h>
#include <stdint.h>

enum task { TASK_AUTO, TASK_REGRESSION, TASK_BINARY, TASK_MULTICLASS };
enum device { DEVICE_CPU, DEVICE_CUDA };

struct options {
	bool evaluate; /* the step's kind: train or evaluate */
	const char *attempt_id;
	const char *label; /* of an evaluation it may be NULL: the package's */
	int task, device;
	int64_t rounds, early_stopping_rounds, seed, max_depth, nthread; /* nthread: the shares */
	double valid_fraction, learning_rate, subsample, colsample_bytree, min_child_weight, lambda,
		alpha;
	const char *delimiter; /* one byte */
	const char **missing;
	size_t nmissing;
};

/* Reads in/spec.json's text. MO_EFIELD names the member ("with.rounds"). All memory is ARENA's. */
int options_parse(struct mo_arena *arena, const char *text, size_t len, struct options *ret_options,
	struct mo_err *err);

/* Name of a task as features.json writes it. */
const char *task_name(int task);

/* How the step's table is to be read. */
struct table_opts options_table(const struct options *o);

#endif
