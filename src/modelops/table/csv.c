/* CSV reader: a machine of five states over bytes; the record's text lies in one bounded buffer. */
#include "modelops/table/csv.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/str.h"

#include <stdint.h>
#include <string.h>

enum state { START, PLAIN, QUOTED, QUOTE_END, CR_SEEN };

struct span {
	size_t start, len;
	bool quoted;
};

struct csv {
	struct csv_limits limits;
	int (*record)(void *ctx, const struct csv_record *record, struct mo_err *err);
	void *ctx;
	enum state state;
	char delimiter;
	bool closed; /* the field before CR_SEEN was quoted */
	bool high;   /* the field holds a byte past ASCII: check it as UTF-8 */
	size_t seen; /* bytes before the first record, for the byte order mark */
	size_t line, record_line, quote_line, blank_line;
	char *text;       /* the record's fields, each with a NUL after it */
	size_t used, cap; /* bytes of text */
	size_t field_start;
	struct span *spans;
	struct csv_field *fields;
	size_t nspans, spans_cap;
};

static void *regrow(void *p, size_t bytes)
{
	return mo_fault("table.alloc") ? NULL : realloc(p, bytes);
}

int csv_new(char delimiter, const struct csv_limits *limits,
	int (*record)(void *ctx, const struct csv_record *record, struct mo_err *err), void *ctx,
	struct csv **ret_csv, struct mo_err *err)
{
	if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter == '\0' ||
		(unsigned char)delimiter >= 0x80)
		return mo_fail_field(err, "delimiter",
			"the delimiter is one ASCII byte, no quote "
			"and no line end");
	struct csv *c = mo_fault("table.alloc") ? NULL : calloc(1, sizeof(*c));
	if (!c)
		return mo_fail(err, MO_ENOMEM, "CSV reader");
	if (limits)
		c->limits = *limits;
	if (!c->limits.field_bytes)
		c->limits.field_bytes = CSV_FIELD_BYTES;
	if (!c->limits.record_bytes)
		c->limits.record_bytes = CSV_RECORD_BYTES;
	if (!c->limits.columns)
		c->limits.columns = CSV_COLUMNS;
	c->delimiter = delimiter;
	c->record = record;
	c->ctx = ctx;
	c->line = c->record_line = 1;
	*ret_csv = c;
	return 0;
}

void csv_free(struct csv *c)
{
	if (!c)
		return;
	free(c->text);
	free(c->spans);
	free(c->fields);
	free(c);
}

static int put(struct csv *c, char byte, struct mo_err *err)
{
	if (c->used >= c->limits.record_bytes)
		return mo_fail(err, MO_ETOOBIG, "line %zu: a record is longer than %zu bytes",
			c->record_line, c->limits.record_bytes);
	if (c->used == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 4096;
		char *text = regrow(c->text, cap);
		if (!text)
			return mo_fail(err, MO_ENOMEM, "line %zu", c->line);
		c->text = text;
		c->cap = cap;
	}
	c->text[c->used++] = byte;
	return 0;
}

static int put_value(struct csv *c, char byte, struct mo_err *err)
{
	if (c->used - c->field_start >= c->limits.field_bytes)
		return mo_fail(err, MO_ETOOBIG, "line %zu: field %zu is longer than %zu bytes",
			c->line, c->nspans + 1, c->limits.field_bytes);
	c->high |= (unsigned char)byte >= 0x80;
	return put(c, byte, err);
}

static int grow_spans(struct csv *c, struct mo_err *err)
{
	size_t cap = c->spans_cap ? 2 * c->spans_cap : 64;
	struct span *spans = regrow(c->spans, cap * sizeof(*spans));
	if (spans)
		c->spans = spans;
	struct csv_field *fields = spans ? regrow(c->fields, cap * sizeof(*fields)) : NULL;
	if (!fields)
		return mo_fail(err, MO_ENOMEM, "line %zu", c->line);
	c->fields = fields;
	c->spans_cap = cap;
	return 0;
}

static bool blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static int end_field(struct csv *c, bool quoted, struct mo_err *err)
{
	size_t start = c->field_start, end = c->used;

	if (c->nspans >= c->limits.columns)
		return mo_fail(err, MO_ETOOBIG, "line %zu: more than %zu columns", c->line,
			c->limits.columns);
	if (c->nspans == c->spans_cap && grow_spans(c, err) < 0)
		return -1;
	if (c->high && !mo_utf8_valid(c->text + start, end - start)) {
		mo_fail(err, MO_EINVAL, "line %zu: field %zu is not UTF-8 text", c->line,
			c->nspans + 1);
		return mo_advise(err, "bad_csv", "save the file as UTF-8");
	}
	while (!quoted && start < end && blank(c->text[start]))
		start++;
	while (!quoted && end > start && blank(c->text[end - 1]))
		end--;
	c->used = end;
	if (put(c, '\0', err) < 0)
		return -1;
	c->spans[c->nspans++] = (struct span){ start, end - start, quoted };
	c->field_start = c->used;
	c->high = false;
	c->state = START;
	return 0;
}

