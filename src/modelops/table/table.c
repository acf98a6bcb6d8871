/* Records to typed columns: the header decides what is read, each value is checked where it stands.
 */
#include "modelops/table/table.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/map.h"
#include "modelops/base/str.h"
#include "modelops/table/label.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOT_READ = -1, IS_LABEL = -2, SHOWN = 64 };

struct column_build {
	double sum;
	bool fraction; /* a value that is no whole number was seen */
};

struct reader {
	const struct table_opts *opts;
	struct table *t;
	int *target; /* per CSV column: feature index, NOT_READ or IS_LABEL */
	char **names;
	size_t ncsv, cap_rows, max_rows, max_cells;
	struct column_build *build;
	struct label_build label;
	bool header_read, wrong_delimiter;
};

static void *zalloc(size_t n, size_t size)
{
	return mo_fault("table.alloc") ? NULL : calloc(n ? n : 1, size);
}

/* TEXT for a message: at most SHOWN - 1 bytes, whole characters, control bytes as '?'. */
static const char *shown(const char *text, char out[SHOWN])
{
	size_t n = strlen(text);

	if (n >= SHOWN) {
		for (n = SHOWN - 4; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
		snprintf(out, SHOWN, "%.*s...", (int)n, text);
	} else {
		snprintf(out, SHOWN, "%s", text);
	}
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return out;
}

/* Fails for column NAME; the path of the field is the column's name. */
#define FAIL_COLUMN(err, name, ...) \
	do { \
		char column_[SHOWN]; \
		mo_fail_field((err), shown((name), column_), __VA_ARGS__); \
	} while (0)

bool table_is_missing(const struct table_opts *opts, const char *text)
{
	static const char *const markers[] = { "NA", "NaN", "null", "?" };

	if (!*text)
		return true;
	for (size_t i = 0; i < MO_COUNT(markers); i++)
		if (mo_str_ieq(mo_str(text), markers[i]))
			return true;
	for (size_t i = 0; i < opts->nmissing; i++)
		if (strcmp(text, opts->missing[i]) == 0)
			return true;
	return false;
}

/* Decimal text as strtod reads it. 0; -1 no number; +1 infinite or too large for a double. */
static int read_number(const char *text, double *ret)
{
	char *end;
	size_t n = strlen(text);
	const char *digits = text + (*text == '-' || *text == '+');

	if (strcasecmp(digits, "inf") == 0 || strcasecmp(digits, "infinity") == 0)
		return 1;
	if (n == 0 || strspn(text, "+-.0123456789eE") != n)
		return -1;
	double v = strtod(text, &end);
	if (end != text + n)
		return -1;
	*ret = v;
	return isinf(v) ? 1 : 0;
}

static bool is_whole(const char *text)
{
	return text[strspn(text, "+-0123456789")] == '\0';
}

/* ---- header ---- */

static int check_name(const struct csv_field *f, size_t column, struct mo_err *err)
{
	char text[SHOWN];

	if (f->n == 0)
		return mo_fail(err, MO_EINVAL, "column %zu has no name in the header", column + 1);
	if (f->n > MO_NAME_BYTES)
		return mo_fail(err, MO_EINVAL, "column %zu: its name '%s' is longer than %d bytes",
			column + 1, shown(f->p, text), MO_NAME_BYTES);
	for (size_t i = 0; i < f->n; i++) {
		if ((unsigned char)f->p[i] >= 0x20 && f->p[i] != 0x7f)
			continue;
		mo_fail(err, MO_EINVAL, "column %zu: its name '%s' holds a control character",
			column + 1, shown(f->p, text));
		return mo_advise(err, "bad_csv",
			f->p[i] == '\t' ? "if tabs stand between the columns, set `delimiter`"
					: "rename the column");
	}
	return 0;
}

static int check_distinct(struct reader *r, struct mo_err *err)
{
	struct mo_map map;
	int rc = 0;

	mo_map_init(&map, r->ncsv);
	for (size_t i = 0; i < r->ncsv && rc == 0; i++) {
		void *old = NULL;
		char text[SHOWN];
		if (mo_map_set(&map, r->names[i], strlen(r->names[i]), &r->names[i], &old) < 0)
			rc = mo_fail(err, MO_ENOMEM, "column names");
		else if (old)
			rc = mo_fail_field(err, shown(r->names[i], text),
				"columns %zu and %zu have the same name '%s'",
				(size_t)((char **)old - r->names) + 1, i + 1, text);
	}
	mo_map_free(&map);
	return rc;
}

static int check_is_header(const struct csv_record *rec, struct mo_err *err)
{
	double v;
	char text[SHOWN];

	for (size_t i = 0; i < rec->count; i++)
		if (read_number(rec->fields[i].p, &v) != 0)
			return 0;
	mo_fail(err, MO_EINVAL, "the first line must hold the column names, but '%s' is a number",
		shown(rec->fields[0].p, text));
	return mo_advise(err, "bad_csv", "put a line with the names of the columns on top");
}

static int find_name(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->ncsv; i++)
		if (strcmp(r->names[i], name) == 0)
			return (int)i;
	return -1;
}

