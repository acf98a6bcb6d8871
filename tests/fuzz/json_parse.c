/* Fuzzes the document parser: what it accepts is within its limits and reads the same after jansson
 * wrote it. */
#include "modelops/base/check.h"
#include "modelops/json/json.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int depth_of(const json_t *value)
{
	int deepest =
		json_is_object(value) || json_is_array(value); /* "[]" is two levels, like "[1]" */
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach((json_t *)value, key, item) deepest =
		depth_of(item) > deepest ? depth_of(item) : deepest;
	json_array_foreach(value, i, item) deepest =
		depth_of(item) > deepest ? depth_of(item) : deepest;
	return 1 + deepest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	mo_autojson json_t *doc = NULL;
	mo_autojson json_t *again = NULL;
	struct mo_err err = { 0 };

	if (mo_json_parse((const char *)data, size, 4096, 6, &doc, &err) < 0) {
		MO_ASSERT(!doc && err.code != MO_OK && err.msg[0]);
		return 0;
	}
	MO_ASSERT(size <= 4096 && depth_of(doc) <= 6 && !memchr(data, 0, size));
	mo_autofree char *text = json_dumps(doc, JSON_ENCODE_ANY | JSON_COMPACT);
	MO_ASSERT(text);
	MO_ASSERT(mo_json_parse(text, strlen(text), 1 << 20, 6, &again, &err) == 0);
	MO_ASSERT(json_equal(doc, again));
	return 0;
}
