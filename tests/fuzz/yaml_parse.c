/* Fuzzes the YAML reader: what it accepts is within its limits and reads the same after it was
 * written as YAML. */
#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/yaml/yaml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	mo_autojson json_t *doc = NULL;
	mo_autojson json_t *again = NULL;
	struct mo_err err = { 0 };

	if (mo_yaml_parse((const char *)data, size, 4096, 6, &doc, &err) < 0) {
		MO_ASSERT(!doc && err.code != MO_OK && err.msg[0]);
		return 0;
	}
	mo_autobuf struct mo_buf text;
	mo_buf_init(&text, 1 << 20);
	MO_ASSERT(size <= 4096 && mo_yaml_write(&text, doc) == 0);
	MO_ASSERT(mo_yaml_parse(text.data, text.len, 1 << 20, 6, &again, &err) == 0);
	MO_ASSERT(json_equal(doc, again));
	return 0;
}
