/* JSON to structs by their field tables: every refusal names the field and the value. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/duration.h"
#include "modelops/wire/fields.h"
#include "modelops/wire/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOW = 64, TEXT_MAX = 1024, LIST_MAX = 64, DOC_MAX = 64 << 10 };

#define SLOT(type, obj, f) (*(type *)(void *)((char *)(obj) + (f)->offset))

/* VALUE as short JSON for a message. */
static const char *show(const json_t *value, char out[SHOW])
{
	size_t n = json_dumpb(value, out, SHOW - 1, JSON_ENCODE_ANY | JSON_COMPACT);
	if (n < SHOW)
		out[n] = '\0';
	else
		snprintf(out + SHOW - 4, 4, "...");
	return out;
}

static int wrong_type(
	const struct wire_field *f, const json_t *v, const char *want, struct mo_err *err)
{
	char text[SHOW];
	return mo_fail_field(
		err, f->name, "%s must be %s; %s was given", f->name, want, show(v, text));
}

static int no_memory(const struct wire_field *f, struct mo_err *err)
{
	return mo_fail(err, MO_ENOMEM, "field %s", f->name);
}

static bool id_chars(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			    (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			return false;
	return len > 0;
}

static int decode_text(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	const char **slot, struct mo_err *err)
{
	if (!json_is_string(v))
		return wrong_type(f, v, "text", err);
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	bool ranged = f->max > f->min;
	size_t max = ranged ? (size_t)f->max : f->type == WIRE_TEXT ? TEXT_MAX : 63;
	if (len > max || (ranged && len < (size_t)f->min))
		return mo_fail_field(err, f->name, "%s has %zu bytes; %zu to %zu are accepted",
			f->name, len, ranged ? (size_t)f->min : 0, max);
	if (f->type == WIRE_NAME && !mo_name_valid(s, len))
		return mo_fail_field(err, f->name,
			"%s '%s' is no name: 1 to 63 of a-z, 0-9 and '-', letter or digit at both "
			"ends",
			f->name, s);
	if (f->type == WIRE_ID && !id_chars(s, len))
		return mo_fail_field(err, f->name, "%s '%s' is no id", f->name, s);
	if (f->type == WIRE_REF && !id_chars(s, len) && !mo_name_valid(s, len))
		return mo_fail_field(
			err, f->name, "%s '%s' is neither an id nor a name", f->name, s);
	*slot = mo_arena_memdup(arena, s, len);
	return *slot ? 0 : no_memory(f, err);
}

static int decode_int(
	const struct wire_field *f, const json_t *v, int64_t *slot, struct mo_err *err)
{
	if (!json_is_integer(v))
		return wrong_type(f, v, "a whole number", err);
	int64_t n = json_integer_value(v);
	if (f->max > f->min && (n < f->min || n > f->max))
		return mo_fail_field(err, f->name,
			"%s is %" PRId64 "; %" PRId64 " to %" PRId64 " are accepted", f->name, n,
			f->min, f->max);
	*slot = n;
	return 0;
}

static int decode_number(
	const struct wire_field *f, const json_t *v, double *slot, struct mo_err *err)
{
	if (!json_is_number(v))
		return wrong_type(f, v, "a number", err);
	double n = json_number_value(v);
	if (f->max > f->min && (n < (double)f->min || n > (double)f->max))
		return mo_fail_field(err, f->name,
			"%s is %g; %" PRId64 " to %" PRId64 " are accepted", f->name, n, f->min,
			f->max);
	*slot = n;
	return 0;
}

static int decode_ppm(
	const struct wire_field *f, const json_t *v, int64_t *slot, struct mo_err *err)
{
	double n = json_number_value(v); /* 0 for what is no number */
	if (!json_is_number(v) || !(n >= 0 && n <= 1))
		return wrong_type(f, v, "a number from 0 to 1", err);
	*slot = (int64_t)(n * 1e6 + 0.5);
	return 0;
}

static int decode_time(
	const struct wire_field *f, const json_t *v, int64_t *slot, struct mo_err *err)
{
	if (!json_is_string(v) || mo_time_parse(json_string_value(v), json_string_length(v), slot))
		return wrong_type(f, v, "an RFC 3339 time like \"2026-01-31T12:00:00Z\"", err);
	return 0;
}

static int decode_duration(
	const struct wire_field *f, const json_t *v, int64_t *slot, struct mo_err *err)
{
	int64_t s;
	if (!json_is_string(v) || duration_parse(json_string_value(v), &s) < 0)
		return wrong_type(f, v, "a duration like \"90s\", \"10m\" or \"1h30m\"", err);
	if (f->max > f->min && (s < f->min || s > f->max))
		return mo_fail_field(err, f->name,
			"%s is %s; %" PRId64 " to %" PRId64 " seconds are accepted", f->name,
			json_string_value(v), f->min, f->max);
	*slot = s;
	return 0;
}

static int decode_enum(const struct wire_field *f, const json_t *v, int *slot, struct mo_err *err)
{
	const struct enum_names *e = f->ref;
	int n = json_is_string(v) ? enum_parse(e, json_string_value(v)) : -1;
	if (n >= 0) {
		*slot = n;
		return 0;
	}
	char choices[160] = "one of";
	size_t len = strlen(choices);
	for (int i = 0; i < e->count && len < sizeof(choices) - 1; i++)
		if (e->names[i])
			len += (size_t)snprintf(
				choices + len, sizeof(choices) - len, " %s", e->names[i]);
	return wrong_type(f, v, choices, err);
}

static int too_many(const struct wire_field *f, size_t count, size_t max, struct mo_err *err)
{
	return mo_fail_field(
		err, f->name, "%s has %zu entries; at most %zu are accepted", f->name, count, max);
}

static size_t list_max(const struct wire_field *f)
{
	return f->max > 0 ? (size_t)f->max : LIST_MAX;
}

static int decode_texts(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	struct text_list *slot, struct mo_err *err)
{
	if (!json_is_array(v))
		return wrong_type(f, v, "a list of text", err);
	size_t count = json_array_size(v);
	if (count > list_max(f))
		return too_many(f, count, list_max(f), err);
	const char **at = mo_arena_zalloc(arena, (count + 1) * sizeof(*at));
	if (!at)
		return no_memory(f, err);
	for (size_t i = 0; i < count; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s[%zu]", f->name, i);
		struct wire_field item = { .name = name, .type = WIRE_TEXT, .min = 1, .max = 256 };
		if (decode_text(&item, json_array_get(v, i), arena, &at[i], err) < 0)
			return -1;
	}
	*slot = (struct text_list){ at, count };
	return 0;
}

/* Words are kept joined by one space, none as NULL. */
static int decode_words(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	const char **slot, struct mo_err *err)
{
	struct text_list list;
	if (decode_texts(f, v, arena, &list, err) < 0)
		return -1;
	size_t len = 1;
	for (size_t i = 0; i < list.count; i++) {
		if (strchr(list.at[i], ' '))
			return mo_fail_field(err, f->name, "%s holds '%s': a blank inside a word",
				f->name, list.at[i]);
		len += strlen(list.at[i]) + 1;
	}
	char *words = mo_arena_alloc(arena, len);
	if (!words)
		return no_memory(f, err);
	char *p = words;
	for (size_t i = 0; i < list.count; i++)
		p = stpcpy(stpcpy(p, i ? " " : ""), list.at[i]);
	*p = '\0';
	*slot = list.count ? words : NULL;
	return 0;
}

static int decode_list(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	struct wire_list *slot, struct mo_err *err)
{
	const struct wire_noun *noun = f->ref;
	if (!json_is_array(v))
		return wrong_type(f, v, "a list of objects", err);
	size_t count = json_array_size(v);
	if (count > list_max(f))
		return too_many(f, count, list_max(f), err);
	char *at = mo_arena_zalloc(arena, (count ? count : 1) * noun->size);
	if (!at)
		return no_memory(f, err);
	for (size_t i = 0; i < count; i++) {
		char path[64];
		snprintf(path, sizeof(path), "%s[%zu]", f->name, i);
		if (wire_decode(json_array_get(v, i), noun, WIRE_CREATE, arena, at + i * noun->size,
			    NULL, err) < 0)
			return mo_wrap_field(err, path);
	}
	*slot = (struct wire_list){ at, count };
	return 0;
}

static int decode_pointer(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	const void **slot, struct mo_err *err)
{
	const struct wire_noun *noun = f->ref;
	void *obj = mo_arena_zalloc(arena, noun->size);
	if (!obj)
		return no_memory(f, err);
	if (wire_decode(v, noun, WIRE_CREATE, arena, obj, NULL, err) < 0)
		return mo_wrap_field(err, f->name);
	*slot = obj;
	return 0;
}

/* An opaque document is kept as text: compact, members in the order given. */
static int decode_doc(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	const char **slot, struct mo_err *err)
{
	if (f->type == WIRE_DOC && !json_is_object(v))
		return wrong_type(f, v, "a JSON object", err);
	if (f->type == WIRE_DOC_LIST && !json_is_array(v))
		return wrong_type(f, v, "a JSON list", err);
	size_t max = f->max > 0 ? (size_t)f->max : DOC_MAX;
	mo_autobuf struct mo_buf text;
	mo_buf_init(&text, max);
	struct jw w;
	jw_init(&w, &text);
	jw_json(&w, v);
	if (jw_done(&w) < 0)
		return mo_fail_field(err, f->name, "%s is longer than %zu bytes", f->name, max);
	*slot = mo_arena_memdup(arena, text.data, text.len);
	return *slot ? 0 : no_memory(f, err);
}

static int decode_value(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	const struct value **slot, struct mo_err *err)
{
	if (f->type == WIRE_VALUE && !json_is_object(v))
		return wrong_type(f, v, "an object", err);
	struct value *value = mo_arena_zalloc(arena, sizeof(*value));
	if (!value)
		return no_memory(f, err);
	if (wire_value_read(v, arena, value, err) < 0)
		return -1;
	*slot = value;
	return 0;
}

static int decode_compound(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	void *obj, struct mo_err *err)
{
	switch (f->type) {
	case WIRE_WORDS:
		return decode_words(f, v, arena, &SLOT(const char *, obj, f), err);
	case WIRE_TEXTS:
		return decode_texts(f, v, arena, &SLOT(struct text_list, obj, f), err);
	case WIRE_LIST:
		return decode_list(f, v, arena, &SLOT(struct wire_list, obj, f), err);
	case WIRE_POINTER:
		return decode_pointer(f, v, arena, &SLOT(const void *, obj, f), err);
	case WIRE_OBJECT:
		if (wire_decode(v, f->ref, WIRE_CREATE, arena, (char *)obj + f->offset, NULL, err) <
			0)
			return mo_wrap_field(err, f->name);
		return 0;
	case WIRE_VALUE:
	case WIRE_ANY:
		return decode_value(f, v, arena, &SLOT(const struct value *, obj, f), err);
	default:
		return decode_doc(f, v, arena, &SLOT(const char *, obj, f), err);
	}
}

static int decode_field(const struct wire_field *f, const json_t *v, struct mo_arena *arena,
	void *obj, struct mo_err *err)
{
	switch (f->type) {
	case WIRE_TEXT:
	case WIRE_ID:
	case WIRE_REF:
	case WIRE_NAME:
		return decode_text(f, v, arena, &SLOT(const char *, obj, f), err);
	case WIRE_INT:
		return decode_int(f, v, &SLOT(int64_t, obj, f), err);
	case WIRE_NUMBER:
		return decode_number(f, v, &SLOT(double, obj, f), err);
	case WIRE_PPM:
		return decode_ppm(f, v, &SLOT(int64_t, obj, f), err);
	case WIRE_BOOL:
		if (!json_is_boolean(v))
			return wrong_type(f, v, "true or false", err);
		SLOT(bool, obj, f) = json_is_true(v);
		return 0;
	case WIRE_TIME:
		return decode_time(f, v, &SLOT(int64_t, obj, f), err);
	case WIRE_DURATION:
		return decode_duration(f, v, &SLOT(int64_t, obj, f), err);
	case WIRE_ENUM:
		return decode_enum(f, v, &SLOT(int, obj, f), err);
	case WIRE_MONEY:
		MO_ASSERT(f->flags & WIRE_RO);
		return -1;
	default:
		return decode_compound(f, v, arena, obj, err);
	}
}

/* What an absent or null field holds. */
static void clear_field(const struct wire_field *f, void *obj)
{
	switch (f->type) {
	case WIRE_INT:
		SLOT(int64_t, obj, f) = f->min > 0 ? 0 : f->min - 1; /* below min is null */
		break;
	case WIRE_PPM:
	case WIRE_TIME:
	case WIRE_DURATION:
		SLOT(int64_t, obj, f) = 0;
		break;
	case WIRE_NUMBER:
		SLOT(double, obj, f) = 0;
		break;
	case WIRE_BOOL:
		SLOT(bool, obj, f) = false;
		break;
	case WIRE_ENUM:
		SLOT(int, obj, f) = 0;
		break;
	case WIRE_TEXTS:
	case WIRE_LIST:
		memset((char *)obj + f->offset, 0, sizeof(struct wire_list));
		break;
	case WIRE_OBJECT:
		memset((char *)obj + f->offset, 0, ((const struct wire_noun *)f->ref)->size);
		break;
	default:
		SLOT(const char *, obj, f) = NULL;
	}
}

static const struct wire_field *find(const struct wire_noun *noun, const char *name)
{
	for (size_t i = 0; i < noun->count; i++)
		if (strcmp(noun->fields[i].name, name) == 0)
			return &noun->fields[i];
	return NULL;
}

uint64_t wire_bit(const struct wire_noun *noun, const char *name)
{
	const struct wire_field *f = find(noun, name);
	return f ? UINT64_C(1) << (f - noun->fields) : 0;
}

/* One member of the body: known, settable in this shape, and of the right type. */
static int decode_member(const char *key, const json_t *v, const struct wire_noun *noun,
	enum wire_shape shape, struct mo_arena *arena, void *obj, uint64_t *set, struct mo_err *err)
{
	const struct wire_field *f = find(noun, key);
	if (!f)
		return mo_fail_field(err, key, "unknown field '%s'", key);
	if (f->flags & WIRE_RO)
		return mo_fail_field(err, key, "field '%s' is set by the server", key);
	if (shape == WIRE_PATCH && !(f->flags & WIRE_PATCHY))
		return mo_fail_field(err, key, "field '%s' cannot be changed", key);
	if (json_is_null(v) && f->flags & WIRE_NULL)
		clear_field(f, obj);
	else if (decode_field(f, v, arena, obj, err) < 0)
		return -1;
	*set |= UINT64_C(1) << (f - noun->fields);
	return 0;
}

static int fill_absent(const struct wire_noun *noun, uint64_t set, struct mo_arena *arena,
	void *obj, struct mo_err *err)
{
	for (size_t i = 0; i < noun->count; i++) {
		const struct wire_field *f = &noun->fields[i];
		if (set >> i & 1 || f->flags & WIRE_RO)
			continue;
		if (f->flags & WIRE_REQ)
			return mo_fail_field(err, f->name, "field '%s' is missing", f->name);
		if (!f->def)
			continue;
		mo_autojson json_t *def = NULL;
		if (mo_json_parse(f->def, strlen(f->def), DOC_MAX, MO_JSON_DEPTH, &def, err) < 0 ||
			decode_field(f, def, arena, obj, err) < 0)
			return -1;
	}
	return 0;
}

int wire_decode(const json_t *doc, const struct wire_noun *noun, enum wire_shape shape,
	struct mo_arena *arena, void *obj, uint64_t *ret_set, struct mo_err *err)
{
	MO_ASSERT(noun->count <= 64 && (shape == WIRE_CREATE || shape == WIRE_PATCH));
	char text[SHOW];
	if (!json_is_object(doc))
		return mo_fail_field(err, "", "an object is wanted; %s was given", show(doc, text));
	uint64_t set = 0;
	/* jansson's iterators take a non-const object and do not change it */
	json_t *body = (json_t *)(uintptr_t)doc;
	for (void *it = json_object_iter(body); it; it = json_object_iter_next(body, it))
		if (decode_member(json_object_iter_key(it), json_object_iter_value(it), noun, shape,
			    arena, obj, &set, err) < 0)
			return -1;
	if (shape == WIRE_CREATE && fill_absent(noun, set, arena, obj, err) < 0)
		return -1;
	if (ret_set)
		*ret_set = set;
	return 0;
}

int wire_parse(const char *text, size_t len, const struct wire_noun *noun, enum wire_shape shape,
	struct mo_arena *arena, void *obj, uint64_t *ret_set, struct mo_err *err)
{
	mo_autojson json_t *doc = NULL;
	if (mo_json_parse(text, len, MO_JSON_BYTES, MO_JSON_DEPTH, &doc, err) < 0)
		return -1;
	return wire_decode(doc, noun, shape, arena, obj, ret_set, err);
}
