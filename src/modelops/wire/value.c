/* Value trees to and from JSON. */
#include "modelops/wire/value.h"

#include <string.h>

static int read_members(
	const json_t *doc, struct mo_arena *arena, struct value *v, struct mo_err *err)
{
	bool map = json_is_object(doc);
	size_t count = map ? json_object_size(doc) : json_array_size(doc);
	struct value_member *m = mo_arena_zalloc(arena, (count ? count : 1) * sizeof(*m));
	if (!m)
		return mo_fail(err, MO_ENOMEM, "value of %zu members", count);
	/* jansson's iterators take a non-const object and do not change it */
	json_t *obj = (json_t *)(uintptr_t)doc;
	void *it = map ? json_object_iter(obj) : NULL;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = map ? json_object_iter_value(it) : json_array_get(doc, i);
		if (map) {
			m[i].key = mo_arena_strdup(arena, json_object_iter_key(it));
			if (!m[i].key)
				return mo_fail(err, MO_ENOMEM, "value of %zu members", count);
			it = json_object_iter_next(obj, it);
		}
		if (wire_value_read(item, arena, &m[i].value, err) < 0)
			return -1;
	}
	v->members = m;
	v->count = count;
	return 0;
}

int wire_value_read(
	const json_t *doc, struct mo_arena *arena, struct value *ret, struct mo_err *err)
{
	struct value v = { .type = VALUE_NULL };
	switch (json_typeof(doc)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		v.type = json_is_object(doc) ? VALUE_MAP : VALUE_LIST;
		if (read_members(doc, arena, &v, err) < 0)
			return -1;
		break;
	case JSON_STRING:
		v.type = VALUE_TEXT;
		v.text = mo_arena_memdup(arena, json_string_value(doc), json_string_length(doc));
		if (!v.text)
			return mo_fail(err, MO_ENOMEM, "text of a value");
		break;
	case JSON_INTEGER:
		v.type = VALUE_INT;
		v.integer = json_integer_value(doc);
		v.number = (double)v.integer;
		break;
	case JSON_REAL:
		v.type = VALUE_NUMBER;
		v.number = json_real_value(doc);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		v.type = VALUE_BOOL;
		v.boolean = json_is_true(doc);
		break;
	default:
		break;
	}
	*ret = v;
	return 0;
}

int wire_value_parse(
	const char *text, struct mo_arena *arena, struct value *ret, struct mo_err *err)
{
	mo_autojson json_t *doc = NULL;
	if (mo_json_parse(text, strlen(text), MO_JSON_BYTES, MO_JSON_DEPTH, &doc, err) < 0)
		return -1;
	return wire_value_read(doc, arena, ret, err);
}

static void write_members(struct jw *w, const struct value *v)
{
	bool map = v->type == VALUE_MAP;
	map ? jw_obj(w) : jw_arr(w);
	for (size_t i = 0; i < v->count; i++) {
		if (map)
			jw_key(w, v->members[i].key);
		wire_value_write(w, &v->members[i].value);
	}
	map ? jw_end_obj(w) : jw_end_arr(w);
}

void wire_value_write(struct jw *w, const struct value *v)
{
	switch (v ? v->type : VALUE_NULL) {
	case VALUE_BOOL:
		jw_bool(w, v->boolean);
		break;
	case VALUE_INT:
		jw_i64(w, v->integer);
		break;
	case VALUE_NUMBER:
		jw_f64(w, v->number);
		break;
	case VALUE_TEXT:
		jw_str(w, v->text);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		write_members(w, v);
		break;
	default:
		jw_null(w);
	}
}
