/* Strict JSON scanner: RFC 8259 and nothing else; every step checks its bounds. */
#include "modelops/model/jscan.h"

#include "modelops/model/fnum.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void jscan_init(struct jscan *j, const char *text, size_t len)
{
	*j = (struct jscan){ .start = text, .p = text, .end = text + len };
}

int jscan_fail(struct jscan *j, struct mo_err *err, const char *fmt, ...)
{
	char what[160];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return mo_fail(err, MO_EINVAL, "byte %zu: %s", (size_t)(j->p - j->start), what);
}

char jscan_peek(struct jscan *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
		j->p++;
	return j->p < j->end ? *j->p : '\0';
}

/* Says what is at the cursor, for messages. */
static const char *seen(struct jscan *j, char text[24])
{
	if (j->p >= j->end)
		return "the end";
	unsigned char c = (unsigned char)*j->p;
	if (c >= 0x20 && c < 0x7f)
		snprintf(text, 24, "'%c'", c);
	else
		snprintf(text, 24, "byte 0x%02x", c);
	return text;
}

static int expected(struct jscan *j, const char *what, struct mo_err *err)
{
	char text[24];
	return jscan_fail(j, err, "%s expected, found %s", what, seen(j, text));
}

int jscan_enter(struct jscan *j, char open, struct mo_err *err)
{
	if (jscan_peek(j) != open)
		return expected(j, open == '{' ? "an object" : "an array", err);
	if (++j->depth > JSCAN_DEPTH_MAX)
		return jscan_fail(j, err, "nested deeper than %d", JSCAN_DEPTH_MAX);
	j->p++;
	return 0;
}

/* Before an element or member: 1 go on, 0 closed, -1. */
static int next_item(struct jscan *j, size_t *count, char close, struct mo_err *err)
{
	char c = jscan_peek(j);
	if (c == close) {
		j->p++;
		j->depth--;
		return 0;
	}
	if ((*count)++ == 0)
		return 1;
	if (c != ',')
		return expected(j, close == '}' ? "',' or '}'" : "',' or ']'", err);
	j->p++;
	if (jscan_peek(j) == close)
		return jscan_fail(j, err, "a comma before the end");
	return 1;
}

int jscan_member(struct jscan *j, size_t *count, struct mo_str *ret_key, struct mo_err *err)
{
	int more = next_item(j, count, '}', err);
	if (more <= 0)
		return more;
	struct mo_str key;
	if (jscan_string(j, &key, err) < 0)
		return -1;
	if (jscan_peek(j) != ':')
		return expected(j, "':'", err);
	j->p++;
	*ret_key = key;
	return 1;
}

int jscan_element(struct jscan *j, size_t *count, struct mo_err *err)
{
	return next_item(j, count, ']', err);
}

int jscan_float(struct jscan *j, float *ret_v, struct mo_err *err)
{
	float v;
	jscan_peek(j);
	const char *last = fnum_read_float(j->p, j->end, &v);
	if (!last)
		return expected(j, "a number", err);
	if (!isfinite(v))
		return jscan_fail(j, err, "number %.*s is out of range",
			(int)(last - j->p > 40 ? 40 : last - j->p), j->p);
	j->p = last;
	*ret_v = v;
	return 0;
}

int jscan_i64(struct jscan *j, int64_t *ret_v, struct mo_err *err)
{
	jscan_peek(j);
	const char *p = j->p;
	p += p < j->end && *p == '-';
	const char *first = p;
	while (p < j->end && *p >= '0' && *p <= '9')
		p++;
	bool fraction = p < j->end && (*p == '.' || *p == 'e' || *p == 'E');
	if (p == first || fraction || (*first == '0' && p - first > 1))
		return expected(j, "an integer", err);
	if (mo_parse_i64(j->p, (size_t)(p - j->p), ret_v) < 0)
		return jscan_fail(j, err, "integer %.*s is out of range",
			(int)(p - j->p > 40 ? 40 : p - j->p), j->p);
	j->p = p;
	return 0;
}

