/* Fuzzes the CSV reader: pieces of any size must give what the whole gives, and no input a crash.
 */
#include "modelops/base/check.h"
#include "modelops/table/table.h"

#include <stdint.h>
#include <string.h>

struct sum {
	uint64_t hash;
};

static int add_record(void *ctx, const struct csv_record *rec, struct mo_err *err)
{
	struct sum *s = ctx;

	for (size_t i = 0; i < rec->count; i++) {
		MO_ASSERT(strlen(rec->fields[i].p) == rec->fields[i].n);
		for (size_t k = 0; k <= rec->fields[i].n; k++)
			s->hash = (s->hash ^ (unsigned char)rec->fields[i].p[k]) * 1099511628211U;
	}
	s->hash = (s->hash ^ rec->line) * 1099511628211U;
	return 0;
}

static int parse(const char *p, size_t n, size_t step, char delimiter, struct sum *s)
{
	struct csv *csv;
	struct mo_err err = { 0 };
	int rc = 0;

	*s = (struct sum){ 14695981039346656037U };
	if (csv_new(delimiter, NULL, add_record, s, &csv, &err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i += step)
		rc = csv_feed(csv, p + i, n - i < step ? n - i : step, &err);
	if (rc == 0)
		rc = csv_end(csv, &err);
	csv_free(csv);
	MO_ASSERT(rc == 0 || err.msg[0]);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct mo_err err = { 0 };
	struct table *t = NULL;
	struct sum whole, bytes;

	if (size == 0)
		return 0;
	char delimiter = data[0] & 1 ? ',' : ';';
	int a = parse(p, size, size, delimiter, &whole), b = parse(p, size, 1, delimiter, &bytes);
	MO_ASSERT(a == b && (a < 0 || whole.hash == bytes.hash));
	const struct table_opts opts = { .delimiter = delimiter,
		.label = data[0] & 2 ? "y" : NULL };
	if (table_read_mem(p, size, &opts, &t, &err) == 0)
		MO_ASSERT(t->rows > 0 && t->ncols > 0);
	else
		MO_ASSERT(err.msg[0]);
	table_free(t);
	return 0;
}