static int end_record(struct csv *c, bool quoted, struct mo_err *err)
{
	if (end_field(c, quoted, err) < 0)
		return -1;
	bool empty = c->nspans == 1 && !quoted && c->spans[0].len == 0;
	if (empty && !c->blank_line)
		c->blank_line = c->record_line;
	if (!empty && c->blank_line)
		return mo_fail(err, MO_EINVAL, "line %zu is empty", c->blank_line);
	for (size_t i = 0; i < c->nspans; i++)
		c->fields[i] = (struct csv_field){ c->text + c->spans[i].start, c->spans[i].len,
			c->spans[i].quoted };
	const struct csv_record record = { c->fields, c->nspans, c->record_line };
	c->nspans = c->used = c->field_start = 0;
	return empty ? 0 : c->record(c->ctx, &record, err);
}

/* A line end outside of quotes was read. */
static int end_line(struct csv *c, bool quoted, struct mo_err *err)
{
	if (end_record(c, quoted, err) < 0)
		return -1;
	c->record_line = ++c->line;
	return 0;
}

static int in_plain(struct csv *c, char byte, struct mo_err *err)
{
	if (byte == c->delimiter)
		return end_field(c, false, err);
	if (byte == '\n')
		return end_line(c, false, err);
	if (byte == '\r') {
		c->closed = false;
		c->state = CR_SEEN;
		return 0;
	}
	if (byte == '"' && c->state == START) {
		c->state = QUOTED;
		c->quote_line = c->line;
		return 0;
	}
	if (byte == '"') {
		mo_fail(err, MO_EINVAL,
			"line %zu: a quote inside field %zu, which does not start "
			"with one",
			c->line, c->nspans + 1);
		return mo_advise(err, "bad_csv",
			"put the whole field into quotes and double the "
			"quotes inside it");
	}
	c->state = PLAIN;
	return put_value(c, byte, err);
}

static int in_quote_end(struct csv *c, char byte, struct mo_err *err)
{
	if (byte == '"') { /* a doubled quote stands for one */
		c->state = QUOTED;
		return put_value(c, byte, err);
	}
	if (byte == c->delimiter)
		return end_field(c, true, err);
	if (byte == '\n')
		return end_line(c, true, err);
	if (byte == '\r') {
		c->closed = true;
		c->state = CR_SEEN;
		return 0;
	}
	return mo_fail(err, MO_EINVAL, "line %zu: text after the closing quote of field %zu",
		c->line, c->nspans + 1);
}

static int in_cr(struct csv *c, char byte, bool quoted, struct mo_err *err)
{
	if (byte == '\n')
		return end_line(c, quoted, err);
	mo_fail(err, MO_EINVAL, "line %zu: a carriage return that ends no line", c->line);
	return mo_advise(err, "bad_csv", "end lines with LF or CR LF, or quote the field");
}

/* QUOTED fields keep line ends as they are. */
static int in_quoted(struct csv *c, char byte, struct mo_err *err)
{
	if (byte == '"') {
		c->state = QUOTE_END;
		return 0;
	}
	if (byte == '\n')
		c->line++;
	return put_value(c, byte, err);
}

static int feed_byte(struct csv *c, char byte, struct mo_err *err)
{
	if (byte == '\0') {
		mo_fail(err, MO_EINVAL, "line %zu: a NUL byte: this is no UTF-8 text", c->line);
		return mo_advise(err, "bad_csv", "save the file as UTF-8 CSV");
	}
	switch (c->state) {
	case QUOTED:
		return in_quoted(c, byte, err);
	case QUOTE_END:
		return in_quote_end(c, byte, err);
	case CR_SEEN:
		return in_cr(c, byte, c->closed, err);
	case START:
	case PLAIN:
		break;
	}
	return in_plain(c, byte, err);
}

int csv_feed(struct csv *c, const char *p, size_t n, struct mo_err *err)
{
	static const char bom[3] = { '\xef', '\xbb', '\xbf' };

	for (size_t i = 0; i < n; i++) {
		if (c->seen < sizeof(bom)) { /* the mark is dropped once it is complete */
			if (p[i] == bom[c->seen]) {
				if (++c->seen == sizeof(bom))
					c->seen = SIZE_MAX;
				continue;
			}
			size_t held = c->seen;
			c->seen = SIZE_MAX;
			for (size_t k = 0; k < held; k++)
				if (feed_byte(c, bom[k], err) < 0)
					return -1;
		}
		if (feed_byte(c, p[i], err) < 0)
			return -1;
	}
	return 0;
}

int csv_end(struct csv *c, struct mo_err *err)
{
	if (c->seen > 0 && c->seen < 3)
		return mo_fail(err, MO_EINVAL, "line 1: field 1 is not UTF-8 text");
	if (c->state == QUOTED)
		return mo_fail(err, MO_EINVAL, "line %zu: a quote is opened and never closed",
			c->quote_line);
	if (c->state == CR_SEEN)
		return in_cr(c, '\0', false, err);
	if (c->state == START && c->nspans == 0)
		return 0;
	return end_record(c, c->state == QUOTE_END, err);
}
