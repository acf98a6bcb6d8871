/* in/spec.json: what a workload is asked to do and which files it gets (docs/ARCHITECTURE.md 8.1).
 */
#ifndef MODELOPS_ARTIFACT_SPEC_H
#define MODELOPS_ARTIFACT_SPEC_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPEC_INPUTS_MAX = 256, SPEC_BYTES_MAX = 4 << 20, SPEC_PATH_MAX = 128 };

struct spec_input {
	const char *path; /* a single safe name: the file becomes in/PATH */
	const char *url; /* absolute http(s), or starting with '/': relative to the door's origin */
	int64_t size;    /* bytes */
	const char *sha256; /* 64 lower-case hex digits */
};

struct spec {
	const char *attempt_id, *kind; /* kind: train, evaluate or serve */
	struct spec_input *inputs;
	size_t ninputs;
};

/* Reads the parts every workload needs; the step's own document is left to its program. All memory
 * is ARENA's. MO_EINVAL or MO_EFIELD naming what is wrong. */
int spec_parse(struct mo_arena *arena, const char *text, size_t len, struct spec *ret_spec,
	struct mo_err *err);

/* NAME may become a file of a workload's folder: 1 to 128 of [A-Za-z0-9._-], not starting with '.'
 * or '-'. */
bool spec_path_valid(const char *name);

#endif
