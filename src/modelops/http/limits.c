/* Default limits, from the same rows as the settings, and what the system allows. */
#include "modelops/http/limits.h"

#include "modelops/base/check.h"

#include <sys/resource.h>

void http_limits_default(struct http_limits *limits)
{
	static const struct mo_cfg rows[] = { HTTP_SETTINGS(0) };
	struct mo_err err = { 0 };

	*limits = (struct http_limits){ 0 };
	MO_ASSERT(mo_cfg_defaults(rows, MO_COUNT(rows), limits, &err) == 0);
}

bool http_limits_fit(struct http_limits *l, int64_t reserve)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return false;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) < 0)
		return false;
	int64_t most = files.rlim_cur > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)files.rlim_cur;
	int64_t conns = most - reserve < most / 2 ? most / 2 : most - reserve;
	if (l->max_conns <= conns)
		return false;
	l->max_conns = conns;
	return true;
}
