/* The commands of modelops-admin: each prints to stdout and answers 0, -1 with ERR filled, or an
 * exit status. */
#ifndef MODELOPS_ADMIN_COMMANDS_H
#define MODELOPS_ADMIN_COMMANDS_H

#include "settings.h"

enum { ADMIN_NOT_CURRENT = 3 }; /* exit status of `db status` unless the schema is this program's */

int admin_db_status(const struct admin_args *args, struct mo_err *err);
int admin_db_migrate(const struct admin_args *args, struct mo_err *err);
int admin_key_create(const struct admin_args *args, struct mo_err *err);
int admin_pool_default(const struct admin_args *args, struct mo_err *err);

#endif
