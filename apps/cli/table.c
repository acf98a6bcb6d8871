/* Layout of tables. */
#include "table.h"

#include "modelops/base/check.h"

#include "fmt.h"

#include <string.h>

struct table_row {
	struct table_row *next;
	const char *cells[TABLE_COLS], *paints[TABLE_COLS];
};

void table_init(struct table *t, const struct table_col *cols, size_t count, struct mo_arena *arena)
{
	MO_ASSERT(count >= 1 && count <= TABLE_COLS);
	*t = (struct table){ .arena = arena, .cols = cols, .count = count };
	for (size_t i = 0; i < count; i++)
		t->widths[i] = fmt_width(cols[i].title);
}

int table_add(struct table *t, const char *const *cells, const char *const *paints)
{
	struct table_row *row = mo_arena_zalloc(t->arena, sizeof(*row));

	if (!row)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		row->cells[i] = fmt_clean(cells[i] && *cells[i] ? cells[i] : "-", false, t->arena);
		row->paints[i] = paints ? paints[i] : NULL;
		size_t width = fmt_width(row->cells[i]);
		if (width > t->widths[i])
			t->widths[i] = width;
	}
	if (t->last)
		t->last->next = row;
	else
		t->first = row;
	t->last = row;
	return 0;
}

/* Takes columns from the widest that may be cut until the row fits, or nothing more can go. */
static void fit(const struct table *t, size_t limit, size_t widths[TABLE_COLS])
{
	size_t total = 2 * (t->count - 1);

	for (size_t i = 0; i < t->count; i++)
		total += widths[i] = t->widths[i];
	while (limit && total > limit) {
		size_t widest = t->count;
		for (size_t i = 0; i < t->count; i++)
			if (!t->cols[i].whole && !t->cols[i].right && widths[i] > TABLE_LEAST &&
				(widest == t->count || widths[i] > widths[widest]))
				widest = i;
		if (widest == t->count)
			return;
		widths[widest]--;
		total--;
	}
}

static void pad(struct mo_buf *out, size_t n)
{
	while (n--)
		mo_buf_putc(out, ' ');
}

/* The first WIDTH columns of TEXT, the last of them "…" when there is more. */
static void put_cut(struct mo_buf *out, const char *text, size_t width)
{
	const char *end = text;

	if (fmt_width(text) <= width) {
		mo_buf_puts(out, text);
		return;
	}
	for (size_t n = 0; *end; end++)
		if (((unsigned char)*end & 0xc0) != 0x80 && ++n == width)
			break;
	mo_buf_append(out, text, (size_t)(end - text));
	mo_buf_puts(out, "…");
}

static void put_cell(struct mo_buf *out, const char *text, size_t width, bool right, bool last,
	const char *paint)
{
	size_t own = fmt_width(text), gap = own < width ? width - own : 0;

	if (right)
		pad(out, gap);
	if (paint)
		mo_buf_printf(out, "\033[%sm", paint);
	put_cut(out, text, width);
	if (paint)
		mo_buf_puts(out, "\033[0m");
	if (!right && !last)
		pad(out, gap);
	mo_buf_puts(out, last ? "\n" : "  ");
}

int table_print(const struct table *t, int width, bool color, struct mo_buf *out)
{
	size_t widths[TABLE_COLS];

	fit(t, width > 0 ? (size_t)width : 0, widths);
	for (size_t i = 0; i < t->count; i++)
		put_cell(out, t->cols[i].title, widths[i], t->cols[i].right, i + 1 == t->count,
			color ? "1" : NULL);
	for (const struct table_row *r = t->first; r; r = r->next)
		for (size_t i = 0; i < t->count; i++)
			put_cell(out, r->cells[i], widths[i], t->cols[i].right, i + 1 == t->count,
				color ? r->paints[i] : NULL);
	return out->failed ? -1 : 0;
}
