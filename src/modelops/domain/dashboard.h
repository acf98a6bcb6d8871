/* A dashboard: a Grafana document with an owner. */
#ifndef MODELOPS_DOMAIN_DASHBOARD_H
#define MODELOPS_DOMAIN_DASHBOARD_H

#include "modelops/domain/enums.h"

#include <stdbool.h>
#include <stdint.h>

enum dashboard_scope { DASHBOARD_ADMIN, DASHBOARD_USER };
extern const struct enum_names dashboard_scopes;

struct dashboard {
	const char *id;
	const char *tenant_id; /* NULL: built in, or of the platform (scope admin) */
	enum dashboard_scope scope;
	const char *name, *title;
	bool builtin;
	int64_t version;        /* 1.., grows with every PUT */
	const char *definition; /* JSON document */
	int64_t created_at, updated_at;
};

#endif
