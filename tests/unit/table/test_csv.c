/* Records: what RFC 4180 allows, what is refused and with which line, whatever the piece size. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/table/csv.h"

#include <stdio.h>
#include <string.h>

struct dump {
	char text[4096];
	size_t used;
};

static int dump_record(void *ctx, const struct csv_record *rec, struct mo_err *err)
{
	struct dump *d = ctx;

	d->used +=
		(size_t)snprintf(d->text + d->used, sizeof(d->text) - d->used, "%zu:", rec->line);
	for (size_t i = 0; i < rec->count; i++) {
		const struct csv_field *f = &rec->fields[i];
		assert_int_equal(strlen(f->p), f->n);
		d->used += (size_t)snprintf(d->text + d->used, sizeof(d->text) - d->used, "%s[%s]",
			f->quoted ? "q" : "", f->p);
	}
	return 0;
}

/* Parses N bytes in pieces of STEP; the dump, or NULL with ERR. */
static const char *parse_n(
	const char *text, size_t n, size_t step, char delimiter, struct dump *d, struct mo_err *err)
{
	const struct csv_limits limits = { 16, 64, 4 };
	struct csv *csv;
	int rc = 0;

	*d = (struct dump){ 0 };
	*err = (struct mo_err){ 0 };
	assert_int_equal(csv_new(delimiter, &limits, dump_record, d, &csv, err), 0);
	for (size_t i = 0; i < n && rc == 0; i += step)
		rc = csv_feed(csv, text + i, n - i < step ? n - i : step, err);
	if (rc == 0)
		rc = csv_end(csv, err);
	csv_free(csv);
	return rc == 0 ? d->text : NULL;
}

static void accepted(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a", "1:[a]" },
		{ "a,b\n1,2\n", "1:[a][b]2:[1][2]" },
		{ "a,b\r\n1,2\r\n", "1:[a][b]2:[1][2]" },
		{ "\xef\xbb\xbf"
		  "a,b\n",
			"1:[a][b]" },
		{ "\xef\xbb\xbf", "" },
		{ "\"a\",\"b,c\"\n", "1:q[a]q[b,c]" },
		{ "\"a\"\"b\"\n", "1:q[a\"b]" },
		{ "\"\"\"\"\n", "1:q[\"]" },
		{ "\"x\ny\",2\n3,4", "1:q[x\ny][2]3:[3][4]" },
		{ "\"x\r\ny\",2\r\n", "1:q[x\r\ny][2]" },
		{ "a,\n", "1:[a][]" },
		{ ",\n", "1:[][]" },
		{ "\"\"\n", "1:q[]" },
		{ " a , b c \n", "1:[a][b c]" },
		{ "\" a \"\n", "1:q[ a ]" },
		{ "a\n\n\n", "1:[a]" },
		{ "\xc3\xa4,\xf0\x9f\x8c\xb1\n", "1:[\xc3\xa4][\xf0\x9f\x8c\xb1]" },
		{ "1234567890123456\n", "1:[1234567890123456]" },
	};
	struct dump d;
	struct mo_err err;

	for (size_t i = 0; i < MO_COUNT(cases); i++) {
		for (size_t step = 1; step <= 7; step += 2) {
			const char *out =
				parse_n(cases[i].in, strlen(cases[i].in), step, ',', &d, &err);
			assert_non_null(out);
			assert_string_equal(out, cases[i].out);
		}
	}
}

static void refused(void **state)
{
	static const struct {
		const char *in, *say;
		size_t n; /* 0: strlen */
	} cases[] = {
		{ "a\n\"b", "line 2: a quote is opened and never closed", 0 },
		{ "a\n\"b\nc\nd", "line 2: a quote is opened and never closed", 0 },
		{ "a\nb\"c\n", "line 2: a quote inside field 1", 0 },
		{ "a\n \"b\"\n", "line 2: a quote inside field 1", 0 },
		{ "\"a\"b\n", "line 1: text after the closing quote of field 1", 0 },
		{ "\"a\" ,b\n", "line 1: text after the closing quote of field 1", 0 },
		{ "a\rb\n", "line 1: a carriage return that ends no line", 0 },
		{ "a\r", "line 1: a carriage return that ends no line", 0 },
		{ "\"a\"\rb", "line 1: a carriage return that ends no line", 0 },
		{ "a\n\nb\n", "line 2 is empty", 0 },
		{ "\na\n", "line 1 is empty", 0 },
		{ "a\0b\n", "line 1: a NUL byte", 4 },
		{ "\"a\0b\"\n", "line 1: a NUL byte", 6 },
		{ "a\n\xff\xfe\n", "line 2: field 1 is not UTF-8 text", 0 },
		{ "a,\xc3\n", "line 1: field 2 is not UTF-8 text", 0 },
		{ "\xef\xbb", "line 1: field 1 is not UTF-8 text", 0 },
		{ "12345678901234567\n", "line 1: field 1 is longer than 16 bytes", 0 },
		{ "1,2,3,4,5\n", "line 1: more than 4 columns", 0 },
		{ "123456789012345,123456789012345,123456789012345,1234567890123456\n",
			"line 1: a record is longer than 64 bytes", 0 },
	};
	struct dump d;
	struct mo_err err;

	for (size_t i = 0; i < MO_COUNT(cases); i++) {
		size_t n = cases[i].n ? cases[i].n : strlen(cases[i].in);
		for (size_t step = 1; step <= 5; step += 2) {
			assert_null(parse_n(cases[i].in, n, step, ',', &d, &err));
			assert_non_null(strstr(err.msg, cases[i].say));
			assert_true(err.code == MO_EINVAL || err.code == MO_ETOOBIG);
		}
	}
}

static void delimiters(void **state)
{
	static const char bad[] = { '"', '\n', '\r', '\0', '\xe4' };
	struct dump d;
	struct mo_err err = { 0 };
	struct csv *csv = NULL;

	assert_string_equal(parse_n("a;b,c\n", 6, 2, ';', &d, &err), "1:[a][b,c]");
	assert_string_equal(parse_n("a\tb c\n", 6, 2, '\t', &d, &err), "1:[a][b c]");
	for (size_t i = 0; i < sizeof(bad); i++) {
		assert_int_equal(csv_new(bad[i], NULL, dump_record, NULL, &csv, &err), -1);
		assert_int_equal(err.code, MO_EFIELD);
	}
	assert_null(csv);
}

static int stop_here(void *ctx, const struct csv_record *rec, struct mo_err *err)
{
	++*(int *)ctx;
	return mo_fail(err, MO_EINVAL, "enough at %zu", rec->line);
}

static void callback_error_ends(void **state)
{
	struct mo_err err = { 0 };
	struct csv *csv;
	int calls = 0;

	assert_int_equal(csv_new(',', NULL, stop_here, &calls, &csv, &err), 0);
	assert_int_equal(csv_feed(csv, "a\nb\nc\n", 6, &err), -1);
	assert_string_equal(err.msg, "enough at 1");
	assert_int_equal(calls, 1);
	csv_free(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(delimiters),
		cmocka_unit_test(callback_error_ends),
	};
	return RUN_TESTS(tests);
}
