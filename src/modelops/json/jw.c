/* The streaming JSON writer. */
#include "modelops/json/jw.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jw_init(struct jw *w, struct mo_buf *out)
{
	*w = (struct jw){ .out = out };
}

/* Before every value and key: the comma between neighbours. */
static void separate(struct jw *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	uint64_t bit = UINT64_C(1) << w->depth;
	if (w->comma & bit)
		mo_buf_putc(w->out, ',');
	w->comma |= bit;
}

static void open_level(struct jw *w, char c)
{
	separate(w);
	MO_ASSERT(w->depth < JW_DEPTH);
	w->depth++;
	w->comma &= ~(UINT64_C(1) << w->depth);
	mo_buf_putc(w->out, c);
}

static void close_level(struct jw *w, char c)
{
	MO_ASSERT(w->depth > 0 && !w->after_key);
	w->depth--;
	mo_buf_putc(w->out, c);
}

void jw_obj(struct jw *w)
{
	open_level(w, '{');
}

void jw_end_obj(struct jw *w)
{
	close_level(w, '}');
}

void jw_arr(struct jw *w)
{
	open_level(w, '[');
}

void jw_end_arr(struct jw *w)
{
	close_level(w, ']');
}

/* Length of the UTF-8 character at S (N bytes left), 0 when it is none (RFC 3629). */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	unsigned char c = s[0];
	size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
		(c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void escape(struct jw *w, unsigned char c)
{
	static const char short_form[] = "b\bt\tn\nf\fr\r\"\"\\\\";
	for (size_t i = 0; i + 1 < sizeof(short_form); i += 2) {
		if ((unsigned char)short_form[i + 1] == c) {
			char two[2] = { '\\', short_form[i] };
			mo_buf_append(w->out, two, 2);
			return;
		}
	}
	mo_buf_printf(w->out, "\\u%04x", c);
}

static void quote(struct jw *w, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t plain = 0; /* start of the run not yet copied */
	mo_buf_putc(w->out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(p + i, len - i);
		if (n > 1 || (n == 1 && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')) {
			i += n;
			continue;
		}
		mo_buf_append(w->out, s + plain, i - plain);
		if (n == 0)
			mo_buf_puts(w->out, "\xef\xbf\xbd");
		else
			escape(w, p[i]);
		plain = ++i;
	}
	mo_buf_append(w->out, s + plain, len - plain);
	mo_buf_putc(w->out, '"');
}

void jw_key(struct jw *w, const char *key)
{
	MO_ASSERT(w->depth > 0 && !w->after_key);
	separate(w);
	quote(w, key, strlen(key));
	mo_buf_putc(w->out, ':');
	w->after_key = true;
}

void jw_strn(struct jw *w, const char *s, size_t len)
{
	separate(w);
	quote(w, s, len);
}

void jw_str(struct jw *w, const char *s)
{
	if (s)
		jw_strn(w, s, strlen(s));
	else
		jw_null(w);
}

void jw_i64(struct jw *w, int64_t v)
{
	separate(w);
	mo_buf_printf(w->out, "%" PRId64, v);
}

void jw_u64(struct jw *w, uint64_t v)
{
	separate(w);
	mo_buf_printf(w->out, "%" PRIu64, v);
}

int jw_f64_text(double v, char out[JW_F64_TEXT])
{
	MO_ASSERT(isfinite(v));
	int n = 0;
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(out, JW_F64_TEXT, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	return n;
}

void jw_f64(struct jw *w, double v)
{
	if (!isfinite(v)) {
		jw_null(w);
		return;
	}
	char text[JW_F64_TEXT];
	int n = jw_f64_text(v, text);
	separate(w);
	mo_buf_append(w->out, text, (size_t)n);
}

void jw_bool(struct jw *w, bool v)
{
	separate(w);
	mo_buf_puts(w->out, v ? "true" : "false");
}

void jw_null(struct jw *w)
{
	separate(w);
	mo_buf_puts(w->out, "null");
}

void jw_time(struct jw *w, int64_t t)
{
	char text[MO_TIME_TEXT];
	jw_str(w, t ? mo_time_format(t, text) : NULL);
}

void jw_raw(struct jw *w, const char *text)
{
	separate(w);
	mo_buf_puts(w->out, text ? text : "null");
}

static void write_object(struct jw *w, const json_t *value)
{
	jw_obj(w);
	/* jansson's iterators take a non-const object and do not change it */
	json_t *obj = (json_t *)(uintptr_t)value;
	for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it)) {
		jw_key(w, json_object_iter_key(it));
		jw_json(w, json_object_iter_value(it));
	}
	jw_end_obj(w);
}

/* The number at the end of OUT shows that it is real. */
static bool has_point(const struct mo_buf *out)
{
	for (size_t i = out->len; i > 0 && strchr("0123456789+-.e", out->data[i - 1]); i--)
		if (out->data[i - 1] == '.' || out->data[i - 1] == 'e')
			return true;
	return false;
}

void jw_json(struct jw *w, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(w, value);
		break;
	case JSON_ARRAY:
		jw_arr(w);
		for (size_t i = 0; i < json_array_size(value); i++)
			jw_json(w, json_array_get(value, i));
		jw_end_arr(w);
		break;
	case JSON_STRING:
		jw_strn(w, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		jw_i64(w, json_integer_value(value));
		break;
	case JSON_REAL:
		jw_f64(w, json_real_value(value));
		/* a real number stays one when it is read again */
		if (json_real_value(value) == trunc(json_real_value(value)) && !has_point(w->out))
			mo_buf_puts(w->out, ".0");
		break;
	case JSON_NULL:
		jw_null(w);
		break;
	default:
		jw_bool(w, json_is_true(value));
	}
}

void jw_kstr(struct jw *w, const char *key, const char *s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_ki64(struct jw *w, const char *key, int64_t v)
{
	jw_key(w, key);
	jw_i64(w, v);
}

void jw_kf64(struct jw *w, const char *key, double v)
{
	jw_key(w, key);
	jw_f64(w, v);
}

void jw_kbool(struct jw *w, const char *key, bool v)
{
	jw_key(w, key);
	jw_bool(w, v);
}

void jw_ktime(struct jw *w, const char *key, int64_t t)
{
	jw_key(w, key);
	jw_time(w, t);
}

void jw_kraw(struct jw *w, const char *key, const char *text)
{
	jw_key(w, key);
	jw_raw(w, text);
}

int jw_done(struct jw *w)
{
	MO_ASSERT(w->depth == 0 && !w->after_key);
	return w->out->failed ? -1 : 0;
}
