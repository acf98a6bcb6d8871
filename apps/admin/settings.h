/* Settings and arguments of modelops-admin. */
#ifndef MODELOPS_ADMIN_SETTINGS_H
#define MODELOPS_ADMIN_SETTINGS_H

#include "modelops/base/config.h"
#include "modelops/store/store.h"

struct admin_settings {
	const char *data, *database_url;
};

extern const struct mo_cfg admin_settings[];
extern const size_t admin_settings_count;

/* What follows the two words of the command. */
struct admin_args {
	const char *tenant, *role, *name, *file; /* options of `key create`; NULL: not given */
	char url[4200];                          /* DATABASE_URL, or sqlite in MODELOPS_DATA */
	const char *data_dir;                    /* NULL: not given */
};

/* Reads ARGV[3..]: "--option value" or "--option=value", and settings as NAME=value. MO_EINVAL
 * names what it does not know. */
int admin_args_read(int argc, char **argv, struct admin_args *ret, struct mo_err *err);

/* Opens the store that ARGS name. ANY_SCHEMA: whatever version it has. */
int admin_open(
	const struct admin_args *args, bool any_schema, struct store **ret, struct mo_err *err);

#endif