static int no_column(const struct reader *r, const char *what, const char *name, struct mo_err *err)
{
	char wanted[SHOWN], first[SHOWN], last[SHOWN];

	FAIL_COLUMN(err, name, "no %s '%s': the header has %zu columns, '%s' to '%s'", what,
		shown(name, wanted), r->ncsv, shown(r->names[0], first),
		shown(r->names[r->ncsv - 1], last));
	return mo_advise(err, "bad_csv",
		r->wrong_delimiter ? "set `delimiter`: the header holds ';', '|' or a tab"
				   : "names are compared exactly");
}

static int add_feature(struct reader *r, size_t csv_column, struct mo_err *err)
{
	struct table_column *c = &r->t->cols[r->t->ncols];

	c->name = mo_fault("table.alloc") ? NULL : strdup(r->names[csv_column]);
	if (!c->name)
		return mo_fail(err, MO_ENOMEM, "column names");
	c->min = c->max = NAN;
	r->target[csv_column] = (int)r->t->ncols++;
	return 0;
}

static int choose_features(struct reader *r, struct mo_err *err)
{
	if (!r->opts->columns) {
		for (size_t i = 0; i < r->ncsv; i++)
			if (r->target[i] != IS_LABEL && add_feature(r, i, err) < 0)
				return -1;
	}
	for (size_t i = 0; r->opts->columns && i < r->opts->ncolumns; i++) {
		int at = find_name(r, r->opts->columns[i]);
		if (at < 0)
			return no_column(r, "column", r->opts->columns[i], err);
		if (r->target[at] != NOT_READ)
			return mo_fail_field(err, r->opts->columns[i], "asked for twice");
		if (add_feature(r, (size_t)at, err) < 0)
			return -1;
	}
	if (r->t->ncols == 0)
		return mo_fail(err, MO_EINVAL, "there is no column besides the label '%s'",
			r->opts->label ? r->opts->label : "");
	return 0;
}

static int take_names(struct reader *r, const struct csv_record *rec, struct mo_err *err)
{
	r->ncsv = rec->count;
	r->names = zalloc(rec->count, sizeof(*r->names));
	r->target = zalloc(rec->count, sizeof(*r->target));
	r->t->cols = zalloc(rec->count, sizeof(*r->t->cols));
	r->build = zalloc(rec->count, sizeof(*r->build));
	if (!r->names || !r->target || !r->t->cols || !r->build)
		return mo_fail(err, MO_ENOMEM, "columns");
	for (size_t i = 0; i < rec->count; i++) {
		if (check_name(&rec->fields[i], i, err) < 0)
			return -1;
		r->names[i] = strdup(rec->fields[i].p);
		if (!r->names[i])
			return mo_fail(err, MO_ENOMEM, "column names");
		r->target[i] = NOT_READ;
		r->wrong_delimiter |= strpbrk(rec->fields[i].p, ";|\t") != NULL;
	}
	return 0;
}

static int read_header(struct reader *r, const struct csv_record *rec, struct mo_err *err)
{
	r->header_read = true;
	if (check_is_header(rec, err) < 0 || take_names(r, rec, err) < 0 ||
		check_distinct(r, err) < 0)
		return -1;
	if (r->opts->label) {
		int at = find_name(r, r->opts->label);
		if (at < 0)
			return no_column(r, "label column", r->opts->label, err);
		r->target[at] = IS_LABEL;
		r->t->has_label = true;
		r->t->label.name = strdup(r->opts->label);
		if (!r->t->label.name)
			return mo_fail(err, MO_ENOMEM, "labels");
	}
	return choose_features(r, err);
}

/* ---- rows ---- */

