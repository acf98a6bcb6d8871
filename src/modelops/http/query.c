/* Percent-decoding and query parameters. */
#include "modelops/http/lex.h"
#include "modelops/http/router.h"

#include <string.h>

static int hex_value(char c)
{
	if (!http_lex_is(c, HTTP_LEX_HEX))
		return -1;
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

int http_decode(
	struct mo_str raw, bool plus_is_blank, struct mo_arena *arena, struct mo_str *ret_text)
{
	char *out = mo_arena_alloc(arena, raw.n + 1);
	size_t n = 0;

	if (!out)
		return -2;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '%') {
			int hi = i + 2 < raw.n ? hex_value(raw.p[i + 1]) : -1;
			int lo = i + 2 < raw.n ? hex_value(raw.p[i + 2]) : -1;
			if (hi < 0 || lo < 0 || hi + lo == 0)
				return -1;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	if (!mo_utf8_valid(out, n))
		return -1;
	*ret_text = (struct mo_str){ out, n };
	return 0;
}

/* Takes one "name=value" off QUERY. */
static bool next_pair(struct mo_str *query, struct mo_str *ret_name, struct mo_str *ret_value)
{
	while (query->n && query->p[0] == '&')
		query->p++, query->n--;
	if (query->n == 0)
		return false;
	const char *amp = memchr(query->p, '&', query->n);
	size_t n = amp ? (size_t)(amp - query->p) : query->n;
	const char *eq = memchr(query->p, '=', n);
	size_t name = eq ? (size_t)(eq - query->p) : n;
	*ret_name = (struct mo_str){ query->p, name };
	*ret_value =
		eq ? (struct mo_str){ eq + 1, n - name - 1 } : (struct mo_str){ query->p + n, 0 };
	*query = (struct mo_str){ query->p + n, query->n - n };
	return true;
}

/* Our want of memory is not the client's fault. */
static int no_room(struct mo_str name, struct mo_err *err)
{
	return mo_fail(
		err, MO_ENOMEM, "query parameter '%.*s'", (int)(name.n < 60 ? name.n : 60), name.p);
}

int http_query_get(struct mo_str query, const char *name, struct mo_arena *arena,
	struct mo_str *ret_value, struct mo_err *err)
{
	struct mo_str key, raw, value = { NULL, 0 };

	while (next_pair(&query, &key, &raw)) {
		struct mo_str text;
		int rc = http_decode(key, true, arena, &text);
		if (rc == -2)
			return no_room(key, err);
		if (rc < 0)
			return mo_fail(err, MO_EINVAL,
				"query parameter name '%.*s' is badly encoded",
				(int)(key.n < 60 ? key.n : 60), key.p);
		if (!mo_str_eq(text, name))
			continue;
		rc = http_decode(raw, true, arena, &text);
		if (rc == -2)
			return no_room(key, err);
		if (value.p || rc < 0) {
			mo_fail_field(err, name,
				value.p ? "query parameter '%s' is given twice"
					: "query parameter '%s' is badly encoded",
				name);
			if (err)
				err->code = MO_EINVAL;
			return -1;
		}
		value = text;
	}
	if (!value.p)
		return 0;
	*ret_value = value;
	return 1;
}

static bool listed(const char *names, struct mo_str name)
{
	for (const char *at = names; *at;) {
		size_t n = strcspn(at, " ");
		if (n == name.n && memcmp(at, name.p, n) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

int http_query_only(
	struct mo_str query, const char *names, struct mo_arena *arena, struct mo_err *err)
{
	struct mo_str key, raw, text;

	while (next_pair(&query, &key, &raw)) {
		int n = (int)(key.n < 60 ? key.n : 60), rc = http_decode(key, true, arena, &text);
		if (rc == -2)
			return no_room(key, err);
		if (rc == 0 && listed(names, text))
			continue;
		char field[61];
		memcpy(field, key.p, (size_t)n);
		field[n] = '\0';
		mo_fail_field(err, field, "unknown query parameter '%s'", field);
		if (err)
			err->code = MO_EINVAL;
		return -1;
	}
	return 0;
}
