/* Instances scanned straight into float rows; the body is read once, left to right, and nothing is
 * kept of it. */
#include "modelops/model/tensor.h"

#include "modelops/base/map.h"
#include "modelops/model/alloc.h"
#include "modelops/model/fnum.h"
#include "modelops/model/jscan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 256, SHOWN = 40 };

struct tensor_schema {
	const char *const *names;
	size_t *lens;
	uint32_t width;
	struct mo_map index; /* name -> &lens[column] */
};

int tensor_schema_new(const char *const *names, uint32_t width, struct tensor_schema **ret_schema,
	struct mo_err *err)
{
	struct tensor_schema *s = model_calloc(1, sizeof(*s));
	size_t *lens = s ? model_calloc(width, sizeof(*lens)) : NULL;
	if (!lens) {
		free(s);
		return mo_fail(err, MO_ENOMEM, "names of %u columns", width);
	}
	*s = (struct tensor_schema){ .names = names, .lens = lens, .width = width };
	mo_map_init(&s->index, width);
	for (uint32_t i = 0; i < width; i++) {
		void *old = NULL;
		lens[i] = strlen(names[i]);
		int rc = mo_map_set(&s->index, names[i], lens[i], &lens[i], &old);
		if (rc < 0 || old) {
			tensor_schema_free(s);
			return old ? mo_fail(err, MO_EINVAL, "two columns are called \"%.80s\"",
					     names[i])
				   : mo_fail(err, MO_ENOMEM, "names of %u columns", width);
		}
	}
	*ret_schema = s;
	return 0;
}

void tensor_schema_free(struct tensor_schema *s)
{
	if (!s)
		return;
	mo_map_free(&s->index);
	free(s->lens);
	free(s);
}

int tensor_init(
	struct tensor *t, const struct tensor_schema *s, size_t max_rows, struct mo_err *err)
{
	*t = (struct tensor){ .max_rows = max_rows, .width = s->width };
	t->seen = model_calloc(s->width, sizeof(*t->seen));
	return t->seen ? 0 : mo_fail(err, MO_ENOMEM, "row buffer of %u columns", s->width);
}

void tensor_free(struct tensor *t)
{
	free(t->rows);
	free(t->seen);
	*t = (struct tensor){ 0 };
}

struct scan {
	const struct tensor_schema *s;
	struct tensor *t;
	struct jscan j;
	char first; /* '[' or '{': the form of the first row, which all share */
};

