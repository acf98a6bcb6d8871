/* Names of enumerations: the store, the wire and messages read the same tables. */
#ifndef MODELOPS_DOMAIN_ENUMS_H
#define MODELOPS_DOMAIN_ENUMS_H

/* Names by value. A value whose name is NULL is "absent" (only value 0 of optional enums). The noun
 * is for messages ("pool mode"). */
struct enum_names {
	const char *noun;
	const char *const *names;
	int count;
};

/* The value called NAME, or -1. NULL finds the absent value where there is one. */
int enum_parse(const struct enum_names *e, const char *name);

/* The name of VALUE; NULL for the absent value, "?" for a value outside the table. */
const char *enum_name(const struct enum_names *e, int value);

#endif
