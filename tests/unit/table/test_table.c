/* Tables: types, missing values, labels, statistics; every refusal names column, line and value. */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/str.h"
#include "modelops/table/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct table *read_text(const char *text, const struct table_opts *opts, struct mo_err *err)
{
	struct table *t = NULL;

	*err = (struct mo_err){ 0 };
	if (table_read_mem(text, strlen(text), opts, &t, err) < 0)
		assert_null(t);
	return t;
}

static void types_and_statistics(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	struct table *t = read_text(
		"n,x,y,m\n1,0.5,a,\n-2,+1e1,b,NA\n16777216,.25,a,?\n0,5.,a,nUlL\n", &opts, &err);

	assert_non_null(t);
	assert_int_equal(t->rows, 4);
	assert_int_equal(t->ncols, 3);
	assert_int_equal(t->cols[0].type, TABLE_INT);
	assert_int_equal(t->cols[1].type, TABLE_FLOAT);
	assert_int_equal(t->cols[2].type, TABLE_FLOAT);
	assert_int_equal(t->cols[2].missing, 4);
	assert_true(isnan(t->cols[2].min) && isnan(t->cols[2].mean));
	assert_true(t->cols[0].min == -2 && t->cols[0].max == 16777216);
	assert_true(t->cols[1].min == 0.25F && t->cols[1].max == 10);
	assert_true(t->cols[1].mean == (0.5 + 10 + 0.25 + 5) / 4);
	assert_true(t->values[3] == -2 && t->values[4] == 10 && isnan(t->values[5]));
	assert_int_equal(table_column_index(t, "m"), 2);
	assert_int_equal(table_column_index(t, "y"), -1);
	table_free(t);
}

static void numbers_are_exact(void **state)
{
	static const char *const texts[] = { "0.1", "1e-45", "3.4028234663852886e38", "-0",
		"16777217", "0.30000000000000004", "1.17549435e-38", "9007199254740993",
		"123456789.123456789123456789123456789123456789", "7.006492321624085e-46" };
	char text[256];
	struct mo_err err;

	for (size_t i = 0; i < MO_COUNT(texts); i++) {
		snprintf(text, sizeof(text), "x\n%s\n", texts[i]);
		struct table *t = read_text(text, &(struct table_opts){ 0 }, &err);
		assert_non_null(t);
		float want = (float)strtod(texts[i], NULL);
		assert_memory_equal(t->values, &want, sizeof(want));
		table_free(t);
	}
}

static void text_classes(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	struct table *t = read_text("x,y\n1,b\n2,\"a,c\"\n3,b\n4,7\n", &opts, &err);

	assert_non_null(t);
	assert_false(t->label.numeric);
	assert_int_equal(t->label.nclasses, 3);
	assert_string_equal(t->label.classes[0], "7");
	assert_string_equal(t->label.classes[1], "a,c");
	assert_string_equal(t->label.classes[2], "b");
	assert_int_equal(t->label.class_of[0], 2);
	assert_int_equal(t->label.class_of[1], 1);
	assert_int_equal(t->label.class_rows[2], 2);
	assert_null(t->label.values);
	table_free(t);
}

static void number_classes(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	struct table *t = read_text("x,y\n1,10\n2,9\n3,9.0\n4,-0\n5,0\n", &opts, &err);

	assert_non_null(t);
	assert_true(t->label.numeric && t->label.whole);
	assert_int_equal(t->label.nclasses, 3);
	assert_string_equal(t->label.classes[0], "0");
	assert_string_equal(t->label.classes[1], "9");
	assert_string_equal(t->label.classes[2], "10");
	assert_int_equal(t->label.class_of[0], 2);
	assert_int_equal(t->label.class_of[1], 1);
	assert_int_equal(t->label.class_of[2], 1);
	assert_int_equal(t->label.class_of[3], 0);
	assert_int_equal(t->label.class_rows[0], 2);
	assert_true(t->label.values[0] == 10);
	table_free(t);
	t = read_text("x,y\n1,0.5\n2,1\n", &opts, &err);
	assert_true(t->label.numeric && !t->label.whole);
	assert_string_equal(t->label.classes[0], "0.5");
	table_free(t);
}

/* What a model package can name is let in; one byte more is refused with its line. */
static void long_label(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	char longest[MO_NAME_BYTES + 2], text[400];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[MO_NAME_BYTES + 1] = '\0';
	snprintf(text, sizeof(text), "x,y\n1,b\n2,%s\n", longest + 1);
	struct table *t = read_text(text, &opts, &err);
	assert_non_null(t);
	assert_string_equal(t->label.classes[0], longest + 1);
	table_free(t);
	snprintf(text, sizeof(text), "x,y\n1,b\n2,%s\n", longest);
	assert_null(read_text(text, &opts, &err));
	assert_string_equal(err.field, "y");
	assert_non_null(strstr(err.msg, "the label 'aaaa"));
	assert_non_null(strstr(err.msg, "in line 3 is longer than 255 bytes"));
}