static int path_error(struct scan *c, long column, struct mo_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A wrong value in the row being read; COLUMN < 0 means the whole row. */
static int path_error(struct scan *c, long column, struct mo_err *err, const char *fmt, ...)
{
	char what[160], path[64];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (column < 0)
		snprintf(path, sizeof(path), "instances[%zu]", c->t->count);
	else if (c->first == '{')
		snprintf(path, sizeof(path), "instances[%zu].%.40s", c->t->count,
			c->s->names[column]);
	else
		snprintf(path, sizeof(path), "instances[%zu][%ld]", c->t->count, column);
	return mo_fail_field(err, path, "%s: %s", path, what);
}

/* The value at the cursor as it is written, for a message: scanned, cut, no control bytes. */
static const char *shown(struct scan *c, char out[SHOWN + 4])
{
	struct jscan probe = c->j;
	struct mo_err ignored = { 0 };
	const char *from = probe.p;
	size_t n = jscan_skip(&probe, &ignored) < 0 ? 0 : (size_t)(probe.p - from);
	size_t take = n > SHOWN ? SHOWN : n;
	while (take && take < n && ((unsigned char)from[take] & 0xc0) == 0x80)
		take--;
	for (size_t i = 0; i < take; i++)
		out[i] = (unsigned char)from[i] < 0x20 ? ' ' : from[i];
	memcpy(out + take, n > take ? ".." : "", n > take ? 3 : 1);
	return out;
}

static const char *type_of(char c)
{
	switch (c) {
	case '"':
		return "a string";
	case '[':
		return "an array";
	case '{':
		return "an object";
	case 't':
	case 'f':
		return "a boolean";
	default:
		return NULL;
	}
}

/* A value that is no number: null is missing, the rest is an error of type or of syntax. */
static int read_other(struct scan *c, long column, float *out, struct mo_err *err)
{
	char text[SHOWN + 4], at = jscan_peek(&c->j);
	if (at == 'n') {
		*out = NAN;
		return jscan_skip(&c->j, err);
	}
	struct jscan probe = c->j;
	if (!type_of(at))
		return jscan_fail(&c->j, err, "a number or null expected");
	if (jscan_skip(&probe, err) < 0)
		return -1;
	return path_error(c, column, err, "%s is %s, a number or null is needed", shown(c, text),
		type_of(at));
}

static inline int read_value(struct scan *c, long column, float *out, struct mo_err *err)
{
	double v;
	const char *p = c->j.p;
	if (p < c->j.end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
		jscan_peek(&c->j);
		p = c->j.p;
	}
	const char *last = fnum_read(p, c->j.end, &v);
	if (__builtin_expect(!last, 0))
		return read_other(c, column, out, err);
	float f = (float)v;
	if (__builtin_expect(isinf(f), 0)) {
		char text[SHOWN + 4];
		return path_error(c, column, err, "%s is outside the range of a 32-bit float",
			shown(c, text));
	}
	c->j.p = last;
	*out = f;
	return 0;
}

/* After a value: 1 another one follows, 0 the row ended, -1. The cursor moves past the mark. */
static inline int next_value(struct scan *c, struct mo_err *err)
{
	const char *p = c->j.p, *end = c->j.end;
	if (end - p >= 2 && *p == ',' && (p[1] == '-' || (p[1] >= '0' && p[1] <= '9'))) {
		c->j.p = p + 1; /* compact text: nearly all values end here */
		return 1;
	}
	size_t count = 1;
	return jscan_element(&c->j, &count, err);
}

/* [v, v, ..]: the cursor is on '['. */
static int read_array_row(struct scan *c, float *row, struct mo_err *err)
{
	size_t count = 0, width = c->s->width, none = 0;
	if (jscan_enter(&c->j, '[', err) < 0)
		return -1;
	int more = jscan_element(&c->j, &none, err);
	while (more > 0) {
		float extra;
		if (read_value(c, (long)count, count < width ? &row[count] : &extra, err) < 0)
			return -1;
		count++;
		more = next_value(c, err);
	}
	if (more < 0)
		return -1;
	if (count != width)
		return path_error(c, -1, err, "%zu value%s, the model takes %zu", count,
			count == 1 ? "" : "s", width);
	return 0;
}

/* Column of KEY, GUESS first (rows usually name the columns in order); -1 when there is none. */
static long find_column(const struct tensor_schema *s, struct mo_str key, uint32_t guess)
{
	if (guess < s->width && key.n == s->lens[guess] && !memcmp(key.p, s->names[guess], key.n))
		return guess;
	char name[KEY_MAX];
	if (memchr(key.p, '\\', key.n)) {
		long n = jscan_decode(key, name, sizeof(name));
		if (n < 0)
			return -1;
		key = (struct mo_str){ name, (size_t)n };
	}
	const size_t *len = mo_map_get(&s->index, key.p, key.n);
	return len ? (long)(len - s->lens) : -1;
}

static int missing_column(struct scan *c, struct mo_err *err)
{
	for (uint32_t i = 0; i < c->s->width; i++)
		if (c->t->seen[i] != c->t->count + 1)
			return path_error(c, -1, err, "\"%.80s\" is missing (null means unknown)",
				c->s->names[i]);
	return 0;
}

/* {"name": v, ..}: every column once. */
static int read_object_row(struct scan *c, float *row, struct mo_err *err)
{
	size_t count = 0;
	uint32_t guess = 0, stamp = (uint32_t)c->t->count + 1;
	struct mo_str key;
	int more;
	if (jscan_enter(&c->j, '{', err) < 0)
		return -1;
	while ((more = jscan_member(&c->j, &count, &key, err)) > 0) {
		long column = find_column(c->s, key, guess);
		if (column < 0)
			return path_error(c, -1, err, "the model has no feature \"%.*s\"",
				(int)(key.n > SHOWN ? SHOWN : key.n), key.p);
		if (c->t->seen[column] == stamp)
			return path_error(
				c, -1, err, "\"%.80s\" appears twice", c->s->names[column]);
		c->t->seen[column] = stamp;
		guess = (uint32_t)column + 1;
		if (read_value(c, column, &row[column], err) < 0)
			return -1;
	}
	if (more == 0 && count != c->s->width)
		return missing_column(c, err);
	return more;
}

static float *next_row(struct tensor *t, struct mo_err *err)
{
	if (t->count >= t->max_rows) {
		mo_fail(err, MO_ETOOBIG, "more than %zu instances", t->max_rows);
		return NULL;
	}
	if (t->count == t->cap) {
		size_t want = t->cap ? 2 * t->cap : 16;
		want = want > t->max_rows ? t->max_rows : want;
		float *rows = model_regrow(t->rows, want, t->width * sizeof(*rows));
		if (!rows) {
			mo_fail(err, MO_ENOMEM, "%zu rows", want);
			return NULL;
		}
		t->rows = rows;
		t->cap = want;
	}
	return t->rows + t->count * t->width;
}

static int read_row(struct scan *c, struct mo_err *err)
{
	char at = jscan_peek(&c->j), text[SHOWN + 4];
	float *row = next_row(c->t, err);
	if (!row)
		return -1;
	if (!c->first && (at == '[' || at == '{'))
		c->first = at;
	if (at == c->first && at)
		return at == '[' ? read_array_row(c, row, err) : read_object_row(c, row, err);
	struct jscan probe = c->j;
	if (jscan_skip(&probe, err) < 0)
		return -1;
	return path_error(c, -1, err, "%s is not %s", shown(c, text),
		c->first ? "like the rows before it" : "an array or an object");
}

static int read_instances(struct scan *c, struct mo_err *err)
{
	size_t count = 0;
	int more;
	char text[SHOWN + 4];
	struct jscan probe = c->j;
	if (jscan_peek(&c->j) != '[') {
		if (jscan_skip(&probe, err) < 0)
			return -1;
		return mo_fail_field(
			err, "instances", "instances: %s is not an array", shown(c, text));
	}
	if (jscan_enter(&c->j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(&c->j, &count, err)) > 0) {
		if (read_row(c, err) < 0)
			return -1;
		c->t->count++;
	}
	if (more == 0 && count == 0)
		return mo_fail_field(err, "instances", "instances: no rows");
	return more;
}

static int read_body(struct scan *c, struct mo_err *err)
{
	size_t members = 0, instances = 0;
	struct mo_str key;
	int more;
	if (jscan_enter(&c->j, '{', err) < 0)
		return -1;
	while ((more = jscan_member(&c->j, &members, &key, err)) > 0) {
		if (!mo_str_eq(key, "instances")) {
			char field[SHOWN + 1] = { 0 };
			memcpy(field, key.p, key.n > SHOWN ? SHOWN : key.n);
			return mo_fail_field(err, field, "unknown field \"%s\"", field);
		}
		if (instances++)
			return mo_fail_field(err, "instances", "instances appears twice");
		if (read_instances(c, err) < 0)
			return -1;
	}
	if (more < 0 || jscan_finish(&c->j, err) < 0)
		return -1;
	return instances ? 0 : mo_fail_field(err, "instances", "instances is missing");
}

int tensor_scan(const struct tensor_schema *s, const char *body, size_t len, struct tensor *t,
	struct mo_err *err)
{
	struct scan c = { .s = s, .t = t };
	jscan_init(&c.j, body, len);
	t->count = 0;
	memset(t->seen, 0, t->width * sizeof(*t->seen));
	if (read_body(&c, err) == 0)
		return 0;
	t->count = 0;
	return -1;
}
