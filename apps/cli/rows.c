/* A small CSV reader (RFC 4180) and the body of predict. Values that read as numbers are numbers,
 * empty ones null, others text; the API judges them. */
#include "rows.h"

#include "call.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/json/json.h"

#include <stdio.h>
#include <string.h>

enum { INPUT_BYTES = 16 << 20, COLUMNS_MAX = 4096 };

struct csv_in {
	const char *p;
	size_t line;
};

/* The field at IN->p into OUT; returns the byte that ended it (',', '\n' or 0), -1 for an open
 * quote. */
static int next_field(struct csv_in *in, struct mo_buf *out)
{
	bool quoted = *in->p == '"';

	mo_buf_reset(out);
	in->p += quoted;
	for (;; in->p++) {
		if (!*in->p)
			return quoted ? -1 : 0;
		in->line += *in->p == '\n';
		if (quoted && in->p[0] == '"' && in->p[1] == '"') {
			in->p++;
		} else if (quoted && *in->p == '"') {
			quoted = false;
			continue;
		} else if (!quoted && (*in->p == ',' || *in->p == '\n')) {
			return *in->p++;
		} else if (!quoted && *in->p == '\r' && in->p[1] == '\n') {
			continue;
		}
		mo_buf_putc(out, *in->p);
	}
}

static json_t *cell(const char *text)
{
	double v;

	if (!*text || mo_str_ieq(mo_str(text), "NA") || mo_str_ieq(mo_str(text), "NaN") ||
		strcmp(text, "?") == 0)
		return json_null();
	if (mo_parse_f64(text, strlen(text), &v) == 0)
		return json_real(v);
	return json_string(text);
}

/* NAME is one of the comma-separated NAMES. */
static bool in_list(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = names; p && *p;) {
		size_t len = strcspn(p, ",");
		if (len == n && memcmp(p, name, n) == 0)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

static int read_header(struct cli *c, struct csv_in *in, json_t *names)
{
	mo_autobuf struct mo_buf field;
	int end;

	mo_buf_init(&field, INPUT_BYTES);
	do {
		end = next_field(in, &field);
		if (end < 0 || json_array_size(names) == COLUMNS_MAX)
			return cli_usage(c, "--csv: the header cannot be read");
		json_t *name = json_string(mo_buf_str(&field));
		if (!name)
			return cli_usage(c, "--csv: the header is not UTF-8 text");
		json_array_append_new(names, name);
	} while (end == ',');
	return CLI_OK;
}

static int read_row(struct cli *c, struct csv_in *in, const json_t *names, json_t *rows)
{
	mo_autobuf struct mo_buf field;
	mo_autojson json_t *row = json_object();
	size_t line = in->line, n = 0;
	int end;

	mo_buf_init(&field, INPUT_BYTES);
	do {
		end = next_field(in, &field);
		const char *name = json_string_value(json_array_get(names, n++));
		if (end < 0 || !name)
			return cli_usage(c, "--csv: line %zu: %s", line,
				end < 0 ? "a quote is never closed" : "more values than columns");
		json_t *value = cell(mo_buf_str(&field));
		if (!value)
			return cli_usage(c, "--csv: line %zu is not UTF-8 text", line);
		if (in_list(cli_flag(c, "drop"), name))
			json_decref(value);
		else
			json_object_set_new(row, name, value);
	} while (end == ',');
	if (n < json_array_size(names))
		return cli_usage(c, "--csv: line %zu has %zu values; the header has %zu columns",
			line, n, json_array_size(names));
	json_array_append_new(rows, MO_TAKE(row));
	return CLI_OK;
}

static bool skip_blank(struct csv_in *in)
{
	size_t n = *in->p == '\r' ? 1 : 0;

	if (in->p[n] != '\n')
		return false;
	in->p += n + 1;
	in->line++;
	return true;
}

static int csv_rows(struct cli *c, const char *text, json_t *rows)
{
	mo_autojson json_t *names = json_array();
	struct csv_in in = { text, 1 };
	int64_t most = cli_flag_int(c, "rows", INT64_MAX);

	if (most < 1)
		return cli_usage(c, "--rows: not a number from 1");
	if (strncmp(in.p, "\xef\xbb\xbf", 3) == 0)
		in.p += 3;
	int rc = read_header(c, &in, names);
	bool blank_is_row = json_array_size(names) == 1; /* a missing value alone */
	while (rc == CLI_OK && *in.p && (int64_t)json_array_size(rows) < most)
		if (blank_is_row || !skip_blank(&in))
			rc = read_row(c, &in, names, rows);
	return rc;
}

static int json_rows(struct cli *c, const char *text, json_t **ret_body)
{
	struct mo_err err = { 0 };
	json_t *doc = NULL;

	if (mo_json_parse(text, strlen(text), INPUT_BYTES, 32, &doc, &err) < 0)
		return cli_usage(c, "--data: %s", err.msg);
	const json_t *first = json_array_get(doc, 0);
	bool row = json_is_array(doc) ? !json_is_array(first) && !json_is_object(first)
				      : !json_object_get(doc, "instances"); /* one row alone */
	if (row)
		doc = json_pack("[o]", doc);
	*ret_body = json_is_array(doc) ? json_pack("{s:o}", "instances", doc) : doc;
	return CLI_OK;
}

static bool is_csv(const char *path)
{
	size_t n = strlen(path);
	return n > 4 && strcmp(path + n - 4, ".csv") == 0;
}

int rows_body(struct cli *c, json_t **ret_body)
{
	const char *data = cli_flag(c, "data"), *csv = cli_flag(c, "csv");
	const char *named = cli_flag(c, "file");
	mo_autobuf struct mo_buf file;

	mo_buf_init(&file, 2 * INPUT_BYTES);
	mo_buf_putc(&file, '\0'); /* an empty file is empty text */
	mo_buf_reset(&file);
	if (!!data + !!csv + !!named > 1)
		return cli_usage(c, "--data, --csv and --file exclude each other");
	if (named && is_csv(named))
		csv = named;
	else if (named)
		data = mo_arena_printf(&c->arena, "@%s", named);
	if (data && *data != '@')
		return json_rows(c, data, ret_body);
	if (call_read_file(c, csv ? csv : data ? data + 1 : "-", &file) != CLI_OK)
		return CLI_USAGE;
	if (memchr(mo_buf_str(&file), '\0', file.len))
		return cli_usage(c, "%s holds a NUL byte: it is no text",
			csv    ? csv
			: data ? data + 1
			       : "standard input");
	if (!csv)
		return json_rows(c, mo_buf_str(&file), ret_body);
	json_t *rows = json_array();
	int rc = csv_rows(c, mo_buf_str(&file), rows);
	if (rc != CLI_OK) {
		json_decref(rows);
		return rc;
	}
	*ret_body = json_pack("{s:o}", "instances", rows);
	return CLI_OK;
}
