/* A tenant: a customer of the platform, the owner of everything else. */
#ifndef MODELOPS_DOMAIN_TENANT_H
#define MODELOPS_DOMAIN_TENANT_H

#include "modelops/domain/enums.h"

#include <stdint.h>

enum tenant_state { TENANT_ACTIVE, TENANT_SUSPENDED };
extern const struct enum_names tenant_states;

/* The tenant that owns the platform itself; exists from the first migration. */
#define TENANT_PLATFORM_ID   "ten_00000000000000000000000000"
#define TENANT_PLATFORM_NAME "platform"

struct tenant {
	const char *id, *name;
	enum tenant_state state;
	const char *price_plan_id; /* NULL: the default plan */
	int64_t created_at, updated_at;
};

#endif