static void many_labels(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	char *text = malloc(200000);
	size_t used = 0;

	used += (size_t)snprintf(text, 200000, "x,y\n");
	for (int i = 0; i < 3000; i++)
		used += (size_t)snprintf(text + used, 200000 - used, "1,%d.5\n", i);
	struct table *t = read_text(text, &opts, &err);
	assert_non_null(t);
	assert_true(t->label.many && t->label.numeric);
	assert_null(t->label.class_of);
	assert_true(t->label.values[2999] == 2999.5);
	table_free(t);
	snprintf(text + used, 200000 - used, "1,word\n");
	assert_null(read_text(text, &opts, &err));
	assert_string_equal(err.field, "y");
	free(text);
}

static void chosen_columns(void **state)
{
	static const char *const columns[] = { "c", "a" };
	struct mo_err err;
	struct table_opts opts = { .columns = columns, .ncolumns = 2, .label = "y" };
	struct table *t = read_text("a,b,c,y\n1,text,3,0\n", &opts, &err);

	assert_non_null(t);
	assert_int_equal(t->ncols, 2);
	assert_string_equal(t->cols[0].name, "c");
	assert_true(t->values[0] == 3 && t->values[1] == 1);
	table_free(t);
	assert_null(read_text("a,b,y\n1,2,0\n", &opts, &err));
	assert_string_equal(err.field, "c");
}

static void missing_markers(void **state)
{
	static const char *const extra[] = { "-999", "none" };
	struct mo_err err;
	const struct table_opts opts = { .missing = extra, .nmissing = 2 };
	struct table *t = read_text("a,b\n-999,none\n\"\",\"NA\"\n1,2\n", &opts, &err);

	assert_non_null(t);
	assert_int_equal(t->cols[0].missing, 2);
	assert_int_equal(t->cols[1].missing, 2);
	assert_int_equal(t->cols[0].type, TABLE_INT);
	table_free(t);
}

static const struct {
	const char *text, *field, *say, *hint;
} bad[] = {
	{ "", "", "the table is empty", NULL },
	{ "a,y\n", "", "a header but no rows", NULL },
	{ "1,2\n3,4\n", "", "but '1' is a number", "names of the columns" },
	{ "a,,y\n1,2,3\n", "", "column 2 has no name", NULL },
	{ "a,y,a\n1,2,3\n", "a", "columns 1 and 3 have the same name 'a'", NULL },
	{ "y\n1\n", "", "no column besides the label 'y'", NULL },
	{ "a,b\n1,2\n", "y", "no label column 'y'", "compared exactly" },
	{ "a;y\n1;2\n", "y", "no label column 'y'", "delimiter" },
	{ "a\ty\n1\t2\n", "", "holds a control character", "delimiter" },
	{ "a|y\n1|2\n", "y", "no label column 'y'", "delimiter" },
	{ "a,\"x\ny\",y\n1,2,3\n", "", "column 2: its name 'x?y' holds a control", NULL },
	{ "a,y\n1,2,3\n", "", "line 2 has 3 values; the header has 2", NULL },
	{ "a,y\n1,2\n1\n", "", "line 3 has 1 values; the header has 2", NULL },
	{ "a,y\n1,2\n\n1,2\n", "", "line 3 is empty", NULL },
	{ "a,y\nred,2\n", "a", "column 'a' holds text: 'red' in line 2", "encode the categories" },
	{ "a,y\n,1\nred,2\n", "a", "column 'a' holds text: 'red' in line 3", "encode" },
	{ "a,y\n1,1\nred,2\n", "a", "column 'a': 'red' in line 3 is not a number", "missing" },
	{ "a,y\n\"1,5\",1\n", "a", "'1,5' in line 2", NULL },
	{ "a,y\n1 2,1\n", "a", "'1 2' in line 2", NULL },
	{ "a,y\n0x10,1\n", "a", "'0x10' in line 2", NULL },
	{ "a,y\n1e,1\n", "a", "'1e' in line 2", NULL },
	{ "a,y\n.,1\n", "a", "'.' in line 2", NULL },
	{ "a,y\n+-1,1\n", "a", "'+-1' in line 2", NULL },
	{ "a,y\n1,1\n2020-01-01,1\n", "a", "'2020-01-01' in line 3", NULL },
	{ "a,y\ninf,1\n", "a", "'inf' in line 2 is infinite", "finite" },
	{ "a,y\n-Infinity,1\n", "a", "'-Infinity' in line 2 is infinite", NULL },
	{ "a,y\n1e999,1\n", "a", "'1e999' in line 2 is infinite", NULL },
	{ "a,y\n3.5e38,1\n", "a", "'3.5e38' in line 2 is infinite or too large", NULL },
	{ "a,y\n1,\n", "y", "the label is missing in line 2", "remove the rows" },
	{ "a,y\n1,NaN\n", "y", "the label is missing in line 2 ('NaN')", NULL },
	{ "a,y\n1,inf\n", "y", "the label 'inf' in line 2", NULL },
	{ "a,y\n1,1e300\n", "y", "the label '1e300' in line 2", NULL },
	{ "a,y\n\"1,1\n", "", "line 2: a quote is opened", NULL },
	{ "a,y\n1,\xff\n", "", "line 2: field 2 is not UTF-8", "UTF-8" },
	{ "{\"a\": 1}\n", "", "a quote inside field 1", NULL },
};

