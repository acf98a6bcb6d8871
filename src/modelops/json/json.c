/* The strict door in front of jansson's parser. */
#include "modelops/json/json.h"

#include "modelops/base/fault.h"

#include <stdbool.h>
#include <string.h>

void mo_json_cleanup(json_t **doc)
{
	json_decref(*doc);
}

/* jansson's own depth limit is fixed at 2048, so brackets are counted before it sees the text.
 * Quotes are followed exactly; whether the rest is JSON is jansson's question. */
static bool depth_within(const char *text, size_t len, int max_depth)
{
	int depth = 1;
	bool quoted = false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > max_depth)
				return false;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return true;
}

int mo_json_parse(const char *text, size_t len, size_t max_bytes, int max_depth, json_t **ret,
	struct mo_err *err)
{
	if (len > max_bytes)
		return mo_fail(err, MO_ETOOBIG, "JSON of %zu bytes; at most %zu are accepted", len,
			max_bytes);
	if (!depth_within(text, len, max_depth))
		return mo_fail(err, MO_EINVAL, "JSON is nested deeper than %d levels", max_depth);
	if (len &&
		memchr(text, '\0', len)) /* jansson takes it for the end and ignores what follows */
		return mo_fail(err, MO_EINVAL, "JSON holds a NUL byte");
	if (mo_fault("json.parse"))
		return mo_fail(err, MO_ENOMEM, "JSON document");
	json_error_t why;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (doc) {
		*ret = doc;
		return 0;
	}
	if (json_error_code(&why) == json_error_out_of_memory)
		return mo_fail(err, MO_ENOMEM, "JSON document");
	return mo_fail(
		err, MO_EINVAL, "JSON line %d column %d: %s", why.line, why.column, why.text);
}

const char *mo_json_kind(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "list";
	case JSON_STRING:
		return "text";
	case JSON_INTEGER:
		return "whole number";
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	default:
		return "null";
	}
}
