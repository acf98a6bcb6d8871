/* Pipelines, their versions and specifications. */
#ifndef MODELOPS_WIRE_PIPELINE_H
#define MODELOPS_WIRE_PIPELINE_H

#include "modelops/domain/pipeline.h"
#include "modelops/domain/pipeline_spec.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_pipeline;         /* struct pipeline */
extern const struct wire_noun wire_pipeline_version; /* struct pipeline_version */
extern const struct wire_noun wire_pipeline_spec;    /* struct pipeline_spec */
extern const struct wire_noun wire_spec_step;        /* struct spec_step */
extern const struct wire_noun wire_spec_param;       /* struct spec_param */

/* POST /v1/pipelines: a specification and, beside it, the project (or ?project_id=). */
struct wire_pipeline_create {
	const char *project_id; /* NULL: the query names it */
	struct pipeline_spec spec;
};
extern const struct wire_noun wire_pipeline_create;

/* Reads a stored specification; texts lie in ARENA. */
int wire_spec_parse(
	const char *text, struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err);

/* SPEC as the JSON document that the store keeps: all fields, stable order. NULL and MO_ENOMEM. */
const char *wire_spec_text(
	const struct pipeline_spec *spec, struct mo_arena *arena, struct mo_err *err);

#endif