static void refusals(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };

	for (size_t i = 0; i < MO_COUNT(bad); i++) {
		assert_null(read_text(bad[i].text, &opts, &err));
		if (!strstr(err.msg, bad[i].say) || strcmp(err.field, bad[i].field) != 0)
			fail_msg("case %zu: field '%s': %s", i, err.field, err.msg);
		if (bad[i].hint)
			assert_non_null(strstr(err.hint, bad[i].hint));
	}
}

static void limits_hold(void **state)
{
	struct mo_err err;
	struct table_opts opts = { .rows = 2 };

	assert_null(read_text("a\n1\n2\n3\n", &opts, &err));
	assert_int_equal(err.code, MO_ETOOBIG);
	assert_non_null(strstr(err.msg, "line 4"));
	opts = (struct table_opts){ .cells = 3 };
	assert_null(read_text("a,b\n1,2\n3,4\n", &opts, &err));
	assert_int_equal(err.code, MO_ETOOBIG);
	opts = (struct table_opts){ .csv.columns = 2 };
	assert_null(read_text("a,b,c\n1,2,3\n", &opts, &err));
	assert_int_equal(err.code, MO_ETOOBIG);
}

static void long_names_are_cut_in_messages(void **state)
{
	char text[2048];
	struct mo_err err;

	memset(text, 'n', sizeof(text));
	snprintf(text + 300, sizeof(text) - 300, ",y\n1,2\n");
	assert_null(read_text(text, &(struct table_opts){ 0 }, &err));
	assert_non_null(strstr(err.msg, "is longer than 255 bytes"));
	snprintf(text, sizeof(text), "x\n");
	for (int i = 0; i < 200; i++)
		strncat(text, "\xc3\xa4", 3);
	assert_null(read_text(text, &(struct table_opts){ 0 }, &err));
	assert_non_null(strstr(err.msg, "\xc3\xa4..."));
}

static void from_a_file(void **state)
{
	char path[] = "/tmp/test_table_XXXXXX";
	int fd = mkstemp(path);
	struct mo_err err = { 0 };
	struct table *t = NULL;

	assert_true(fd >= 0);
	unlink(path);
	for (int i = 0; i < 30000; i++) /* several buffers */
		assert_true(dprintf(fd, i ? "%d,%d\n" : "a,b\n", i, 2 * i) > 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(table_read_fd(fd, &(struct table_opts){ 0 }, &t, &err), 0);
	assert_int_equal(t->rows, 29999);
	assert_true(t->values[2 * 29998 + 1] == 59998);
	table_free(t);
	close(fd);
	assert_int_equal(table_read_fd(-1, &(struct table_opts){ 0 }, &t, &err), -1);
}

static void every_allocation_may_fail(void **state)
{
	struct mo_err err;
	const struct table_opts opts = { .label = "y" };
	struct table *t = NULL;
	int n = 1;

	for (; n < 200; n++) {
		mo_fault_arm("table.alloc", n);
		t = read_text("a,b,y\n1,2,x\n3,4,y\n", &opts, &err);
		if (t)
			break;
		assert_int_equal(err.code, MO_ENOMEM);
	}
	mo_fault_arm(NULL, 0);
	assert_true(n > 10 && n < 200);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_and_statistics),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(text_classes),
		cmocka_unit_test(number_classes),
		cmocka_unit_test(long_label),
		cmocka_unit_test(many_labels),
		cmocka_unit_test(chosen_columns),
		cmocka_unit_test(missing_markers),
		cmocka_unit_test(refusals),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(long_names_are_cut_in_messages),
		cmocka_unit_test(from_a_file),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return RUN_TESTS(tests);
}
