/* Inside the domain: parameters of a specification and what `${params.NAME}` becomes. */
#ifndef MODELOPS_DOMAIN_SPEC_PARAMS_H
#define MODELOPS_DOMAIN_SPEC_PARAMS_H

#include "modelops/domain/pipeline_spec.h"

/* Names are unique and defaults have their type. */
int spec_check_params(const struct pipeline_spec *spec, struct mo_err *err);

/* Every reference in the steps names a parameter. */
int spec_check_references(const struct pipeline_spec *spec, struct mo_err *err);

/* The spec with values in place of references; nothing is checked but the parameters themselves. */
int spec_fill(const struct pipeline_spec *spec, const struct value *params, const char *pool,
	struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err);

#endif
