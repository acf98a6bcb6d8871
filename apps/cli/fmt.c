/* Text, amounts and quantities as people read them. */
#include "fmt.h"

#include "modelops/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *fmt_bytes(double n, char out[FMT_CELL])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB" };
	size_t unit = 0;

	for (; n >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		n /= 1000;
	snprintf(out, FMT_CELL, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return out;
}

/* Cuts trailing zeros after the point down to LEAST decimals. */
static char *trim(char *text, size_t least)
{
	char *point = strchr(text, '.');
	size_t n = strlen(text);

	while (point && n > (size_t)(point - text) + 1 + least && text[n - 1] == '0')
		text[--n] = '\0';
	if (point && text[n - 1] == '.')
		text[n - 1] = '\0';
	return text;
}

char *fmt_micro(int64_t micro, char out[FMT_CELL])
{
	uint64_t v = micro < 0 ? (uint64_t)0 - (uint64_t)micro : (uint64_t)micro;

	snprintf(out, FMT_CELL, "%s%" PRIu64 ".%06" PRIu64, micro < 0 ? "-" : "", v / 1000000,
		v % 1000000);
	return trim(out, 2);
}

char *fmt_ratio(int64_t quantity, int64_t per, char out[FMT_CELL])
{
	snprintf(out, FMT_CELL, "%.6f", (double)quantity / (double)per);
	return trim(out, 0);
}

/* Bytes of the printable character at S: 0 when it is none. */
static size_t good(const char *s, bool lines)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < 0x20)
		return lines && (c == '\n' || c == '\t');
	if (c == 0x7f || strnlen(s, n) < n || !mo_utf8_valid(s, n))
		return 0;
	/* C1 controls steer terminals too; U+202x and U+206x turn text around. */
	if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 0;
	if (c == 0xe2 && ((unsigned char)s[1] == 0x80 && (unsigned char)s[2] >= 0xa8 &&
				 (unsigned char)s[2] <= 0xae))
		return 0;
	return c == 0xe2 && (unsigned char)s[1] == 0x81 && (unsigned char)s[2] >= 0xa6 &&
			       (unsigned char)s[2] <= 0xa9
		       ? 0
		       : n;
}

const char *fmt_clean(const char *s, bool lines, struct mo_arena *arena)
{
	const char *at = s;

	for (size_t n; *at && (n = good(at, lines)) > 0;)
		at += n;
	if (!*at)
		return s;
	size_t len = strlen(s), to = 0;
	char *copy = mo_arena_alloc(arena, len + 1);
	if (!copy)
		return "";
	for (at = s; *at;) {
		size_t n = good(at, lines);
		if (n)
			memcpy(copy + to, at, n);
		else
			copy[to] = '?';
		to += n ? n : 1;
		at += n ? n : 1;
	}
	copy[to] = '\0';
	return copy;
}

size_t fmt_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}
