/* A dashboard as the ConfigMap that Grafana's sidecar picks up. */
#ifndef MODELOPS_API_CONFIGMAP_H
#define MODELOPS_API_CONFIGMAP_H

#include "modelops/base/arena.h"
#include "modelops/domain/dashboard.h"

/* YAML in A, or NULL when memory is out. The definition stands in it as a block of indented JSON.
 */
const char *configmap_text(
	const struct dashboard *dashboard, const char *namespace, struct mo_arena *a);

#endif
