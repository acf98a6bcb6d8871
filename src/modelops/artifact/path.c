/* Which names may become files of a workload's folder. */
#include "modelops/artifact/spec.h"

#include <string.h>

bool spec_path_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > SPEC_PATH_MAX || name[0] == '.' || name[0] == '-')
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
	       n;
}
