/* A dashboard as the ConfigMap that Grafana's sidecar picks up. */
#include "configmap.h"

#include "modelops/base/check.h"
#include "modelops/json/json.h"
#include "modelops/yaml/yaml.h"

#include <stdio.h>
#include <string.h>

enum { CONFIGMAP_MAX = 8 << 20 };

/* The definition as text of several lines, which YAML shows as a block. NULL when memory is out. */
static char *readable(const char *definition)
{
	mo_autojson json_t *doc = NULL;
	if (mo_json_parse(
		    definition, strlen(definition), CONFIGMAP_MAX, MO_JSON_DEPTH, &doc, NULL) < 0)
		return NULL;
	return json_dumps(doc, JSON_INDENT(2));
}

static json_t *document(const struct dashboard *dashboard, const char *namespace, const char *text)
{
	char name[160], key[160];
	const char *scope = enum_name(&dashboard_scopes, (int)dashboard->scope);
	const char *folder = dashboard->scope == DASHBOARD_ADMIN ? "ModelOps Admin" : "ModelOps";
	snprintf(name, sizeof(name), "modelops-%s-%s", scope, dashboard->name);
	snprintf(key, sizeof(key), "%s.json", dashboard->name);
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s}}, s:{s:s}}",
		"apiVersion", "v1", "kind", "ConfigMap", "metadata", "name", name, "namespace",
		namespace, "labels", "grafana_dashboard", "1", "app.kubernetes.io/part-of",
		"modelops-studio", "annotations", "grafana_folder", folder,
		"k8s-sidecar-target-directory", folder, "data", key, text);
}

const char *configmap_text(
	const struct dashboard *dashboard, const char *namespace, struct mo_arena *a)
{
	mo_autofree char *text = readable(dashboard->definition);
	mo_autojson json_t *doc = text ? document(dashboard, namespace, text) : NULL;
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, CONFIGMAP_MAX);
	if (!doc || mo_yaml_write(&out, doc) < 0)
		return NULL;
	return mo_arena_memdup(a, out.data, out.len);
}
