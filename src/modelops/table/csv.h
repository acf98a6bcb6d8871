/* CSV as records: RFC 4180 with strict limits, fed in pieces of any size, memory bounded by one
 * record. It refuses and never repairs: every refusal names the line. */
#ifndef MODELOPS_TABLE_CSV_H
#define MODELOPS_TABLE_CSV_H

#include "modelops/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct csv_limits {
	size_t field_bytes, record_bytes, columns; /* 0 means the default below */
};

enum { CSV_FIELD_BYTES = 4096, CSV_RECORD_BYTES = 8 << 20, CSV_COLUMNS = 4096 };

/* A field's text is NUL-terminated. Blanks and tabs around an unquoted field are not part of it. */
struct csv_field {
	const char *p;
	size_t n;
	bool quoted;
};

/* Borrowed during the callback only. LINE (1-based) is the one the record starts on. */
struct csv_record {
	const struct csv_field *fields;
	size_t count, line;
};

struct csv;

/* RECORD is called once per record (the header too); an error it returns ends the parse. DELIMITER
 * is one byte, neither a quote nor a line end. Caller frees with csv_free. */
int csv_new(char delimiter, const struct csv_limits *limits,
	int (*record)(void *ctx, const struct csv_record *record, struct mo_err *err), void *ctx,
	struct csv **ret_csv, struct mo_err *err);

/* The next N bytes. MO_EINVAL names the line: NUL, bytes that are not UTF-8, a carriage return that
 * ends no line, a quote inside an unquoted field, text after a closing quote, an empty line that is
 * not at the end; MO_ETOOBIG past a limit. After an error only csv_free may follow. */
int csv_feed(struct csv *csv, const char *p, size_t n, struct mo_err *err);

/* End of the input: the last record needs no line end; an open quote is refused. */
int csv_end(struct csv *csv, struct mo_err *err);

void csv_free(struct csv *csv); /* NULL is fine */

#endif
