/* A project: a folder for a tenant's work. */
#ifndef MODELOPS_DOMAIN_PROJECT_H
#define MODELOPS_DOMAIN_PROJECT_H

#include <stdint.h>

struct project {
	const char *id, *tenant_id, *name;
	int64_t created_at;
};

#endif
