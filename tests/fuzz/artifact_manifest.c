/* Fuzzes the manifest parser: no crash, and what is accepted is written and read back the same. */
#include "modelops/artifact/manifest.h"
#include "modelops/base/check.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mo_arena arena;
	struct manifest m, again;
	struct mo_err err = { 0 };
	struct mo_buf text;

	mo_arena_init(&arena, 1 << 20, 4096);
	mo_buf_init(&text, 2 * MANIFEST_BYTES_MAX);
	if (manifest_parse(&arena, (const char *)data, size, &m, &err) == 0) {
		MO_ASSERT(manifest_write(&m, &text, &err) == 0);
		MO_ASSERT(text.len > MANIFEST_BYTES_MAX ||
			  manifest_parse(&arena, text.data, text.len, &again, &err) == 0 ||
			  err.code == MO_ENOMEM);
		manifest_check(&m, "model", NULL, &err);
	} else {
		MO_ASSERT(err.msg[0]);
	}
	mo_buf_free(&text);
	mo_arena_free(&arena);
	return 0;
}
