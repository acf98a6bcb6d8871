/* A table for people: column widths by content, cut to the terminal. */
#ifndef MODELOPS_CLI_TABLE_H
#define MODELOPS_CLI_TABLE_H

#include "modelops/base/arena.h"
#include "modelops/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { TABLE_COLS = 16, TABLE_LEAST = 6 }; /* most columns; narrowest a cut column gets */

struct table_col {
	const char *title;
	bool right; /* numbers */
	bool whole; /* never cut: ids that people copy */
};

struct table_row;

/* Cells are borrowed until the table is printed; rows lie in the arena. */
struct table {
	struct mo_arena *arena;
	const struct table_col *cols;
	size_t count;
	size_t widths[TABLE_COLS];
	struct table_row *first, *last;
};

void table_init(
	struct table *t, const struct table_col *cols, size_t count, struct mo_arena *arena);

/* A row of COUNT cells; NULL is shown as "-". PAINTS (may be NULL) holds per cell a terminal colour
 * like "32", or NULL. 0, or -1 without memory. */
int table_add(struct table *t, const char *const *cells, const char *const *paints);

/* WIDTH 0: nothing is cut. COLOR: titles and painted cells get escape sequences. */
int table_print(const struct table *t, int width, bool color, struct mo_buf *out);

#endif
