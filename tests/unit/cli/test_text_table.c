/* Layout of the CLI's tables. */
#include "../unit.h"

#include "modelops/base/check.h"

#include "fmt.h"
#include "table.h"

#include <string.h>

static const struct table_col columns[] = { { "ID", .whole = true }, { "NAME" },
	{ "SIZE", .right = true }, { "REASON" } };

struct fixture {
	struct mo_arena arena;
	struct table table;
	struct mo_buf out;
};

static int start(void **state)
{
	static struct fixture f;

	mo_arena_init(&f.arena, 1 << 20, 4096);
	mo_buf_init(&f.out, 1 << 16);
	table_init(&f.table, columns, MO_COUNT(columns), &f.arena);
	*state = &f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	mo_buf_free(&f->out);
	mo_arena_free(&f->arena);
	return 0;
}

static void add(
	struct fixture *f, const char *id, const char *name, const char *size, const char *reason)
{
	const char *cells[] = { id, name, size, reason };
	assert_int_equal(table_add(&f->table, cells, NULL), 0);
}

static const char *text(struct fixture *f, int width)
{
	mo_buf_reset(&f->out);
	assert_int_equal(table_print(&f->table, width, false, &f->out), 0);
	return mo_buf_str(&f->out);
}

static void widths_come_from_the_content(void **state)
{
	struct fixture *f = *state;

	add(f, "art_1", "größe", "7", NULL);
	add(f, "art_22", "b", "123 KB", "none");
	assert_string_equal(text(f, 0), "ID      NAME     SIZE  REASON\n"
					"art_1   größe       7  -\n"
					"art_22  b      123 KB  none\n");
}

static void only_titles(void **state)
{
	assert_string_equal(text(*state, 80), "ID  NAME  SIZE  REASON\n");
}

static void the_widest_is_cut_first(void **state)
{
	struct fixture *f = *state;

	add(f, "art_01M859SJWH07XZC5KJ4KMBR7A6", "a-name", "123456",
		"a very long reason that nobody reads");
	const char *lines = text(f, 60);
	assert_non_null(strstr(lines, "…\n"));
	const char *row = strchr(lines, '\n') + 1;
	char one[256] = "";
	memcpy(one, row, strcspn(row, "\n"));
	assert_true(fmt_width(one) <= 60);
	assert_non_null(strstr(one, "art_01M859SJWH07XZC5KJ4KMBR7A6"));
	assert_non_null(strstr(one, " 123456 "));
}

static void ids_and_numbers_are_never_cut(void **state)
{
	struct fixture *f = *state;

	add(f, "art_01M859SJWH07XZC5KJ4KMBR7A6", "name-name-name", "1234567890", "reason-reason");
	const char *lines = text(f, 10);
	assert_non_null(
		strstr(lines, "art_01M859SJWH07XZC5KJ4KMBR7A6  name-…  1234567890  reaso…\n"));
}

static void cells_cannot_steer_the_terminal(void **state)
{
	struct fixture *f = *state;

	add(f, "x", "a\033[31m\nb", "1", "");
	assert_null(strchr(text(f, 0), '\033'));
	assert_non_null(strstr(text(f, 0), "a?[31m?b"));
}

static void colours(void **state)
{
	struct fixture *f = *state;
	const char *cells[] = { "x", "READY", "1", "y" }, *paints[] = { NULL, "32", NULL, NULL };

	assert_int_equal(table_add(&f->table, cells, paints), 0);
	assert_null(strchr(text(f, 0), '\033'));
	mo_buf_reset(&f->out);
	assert_int_equal(table_print(&f->table, 0, true, &f->out), 0);
	assert_non_null(strstr(mo_buf_str(&f->out), "x   \033[32mREADY\033[0m     1  y\n"));
}

static void out_of_memory(void **state)
{
	struct fixture *f = *state;
	const char *cells[] = { "x", "y", "1", "z" };

	f->arena.ceiling = f->arena.used;
	assert_int_equal(table_add(&f->table, cells, NULL), -1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = { T(widths_come_from_the_content), T(only_titles),
		T(the_widest_is_cut_first), T(ids_and_numbers_are_never_cut),
		T(cells_cannot_steer_the_terminal), T(colours), T(out_of_memory) };
	return RUN_TESTS(tests);
}
