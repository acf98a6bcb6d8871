/* A table made ready for a task: which task, which rows, labels as numbers. */
#ifndef MODELOPS_TRAINER_PREPARE_H
#define MODELOPS_TRAINER_PREPARE_H

#include "modelops/base/err.h"
#include "modelops/table/table.h"
#include "options.h"

/* Owns everything; freed by prepared_free. */
struct prepared {
	struct table *table;
	int task;             /* never TASK_AUTO */
	float *labels;        /* per row: the value, or the class's index */
	unsigned char *valid; /* per row: 1 when it validates */
	size_t nvalid, ntrain;
};

/* Reads in/dataset.csv, chooses the task, splits. Errors are the user's unless MO_ENOMEM or
 * MO_EUNAVAIL. */
int prepare(const struct options *o, struct prepared *ret_prepared, struct mo_err *err);
void prepared_free(struct prepared *p);

/* Opens in/dataset.csv and reads it by OPTS. */
int read_dataset(const struct table_opts *opts, struct table **ret_table, struct mo_err *err);

#endif
