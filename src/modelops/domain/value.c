/* Look-ups in value trees. */
#include "modelops/domain/value.h"

#include "modelops/base/str.h"

const struct value *value_get(const struct value *map, const char *key)
{
	if (!map || map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (mo_streq(map->members[i].key, key))
			return &map->members[i].value;
	return NULL;
}

const char *value_text(const struct value *map, const char *key, const char *def)
{
	const struct value *v = value_get(map, key);
	return v && v->type == VALUE_TEXT ? v->text : def;
}

int64_t value_int(const struct value *map, const char *key, int64_t def)
{
	const struct value *v = value_get(map, key);
	return v && v->type == VALUE_INT ? v->integer : def;
}

const char *value_kind(enum value_type type)
{
	static const char *const names[] = { "null", "boolean", "whole number", "number", "text",
		"list", "object" };
	return names[type];
}
