/* JSON text over several lines: blanks outside of strings are ours, every other byte stays. */
#include "modelops/json/indent.h"

#include <string.h>

static void new_line(struct mo_buf *out, int depth)
{
	mo_buf_putc(out, '\n');
	for (int i = 0; i < depth; i++)
		mo_buf_puts(out, "  ");
}

/* Bytes of the string that starts at P, its quotes included. */
static size_t string_len(const char *p, const char *end)
{
	const char *at = p + 1;

	while (at < end && *at != '"')
		at += 1 + (*at == '\\');
	return at < end ? (size_t)(at - p) + 1 : (size_t)(end - p);
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && memchr(" \t\r\n", *p, 4))
		p++;
	return p;
}

int mo_json_indent(struct mo_str text, struct mo_buf *out)
{
	const char *p = text.p, *end = text.p + text.n;
	int depth = 0;

	while ((p = skip_blanks(p, end)) < end && !out->failed) {
		char c = *p;
		size_t n = c == '"' ? string_len(p, end) : 1;
		const char *next = skip_blanks(p + n, end);
		bool empty = (c == '{' || c == '[') && next < end && (*next == '}' || *next == ']');
		if (c == '}' || c == ']') {
			new_line(out, --depth);
		}
		mo_buf_append(out, p, n);
		p += n;
		if (empty) {
			mo_buf_append(out, next, 1);
			p = next + 1;
		} else if (c == '{' || c == '[') {
			new_line(out, ++depth);
		} else if (c == ',') {
			new_line(out, depth);
		} else if (c == ':') {
			mo_buf_putc(out, ' ');
		}
	}
	return out->failed ? -1 : 0;
}
