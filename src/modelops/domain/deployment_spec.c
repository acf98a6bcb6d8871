/* Rules of a deployment's specification. */
#include "modelops/domain/deployment_spec.h"

#include <inttypes.h>
#include <stddef.h>

int deployment_spec_validate(const struct deployment_spec *spec, struct mo_err *err)
{
	if (spec->version == 0 && !spec->alias)
		return mo_fail_field(err, "version",
			"deployment '%s' names neither version nor alias", spec->name);
	if (spec->version != 0 && spec->alias)
		return mo_fail_field(err, "alias",
			"deployment '%s' names version %" PRId64
			" and alias '%s'; one of them is enough",
			spec->name, spec->version, spec->alias);
	if (spec->replicas.min > spec->replicas.max)
		return mo_fail_field(err, "replicas.min",
			"replicas.min %" PRId64 " is above replicas.max %" PRId64,
			spec->replicas.min, spec->replicas.max);
	return 0;
}
