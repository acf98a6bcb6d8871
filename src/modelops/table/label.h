/* The label column while it is read: distinct texts, and numbers as long as all are numbers;
 * internal to table.c. */
#ifndef MODELOPS_TABLE_LABEL_H
#define MODELOPS_TABLE_LABEL_H

#include "modelops/base/err.h"
#include "modelops/base/map.h"
#include "modelops/table/table.h"

struct label_entry {
	char *text;
	double value; /* when numeric */
	size_t index; /* in order of appearance */
};

struct label_build {
	struct mo_map map;            /* text -> entry */
	struct label_entry **entries; /* TABLE_CLASSES at most */
	size_t nentries;
	int32_t *rows;  /* entry per row */
	double *values; /* value per row while all are numbers */
	size_t nrows, cap;
	bool numeric, whole, many;
};

/* V is the finite value of TEXT when IS_NUMBER. MO_EFIELD when texts have too many distinct values.
 */
int label_add(struct label_build *b, const char *text, bool is_number, double v, bool is_whole,
	struct mo_err *err);

/* Fills RET but for its name; B's memory moves or stays for label_build_free. */
int label_finish(struct label_build *b, struct table_label *ret, struct mo_err *err);

void label_build_init(struct label_build *b);
void label_build_free(struct label_build *b);
void label_free(struct table_label *label);

#endif