/* VALUE cannot be read: text in a column of numbers, or past what float32 holds. */
static int bad_value(const struct reader *r, const struct table_column *c, const char *value,
	size_t line, bool too_large, struct mo_err *err)
{
	char name[SHOWN], text[SHOWN];
	bool first = c->missing == r->t->rows; /* no number in this column so far */

	if (too_large) {
		FAIL_COLUMN(err, c->name, "column '%s': '%s' in line %zu is infinite or too large",
			shown(c->name, name), shown(value, text), line);
		return mo_advise(err, "bad_csv", "values must be finite and at most 3.4e38");
	}
	FAIL_COLUMN(err, c->name,
		first ? "column '%s' holds text: '%s' in line %zu"
		      : "column '%s': '%s' in line %zu is not a number",
		shown(c->name, name), shown(value, text), line);
	return mo_advise(err, "bad_csv",
		first ? "encode the categories as numbers (for example one 0/1 column per value) "
			"or "
			"drop the column"
		      : "correct the value; if it means that the value is missing, add it to "
			"`missing`");
}

static int read_feature(
	struct reader *r, int index, const struct csv_field *f, size_t line, struct mo_err *err)
{
	struct table_column *c = &r->t->cols[index];
	float *cell = &r->t->values[r->t->rows * r->t->ncols + (size_t)index];
	double v = 0;

	if (table_is_missing(r->opts, f->p)) {
		c->missing++;
		*cell = NAN;
		return 0;
	}
	int kind = read_number(f->p, &v);
	if (kind < 0 || kind > 0 || isinf((float)v))
		return bad_value(r, c, f->p, line, kind >= 0, err);
	*cell = (float)v;
	c->min = fmin(c->min, v); /* fmin ignores the NaN it starts with */
	c->max = fmax(c->max, v);
	r->build[index].sum += v;
	r->build[index].fraction |= !is_whole(f->p) || fabs(v) > 16777216.0;
	return 0;
}

static int read_label(struct reader *r, const struct csv_field *f, size_t line, struct mo_err *err)
{
	char text[SHOWN];
	double v = 0;
	const char *name = r->t->label.name;

	if (table_is_missing(r->opts, f->p)) {
		FAIL_COLUMN(err, name, "the label is missing in line %zu ('%s')", line,
			shown(f->p, text));
		return mo_advise(err, "bad_csv", "remove the rows without a label");
	}
	if (f->n > MO_NAME_BYTES) {
		FAIL_COLUMN(err, name, "the label '%s' in line %zu is longer than %d bytes",
			shown(f->p, text), line, MO_NAME_BYTES);
		return -1;
	}
	int kind = read_number(f->p, &v);
	if (kind > 0 || (kind == 0 && isinf((float)v))) {
		FAIL_COLUMN(err, name, "the label '%s' in line %zu is infinite or too large",
			shown(f->p, text), line);
		return -1;
	}
	if (label_add(&r->label, f->p, kind == 0, v, kind == 0 && floor(v) == v, err) < 0) {
		if (err && err->code == MO_EFIELD)
			FAIL_COLUMN(err, name,
				"the label has text in line %zu and more than %d "
				"distinct values",
				line, TABLE_CLASSES);
		return -1;
	}
	return 0;
}

static int make_room(struct reader *r, size_t line, struct mo_err *err)
{
	struct table *t = r->t;

	if (t->rows >= r->max_rows || (t->rows + 1) * t->ncols > r->max_cells)
		return mo_fail(err, MO_ETOOBIG, "line %zu: more than %zu rows or %zu values", line,
			r->max_rows, r->max_cells);
	if (t->rows < r->cap_rows)
		return 0;
	size_t cap = r->cap_rows ? 2 * r->cap_rows : 256;
	float *values = mo_fault("table.alloc")
				? NULL
				: reallocarray(t->values, cap * t->ncols, sizeof(*values));
	if (!values)
		return mo_fail(err, MO_ENOMEM, "line %zu: %zu values", line, cap * t->ncols);
	t->values = values;
	r->cap_rows = cap;
	return 0;
}

static int read_row(struct reader *r, const struct csv_record *rec, struct mo_err *err)
{
	if (rec->count != r->ncsv)
		return mo_fail(err, MO_EINVAL,
			"line %zu has %zu values; the header has %zu columns", rec->line,
			rec->count, r->ncsv);
	if (make_room(r, rec->line, err) < 0)
		return -1;
	for (size_t i = 0; i < rec->count; i++) {
		if (r->target[i] == IS_LABEL && read_label(r, &rec->fields[i], rec->line, err) < 0)
			return -1;
		if (r->target[i] >= 0 &&
			read_feature(r, r->target[i], &rec->fields[i], rec->line, err) < 0)
			return -1;
	}
	r->t->rows++;
	return 0;
}

