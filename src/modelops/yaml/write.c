/* The JSON DOM as block-style YAML. */
#include "modelops/json/jw.h"
#include "modelops/yaml/scalar.h"
#include "modelops/yaml/yaml.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* May stand as it is: a word that no rule of YAML reads as anything but this text. */
static bool plain(const char *s)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
	size_t len = strlen(s);
	if (len == 0 || strspn(s, safe) != len || s[0] == '-' || s[0] == '.')
		return false;
	const char *problem = NULL;
	mo_autojson json_t *v = yaml_scalar_value(s, len, &problem);
	/* YAML 1.1 readers take these for booleans */
	static const char *const old[] = { "y", "n", "yes", "no", "on", "off" };
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcasecmp(s, old[i]) == 0)
			return false;
	/* 2026-11-23 and 1_000 are no text to YAML 1.1 readers */
	return v && json_is_string(v) && (s[0] < '0' || s[0] > '9');
}

/* Code point of the character at S (N bytes left of valid UTF-8) if YAML does not take it as it is:
 * controls, its own line breaks (U+0085, U+2028, U+2029), byte order mark, non-characters. 0
 * otherwise. */
static unsigned special(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	if (p[0] < 0x20 || p[0] == 0x7f)
		return p[0];
	if (n >= 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return p[1];
	if (n < 3 || (p[0] != 0xe2 && p[0] != 0xef))
		return 0;
	unsigned c = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
	return c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfffe ? c : 0;
}

/* Several lines that a literal block gives back exactly. */
static bool literal(const char *s, size_t len)
{
	if (!memchr(s, '\n', len) || s[0] == ' ' || s[0] == '\n' || s[0] == '\t')
		return false;
	if (len >= 2 && s[len - 1] == '\n' && s[len - 2] == '\n')
		return false;
	for (size_t i = 0; i < len; i++)
		if (special(s + i, len - i) && s[i] != '\n' && s[i] != '\t')
			return false;
	return true;
}

static void indent(struct mo_buf *out, int level)
{
	for (int i = 0; i < level; i++)
		mo_buf_puts(out, "  ");
}

static void write_literal(struct mo_buf *out, const char *s, size_t len, int level)
{
	mo_buf_puts(out, s[len - 1] == '\n' ? "|\n" : "|-\n");
	for (const char *end = s + len; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl ? nl : end) - s);
		if (n > 0)
			indent(out, level);
		mo_buf_append(out, s, n);
		mo_buf_putc(out, '\n');
		s += n + 1;
	}
}

/* Double-quoted: what YAML would not take as it is becomes an escape. */
static void write_quoted(struct mo_buf *out, const char *s, size_t len)
{
	mo_buf_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned c = special(s + i, len - i);
		if (c) {
			mo_buf_printf(out, "\\u%04x", c);
			i += c < 0x80 ? 0 : c < 0x100 ? 1 : 2;
		} else {
			if (s[i] == '"' || s[i] == '\\')
				mo_buf_putc(out, '\\');
			mo_buf_putc(out, s[i]);
		}
	}
	mo_buf_putc(out, '"');
}

static void write_text(struct mo_buf *out, const json_t *v, int level)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	if (literal(s, len)) {
		write_literal(out, s, len, level);
		return;
	}
	if (plain(s))
		mo_buf_puts(out, s);
	else
		write_quoted(out, s, len);
	mo_buf_putc(out, '\n');
}

static void write_value(struct mo_buf *out, const json_t *v, int level);

static bool nested(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static void write_map(struct mo_buf *out, const json_t *v, int level)
{
	/* jansson's iterators take a non-const object and do not change it */
	json_t *map = (json_t *)(uintptr_t)v;
	for (void *it = json_object_iter(map); it; it = json_object_iter_next(map, it)) {
		const char *key = json_object_iter_key(it);
		const json_t *item = json_object_iter_value(it);
		indent(out, level);
		if (plain(key))
			mo_buf_puts(out, key);
		else
			write_quoted(out, key, strlen(key));
		mo_buf_puts(out, nested(item) ? ":\n" : ": ");
		write_value(out, item, level + 1);
	}
}

static void write_list(struct mo_buf *out, const json_t *v, int level)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);
		indent(out, level);
		mo_buf_puts(out, nested(item) ? "-\n" : "- ");
		write_value(out, item, level + 1);
	}
}

static void write_value(struct mo_buf *out, const json_t *v, int level)
{
	if (nested(v)) {
		if (json_is_object(v))
			write_map(out, v, level);
		else
			write_list(out, v, level);
	} else if (json_is_string(v)) {
		write_text(out, v, level > 0 ? level : 1);
	} else {
		struct jw w;
		jw_init(&w, out);
		jw_json(&w, v);
		mo_buf_putc(out, '\n');
	}
}

int mo_yaml_write(struct mo_buf *out, const json_t *doc)
{
	write_value(out, doc, 0);
	return out->failed ? -1 : 0;
}
