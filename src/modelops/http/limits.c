/* Default limits, from the same rows as the settings. */
#include "modelops/http/limits.h"

#include "modelops/base/check.h"

void http_limits_default(struct http_limits *limits)
{
	static const struct mo_cfg rows[] = { HTTP_SETTINGS(0) };
	struct mo_err err = { 0 };

	*limits = (struct http_limits){ 0 };
	MO_ASSERT(mo_cfg_defaults(rows, MO_COUNT(rows), limits, &err) == 0);
}
