/* A dashboard as the ConfigMap that Grafana's sidecar picks up. */
#ifndef MODELOPS_API_CONFIGMAP_H
#define MODELOPS_API_CONFIGMAP_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/dashboard.h"

/* *ret is YAML in A. TENANT is the name of the owner (NULL: the platform), which keeps dashboards
 * of the same name apart. The definition stands in it as a block of indented JSON, or compact where
 * that would be more than Kubernetes takes (1 MiB). */
int configmap_text(const struct dashboard *dashboard, const char *tenant, const char *namespace,
	struct mo_arena *a, const char **ret, struct mo_err *err);

#endif