static int on_record(void *ctx, const struct csv_record *rec, struct mo_err *err)
{
	struct reader *r = ctx;
	return r->header_read ? read_row(r, rec, err) : read_header(r, rec, err);
}

/* ---- whole tables ---- */

static int finish(struct reader *r, struct mo_err *err)
{
	struct table *t = r->t;

	if (!r->header_read)
		return mo_fail(err, MO_EINVAL, "the table is empty: not even a header");
	if (t->rows == 0)
		return mo_fail(err, MO_EINVAL, "the table has a header but no rows");
	for (size_t i = 0; i < t->ncols; i++) {
		size_t present = t->rows - t->cols[i].missing;
		t->cols[i].mean = present ? r->build[i].sum / (double)present : NAN;
		t->cols[i].type = present && !r->build[i].fraction ? TABLE_INT : TABLE_FLOAT;
	}
	return t->has_label ? label_finish(&r->label, &t->label, err) : 0;
}

/* Reads by NEXT until it gives 0 bytes (-1 is an error). */
static int read_all(struct reader *r, ssize_t (*next)(void *src, const char **ret_p), void *src,
	struct mo_err *err)
{
	struct csv *csv;
	const char *p = NULL;
	ssize_t n;
	int rc;

	if (csv_new(r->opts->delimiter ? r->opts->delimiter : ',', &r->opts->csv, on_record, r,
		    &csv, err) < 0)
		return -1;
	for (rc = 0; rc == 0 && (n = next(src, &p)) != 0;)
		rc = n < 0 ? mo_fail_errno(err, errno, "reading the table")
			   : csv_feed(csv, p, (size_t)n, err);
	if (rc == 0)
		rc = csv_end(csv, err);
	csv_free(csv);
	return rc == 0 ? finish(r, err) : -1;
}

static int read_table(const struct table_opts *opts, ssize_t (*next)(void *src, const char **ret_p),
	void *src, struct table **ret_table, struct mo_err *err)
{
	struct reader r = { .opts = opts,
		.max_rows = opts->rows ? opts->rows : TABLE_ROWS,
		.max_cells = opts->cells ? opts->cells : TABLE_CELLS };

	r.t = zalloc(1, sizeof(*r.t));
	if (!r.t)
		return mo_fail(err, MO_ENOMEM, "table");
	label_build_init(&r.label);
	int rc = read_all(&r, next, src, err);
	for (size_t i = 0; r.names && i < r.ncsv; i++)
		free(r.names[i]);
	free(r.names);
	free(r.target);
	free(r.build);
	label_build_free(&r.label);
	if (rc < 0) {
		table_free(r.t);
		return -1;
	}
	*ret_table = r.t;
	return 0;
}

struct fd_source {
	int fd;
	char buf[65536];
};

static ssize_t next_of_fd(void *src, const char **ret_p)
{
	struct fd_source *s = src;
	ssize_t n;

	do
		n = read(s->fd, s->buf, sizeof(s->buf));
	while (n < 0 && errno == EINTR);
	*ret_p = s->buf;
	return n;
}

int table_read_fd(
	int fd, const struct table_opts *opts, struct table **ret_table, struct mo_err *err)
{
	mo_autofree struct fd_source *s = zalloc(1, sizeof(*s));

	if (!s)
		return mo_fail(err, MO_ENOMEM, "table");
	s->fd = fd;
	return read_table(opts, next_of_fd, s, ret_table, err);
}

static ssize_t next_of_mem(void *src, const char **ret_p)
{
	struct mo_str *s = src;
	ssize_t n = (ssize_t)s->n;

	*ret_p = s->p;
	s->n = 0;
	return n;
}

int table_read_mem(const char *p, size_t n, const struct table_opts *opts, struct table **ret_table,
	struct mo_err *err)
{
	struct mo_str s = { p, n };
	return read_table(opts, next_of_mem, &s, ret_table, err);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->cols && i < t->ncols; i++)
		free(t->cols[i].name);
	free(t->cols);
	free(t->values);
	label_free(&t->label);
	free(t);
}

int table_column_index(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (strcmp(t->cols[i].name, name) == 0)
			return (int)i;
	return -1;
}
