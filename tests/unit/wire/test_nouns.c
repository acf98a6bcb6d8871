/* Every noun: its table is sound, its schema is JSON, its empty row is written as its schema says.
 */
#include "../unit.h"

#include "modelops/base/check.h"
#include "modelops/json/json.h"
#include "modelops/wire/schema.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that a field of TYPE takes in its struct; 0: depends. */
static size_t width(enum wire_type type)
{
	switch (type) {
	case WIRE_BOOL:
		return sizeof(bool);
	case WIRE_ENUM:
		return sizeof(int);
	case WIRE_TEXTS:
	case WIRE_LIST:
		return sizeof(void *) + sizeof(size_t);
	case WIRE_OBJECT:
		return 0;
	default:
		return 8;
	}
}

static void check_field(const struct wire_noun *n, const struct wire_field *f)
{
	assert_true(f->offset + width(f->type) <= n->size);
	bool nested = f->type == WIRE_LIST || f->type == WIRE_OBJECT || f->type == WIRE_POINTER;
	if (nested || f->type == WIRE_ENUM)
		assert_non_null(f->ref);
	if (f->type == WIRE_RAW)
		assert_non_null(f->schema);
	for (const struct wire_field *g = n->fields; g < f; g++)
		if (strcmp(g->name, f->name) == 0)
			fail_msg("%s has %s twice", n->name, f->name);
	const char *const texts[] = { f->def, f->example, f->schema };
	for (size_t i = 0; i < MO_COUNT(texts); i++) {
		if (!texts[i])
			continue;
		mo_autojson json_t *doc = NULL;
		struct mo_err err = { 0 };
		if (mo_json_parse(texts[i], strlen(texts[i]), 4096, 32, &doc, &err) < 0)
			fail_msg("%s.%s: %s: %s", n->name, f->name, texts[i], err.msg);
	}
}

static void tables_are_sound(void **state)
{
	for (const struct wire_noun *const *n = wire_nouns; *n; n++) {
		assert_true((*n)->count > 0 && (*n)->count <= 64 && (*n)->shapes != 0);
		for (size_t i = 0; i < (*n)->count; i++)
			check_field(*n, &(*n)->fields[i]);
	}
}

static json_t *components(void)
{
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, 1 << 20);
	struct jw w;
	jw_init(&w, &out);
	jw_obj(&w);
	wire_components(&w);
	jw_end_obj(&w);
	assert_int_equal(jw_done(&w), 0);
	json_t *doc = NULL;
	struct mo_err err = { 0 };
	if (mo_json_parse(out.data, out.len, 1 << 20, 32, &doc, &err) < 0)
		fail_msg("%s", err.msg);
	return doc;
}

/* Every $ref below VALUE names a schema. */
static void check_refs(const json_t *all, json_t *value)
{
	static const char prefix[] = "#/components/schemas/";
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_object(value)) {
		const char *ref = json_string_value(json_object_get(value, "$ref"));
		if (ref) {
			assert_int_equal(strncmp(ref, prefix, strlen(prefix)), 0);
			if (!json_object_get(all, ref + strlen(prefix)))
				fail_msg("no schema %s", ref);
		}
		json_object_foreach(value, key, item) check_refs(all, item);
	}
	json_array_foreach(value, i, item) check_refs(all, item);
}

static void schemas_are_whole(void **state)
{
	mo_autojson json_t *all = components();
	assert_true(json_object_size(all) > 60);
	check_refs(all, all);
	const char *name;
	json_t *schema;
	json_object_foreach(all, name, schema)
	{
		assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
		assert_true(json_is_object(json_object_get(schema, "properties")));
	}
	json_t *pool = json_object_get(all, "GpuPoolCreate");
	json_t *properties = json_object_get(pool, "properties");
	assert_null(json_object_get(properties, "id"));
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(properties, "capacity_shares"), "maximum")),
		1000000);
	assert_null(json_object_get(json_object_get(all, "GpuPoolPatch"), "required"));
}

/* VALUE is of one of the types that SCHEMA names. */
static bool type_fits(const json_t *schema, const json_t *value)
{
	static const char *const names[] = { "object", "array", "string", "integer", "number",
		"boolean", "boolean", "null" };
	const json_t *type = json_object_get(schema, "type");
	const char *is = names[json_typeof(value)];
	if (!type)
		return true;
	if (json_is_string(type))
		return strcmp(json_string_value(type), is) == 0 ||
		       (strcmp(json_string_value(type), "number") == 0 && json_is_integer(value));
	for (size_t i = 0; i < json_array_size(type); i++)
		if (strcmp(json_string_value(json_array_get(type, i)), is) == 0)
			return true;
	return false;
}

/* An all-zero row, its texts filled: every field of the schema is there, and no other. */
static void check_empty_row(const json_t *all, const struct wire_noun *n)
{
	char *row = calloc(1, n->size);
	for (size_t i = 0; i < n->count; i++)
		if (n->fields[i].type <= WIRE_NAME)
			*(const char **)(void *)(row + n->fields[i].offset) = "x";
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, 1 << 16);
	struct jw w;
	jw_init(&w, &out);
	wire_encode(&w, n, row);
	assert_int_equal(jw_done(&w), 0);
	free(row);
	mo_autojson json_t *doc = NULL;
	assert_int_equal(mo_json_parse(out.data, out.len, 1 << 16, 32, &doc, NULL), 0);
	json_t *properties = json_object_get(json_object_get(all, n->name), "properties");
	assert_int_equal(json_object_size(doc), json_object_size(properties));
	const char *key;
	json_t *value;
	json_object_foreach(doc, key, value)
	{
		json_t *schema = json_object_get(properties, key);
		if (!schema)
			fail_msg("%s.%s is in no schema", n->name, key);
		/* a time or document that is never absent cannot be shown by an empty row */
		if (!type_fits(schema, value) && !json_is_null(value))
			fail_msg("%s.%s is %s", n->name, key, mo_json_kind(value));
	}
}

static void empty_rows_fit_their_schema(void **state)
{
	mo_autojson json_t *all = components();
	for (const struct wire_noun *const *n = wire_nouns; *n; n++)
		if ((*n)->shapes & 1U << WIRE_READ)
			check_empty_row(all, *n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(schemas_are_whole),
		cmocka_unit_test(empty_rows_fit_their_schema),
	};
	return RUN_TESTS(tests);
}
