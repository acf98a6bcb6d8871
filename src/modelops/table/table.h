/* A CSV file as numbers: a float32 matrix with NaN for what is missing, a label, statistics. */
#ifndef MODELOPS_TABLE_TABLE_H
#define MODELOPS_TABLE_TABLE_H

#include "modelops/base/err.h"
#include "modelops/table/csv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TABLE_CLASSES = 1000,    /* most distinct labels that can be classes */
	TABLE_AUTO_CLASSES = 20, /* most distinct whole numbers that look like classes */
	TABLE_ROWS = 10000000,   /* default limits */
	TABLE_CELLS = 200000000,
};

struct table_opts {
	char delimiter; /* 0 means ',' */
	/* Markers of a missing value besides the empty field, NA, NaN, null and ? (any case). */
	const char *const *missing;
	size_t nmissing;
	const char *label; /* the label's column; NULL for a table without one */
	/* Columns to read as features, in this order; NULL for all but the label. Others are
	 * ignored. */
	const char *const *columns;
	size_t ncolumns;
	struct csv_limits csv;
	size_t rows, cells; /* limits; 0 means the defaults */
};

enum table_type { TABLE_FLOAT, TABLE_INT };

/* A feature. INT: every value present is written as a whole number and is exact in float32. */
struct table_column {
	char *name;
	enum table_type type;
	double min, max, mean; /* of the values as written; NaN when every value is missing */
	size_t missing;
};

/* Distinct labels, sorted: by value when all are numbers, else by bytes. */
struct table_label {
	char *name;
	bool numeric;      /* every label is a number */
	bool whole;        /* ... and a whole one */
	bool many;         /* more than TABLE_CLASSES distinct: no classes */
	double *values;    /* per row; NULL unless numeric */
	int32_t *class_of; /* per row, index into classes; NULL when many */
	char **classes;
	size_t *class_rows; /* rows per class */
	size_t nclasses;
};

struct table {
	size_t rows, ncols;
	struct table_column *cols;
	float *values; /* rows * ncols, row after row */
	struct table_label label;
	bool has_label;
};

/* Reads a whole table. Numbers are read as strtod does and then rounded to float32. User errors are
 * MO_EFIELD (field = column) or MO_EINVAL, naming column, line and value: no header, empty or
 * repeated names, ragged rows, a value that is no number, infinity, a missing label; MO_ETOOBIG
 * past a limit. Caller frees with table_free. */
int table_read_fd(
	int fd, const struct table_opts *opts, struct table **ret_table, struct mo_err *err);
int table_read_mem(const char *p, size_t n, const struct table_opts *opts, struct table **ret_table,
	struct mo_err *err);

void table_free(struct table *t); /* NULL is fine */

/* Index of the column called NAME, or -1. */
int table_column_index(const struct table *t, const char *name);

/* TEXT (NUL-terminated) is a missing marker of OPTS. */
bool table_is_missing(const struct table_opts *opts, const char *text);

#endif
