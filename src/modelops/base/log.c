/* Structured logs: format into one buffer, one write. */
#include "modelops/base/log.h"

#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *program = "modelops";
static enum mo_log_level min_level = MO_LOG_INFO;
static enum mo_log_format format = MO_LOG_KV;

void mo_log_init(const char *name, enum mo_log_level level, enum mo_log_format fmt)
{
	program = name;
	min_level = level;
	format = fmt;
}

enum { LINE_CAP = 4096, TAIL = 16 }; /* TAIL: room for one escape, a quote and the closing "}\n" */

struct line {
	char data[LINE_CAP];
	size_t len;
};

static bool has_room(const struct line *l, size_t n)
{
	return l->len + n <= LINE_CAP - TAIL;
}

/* Room was asked for before, or N is within TAIL. */
static void put(struct line *l, const char *s, size_t n)
{
	memcpy(l->data + l->len, s, n);
	l->len += n;
}

static void put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Inside quotes: control bytes, quotes, backslashes and bytes that are no UTF-8 become JSON
 * escapes. Cut at the line's end, never inside a character. */
static void put_escaped(struct line *l, const char *s)
{
	bool utf8 = mo_utf8_valid(s, strlen(s));

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
		char esc[8];
		if (!has_room(l, utf8 ? whole : 1))
			return;
		if (c == '"' || c == '\\')
			put(l, (const char[]){ '\\', (char)c }, 2);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			put(l, esc, (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c));
		else
			put(l, s, 1);
	}
}

static bool plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' ||
			(unsigned char)*s >= 0x7f)
			return false;
	return true;
}

static void put_pair(struct line *l, const char *key, const char *value)
{
	bool json = format == MO_LOG_JSON, quote = json || !plain(value);

	if (!has_room(l, strlen(key) + 8))
		return; /* a pair is whole or absent; only its value is cut */
	put_str(l, l->len == 0 ? (json ? "{" : "") : (json ? "," : " "));
	if (json)
		put_str(l, "\"");
	put_str(l, key);
	put_str(l, json ? "\":" : "=");
	if (quote)
		put_str(l, "\"");
	put_escaped(l, value);
	if (quote)
		put_str(l, "\"");
}

void mo_log(enum mo_log_level level, const char *msg, ...)
{
	struct line l = { .len = 0 };
	char time[MO_TIME_TEXT];
	va_list ap;

	if (level < min_level)
		return;
	put_pair(&l, "time", mo_time_format(mo_now(), time));
	put_pair(&l, "level", level_names[level]);
	put_pair(&l, "program", program);
	put_pair(&l, "msg", msg);
	va_start(ap, msg);
	for (const char *key = va_arg(ap, const char *); key; key = va_arg(ap, const char *)) {
		const char *value = va_arg(ap, const char *);
		put_pair(&l, key, value ? value : "");
	}
	va_end(ap);
	if (format == MO_LOG_JSON)
		l.data[l.len++] = '}';
	l.data[l.len++] = '\n';
	ssize_t ignored = write(STDERR_FILENO, l.data, l.len);
	(void)ignored;
}
