/* A pipeline's specification once read: parameters and a DAG of steps. Documents are wire's. */
#ifndef MODELOPS_DOMAIN_PIPELINE_SPEC_H
#define MODELOPS_DOMAIN_PIPELINE_SPEC_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/enums.h"
#include "modelops/domain/step.h"
#include "modelops/domain/value.h"

#include <stddef.h>
#include <stdint.h>

enum param_type { PARAM_STRING, PARAM_INT, PARAM_NUMBER, PARAM_BOOL, PARAM_ARTIFACT, PARAM_POOL };
extern const struct enum_names param_types;

struct spec_param {
	const char *name;
	enum param_type type;
	const struct value *def; /* NULL: must be given */
	const char *description; /* or NULL */
};

struct spec_step {
	const char *name;
	enum step_kind kind;
	struct text_list needs;
	const char *pool;        /* name, id or ${params.x}; NULL: any_of, or the default pool */
	struct text_list any_of; /* pools in order of preference; not together with pool */
	int64_t shares;
	enum step_device device;
	int64_t max_runtime_s;    /* 0: the pool's default */
	int64_t retries;          /* attempts after the first */
	const struct value *with; /* a map, or NULL */
};

struct pipeline_spec {
	const char *name, *description; /* description may be NULL */
	const struct spec_param *params;
	size_t param_count;
	const struct spec_step *steps;
	size_t step_count;
};

enum { SPEC_MAX_STEPS = 64, SPEC_MAX_PARAMS = 64, SPEC_MAX_RETRIES = 10, SPEC_MAX_SHARES = 4096 };

/* Everything that can be said without a store: names and their uniqueness, needs that exist, no
 * cycle (named), `with` keys and types per kind, references to parameters. MO_EFIELD with the path
 * ("steps[2].with.rounds"). */
int spec_validate(const struct pipeline_spec *spec, struct mo_err *err);

/* The spec with PARAMS (a map, or NULL) filled in: every `${params.NAME}` replaced, defaults used,
 * types checked, then `with` checked again. POOL (NULL: none) overrides the pool of every step. The
 * result lies in ARENA and borrows from SPEC and PARAMS. MO_EFIELD names "params.NAME" for an
 * unknown, missing or mistyped one. */
int spec_resolve(const struct pipeline_spec *spec, const struct value *params, const char *pool,
	struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err);

/* Index of step NAME, or -1. */
int spec_step_index(const struct pipeline_spec *spec, const char *name);

/* Checks one `with` map of KIND: unknown keys, missing ones, types and ranges. Text that holds
 * `${params.` passes any type when TEMPLATE. The error's field starts with "with". */
int with_validate(enum step_kind kind, const struct value *with, int template, struct mo_err *err);

#endif
