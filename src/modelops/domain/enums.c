/* Lookups in tables of names. */
#include "modelops/domain/enums.h"

#include "modelops/base/str.h"

#include <stddef.h>

int enum_parse(const struct enum_names *e, const char *name)
{
	for (int i = 0; i < e->count; i++)
		if (mo_streq(e->names[i], name))
			return i;
	return -1;
}

const char *enum_name(const struct enum_names *e, int value)
{
	return value >= 0 && value < e->count ? e->names[value] : "?";
}
