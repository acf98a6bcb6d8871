/* Drawing of bars. */
#include "bar.h"

#include "fmt.h"

#include <math.h>
#include <stdio.h>

enum { COLUMNS = 24, USUAL_WIDTH = 79, LABEL = 12, STATE = 11 };

static void repeat(struct mo_buf *out, char what, int n)
{
	for (int i = 0; i < n; i++)
		mo_buf_putc(out, what);
}

/* At most WIDTH columns of TEXT, padded to it when PAD. Returns the columns written. */
static int put(struct mo_buf *out, const char *text, int width, bool pad)
{
	int n = 0;
	const char *end = text;

	for (; *end && n <= width; end++)
		n += ((unsigned char)*end & 0xc0) != 0x80;
	if (n > width) { /* one too many: END is behind its first byte */
		end--;
		n = width;
	}
	mo_buf_append(out, text, (size_t)(end - text));
	if (pad)
		repeat(out, ' ', width - n);
	return pad ? width : n;
}

static void draw(struct mo_buf *out, double done)
{
	double f = done > 1 ? 1 : done > 0 ? done : 0; /* not a number is 0 */
	int full = (int)(COLUMNS * f);

	mo_buf_putc(out, '[');
	repeat(out, '#', full);
	repeat(out, '.', COLUMNS - full);
	mo_buf_putc(out, ']');
}

void bar_step(const struct bar *b, int width, struct mo_buf *out)
{
	char text[64];
	int room = (width > 0 ? width : USUAL_WIDTH) - (2 + LABEL + 1 + COLUMNS + 2 + 1 + STATE);

	mo_buf_puts(out, "  ");
	put(out, b->label, LABEL, true);
	mo_buf_putc(out, ' ');
	draw(out, b->done);
	mo_buf_printf(out, " %s", b->colour);
	put(out, b->state, STATE, true);
	mo_buf_puts(out, *b->colour ? "\033[0m" : "");
	if (b->running && room >= 6) {
		mo_buf_printf(out, " %3.0f %%", b->done * 100);
		room -= 6;
	}
	if (b->running && b->left_s >= 0) {
		int n = snprintf(text, sizeof(text), " %.0f s left", ceil(b->left_s));
		if (n <= room) {
			mo_buf_puts(out, text);
			room -= n;
		}
	}
	if (b->note && *b->note && room > 8) {
		mo_buf_putc(out, ' ');
		put(out, b->note, room - 1, false);
	}
}

void bar_transfer(const char *what, double done, double per_second, double left_s, int width,
	struct mo_buf *out)
{
	char speed[FMT_CELL], text[2 * FMT_CELL];
	int room = (width > 0 ? width : USUAL_WIDTH) - (COLUMNS + 2 + 2 + 7);
	int n = snprintf(text, sizeof(text), "  %s/s", fmt_bytes(per_second, speed));

	if (left_s >= 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "  %.0f s left", ceil(left_s));
	room -= put(out, what, room > n + 8 ? room - n : 8, false);
	mo_buf_puts(out, "  ");
	draw(out, done);
	mo_buf_printf(out, "  %3.0f %%", (done > 1 ? 1 : done > 0 ? done : 0) * 100);
	if (n <= room)
		mo_buf_puts(out, text);
}

void bar_value(double value, double largest, int most, struct mo_buf *out)
{
	double share = largest > 0 ? fabs(value) / largest : 0;

	repeat(out, value < 0 ? '-' : '+', (int)(most * (share < 1 ? share : 1) + 0.5));
}