/* Escape at P (a backslash). The byte after it, or NULL. */
static const char *skip_escape(const char *p, const char *end)
{
	if (end - p < 2)
		return NULL;
	if (p[1] != 'u')
		return memchr("\"\\/bfnrt", p[1], 8) ? p + 2 : NULL;
	if (end - p < 6)
		return NULL;
	for (int i = 2; i < 6; i++)
		if (!((p[i] >= '0' && p[i] <= '9') ||
			    ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')))
			return NULL;
	return p + 6;
}

int jscan_string(struct jscan *j, struct mo_str *ret_raw, struct mo_err *err)
{
	if (jscan_peek(j) != '"')
		return expected(j, "a string", err);
	const char *p = j->p + 1;
	bool ascii = true;
	while (p < j->end && *p != '"') {
		if ((unsigned char)*p < 0x20)
			return jscan_fail(j, err, "control byte 0x%02x in a string",
				(unsigned)(unsigned char)*p);
		ascii &= (unsigned char)*p < 0x80;
		const char *q = *p == '\\' ? skip_escape(p, j->end) : p + 1;
		if (!q)
			return jscan_fail(j, err, "bad escape in a string");
		p = q;
	}
	if (p >= j->end)
		return jscan_fail(j, err, "the string that starts here does not end");
	struct mo_str raw = { j->p + 1, (size_t)(p - j->p - 1) };
	if (!ascii && !mo_utf8_valid(raw.p, raw.n))
		return jscan_fail(j, err, "the string that starts here is not UTF-8");
	j->p = p + 1;
	*ret_raw = raw;
	return 0;
}

static int skip_word(struct jscan *j, struct mo_err *err)
{
	static const char *const words[] = { "true", "false", "null" };
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(j->end - j->p) >= n && !memcmp(j->p, words[i], n)) {
			j->p += n;
			return 0;
		}
	}
	return expected(j, "a value", err);
}

static int skip_scalar(struct jscan *j, struct mo_err *err)
{
	struct mo_str s;
	char c = jscan_peek(j);
	if (c == '"')
		return jscan_string(j, &s, err);
	if (c != '-' && (c < '0' || c > '9'))
		return skip_word(j, err);
	double v;
	const char *last = fnum_read(j->p, j->end, &v);
	if (!last)
		return expected(j, "a number", err);
	j->p = last;
	return 0;
}

/* One value; recursion is bounded by JSCAN_DEPTH_MAX. */
int jscan_skip(struct jscan *j, struct mo_err *err)
{
	char c = jscan_peek(j);
	if (c != '{' && c != '[')
		return skip_scalar(j, err);
	if (jscan_enter(j, c, err) < 0)
		return -1;
	size_t count = 0;
	struct mo_str key;
	int more;
	while ((more = c == '{' ? jscan_member(j, &count, &key, err)
				: jscan_element(j, &count, err)) > 0)
		if (jscan_skip(j, err) < 0)
			return -1;
	return more;
}

int jscan_finish(struct jscan *j, struct mo_err *err)
{
	jscan_peek(j);
	return j->p < j->end ? expected(j, "the end", err) : 0;
}

static uint32_t hex4(const char *p)
{
	uint32_t v = 0;
	for (int i = 0; i < 4; i++)
		v = v * 16 + (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return v;
}

/* Code point of the \u escape at P (checked before) with its second half; 0 for NUL and lone
 * surrogates. */
static uint32_t unescape_u(const char *p, const char *end, size_t *ret_used)
{
	uint32_t c = hex4(p + 2);
	*ret_used = 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	uint32_t low = hex4(p + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_used = 12;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00 >> n & 0xff) | c);
	return n;
}

/* Decodes the escape at P into OUT; how many bytes it took, 0 when it stands for nothing valid. */
static size_t unescape(const char *p, const char *end, char out[4], size_t *ret_len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (p[1] != 'u') {
		out[0] = to[strchr(from, p[1]) - from];
		*ret_len = 1;
		return 2;
	}
	size_t used;
	uint32_t c = unescape_u(p, end, &used);
	*ret_len = put_utf8(out, c);
	return c ? used : 0;
}

long jscan_decode(struct mo_str raw, char *out, size_t cap)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	size_t n = 0;
	while (p < end) {
		char bytes[4] = { *p };
		size_t len = 1, used = *p == '\\' ? unescape(p, end, bytes, &len) : 1;
		if (!used || n + len >= cap)
			return -1;
		memcpy(out + n, bytes, len);
		n += len;
		p += used;
	}
	if (n >= cap)
		return -1;
	out[n] = '\0';
	return (long)n;
}
