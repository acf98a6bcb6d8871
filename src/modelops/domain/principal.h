/* Principals and their role bindings: who may act for a tenant. */
#ifndef MODELOPS_DOMAIN_PRINCIPAL_H
#define MODELOPS_DOMAIN_PRINCIPAL_H

#include "modelops/domain/enums.h"

#include <stdbool.h>
#include <stdint.h>

enum principal_kind { PRINCIPAL_USER, PRINCIPAL_SERVICE_ACCOUNT };
extern const struct enum_names principal_kinds;

struct principal {
	const char *id, *tenant_id;
	enum principal_kind kind;
	const char *name; /* unique in the tenant */
	bool limited;     /* had a role binding once: acts by its bindings only, from then on */
	int64_t created_at;
};

struct role_binding {
	const char *id, *tenant_id, *principal_id;
	const char *role;       /* a name of auth's role table */
	const char *project_id; /* NULL: all projects */
	int64_t created_at;
};

#endif
