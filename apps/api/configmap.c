/* A dashboard as the ConfigMap that Grafana's sidecar picks up. */
#include "configmap.h"

#include "modelops/base/check.h"
#include "modelops/json/indent.h"
#include "modelops/json/json.h"
#include "modelops/yaml/yaml.h"

#include <stdio.h>

enum { CONFIGMAP_MAX = 1 << 20 };

/* Names of tenants and dashboards hold no dot, so no two owners and names make the same text. */
static json_t *document(const struct dashboard *dashboard, const char *tenant,
	const char *namespace, const char *text)
{
	char name[200], key[200], folder[100];
	const char *scope = enum_name(&dashboard_scopes, (int)dashboard->scope);
	bool admin = dashboard->scope == DASHBOARD_ADMIN;
	snprintf(name, sizeof(name), "modelops-%s-%s%s%s", scope, tenant ? tenant : "",
		tenant ? "." : "", dashboard->name);
	snprintf(key, sizeof(key), "%s%s%s.json", tenant ? tenant : "", tenant ? "." : "",
		dashboard->name);
	snprintf(folder, sizeof(folder), "ModelOps%s%s", admin || tenant ? " " : "",
		admin    ? "Admin"
		: tenant ? tenant
			 : "");
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s}}, s:{s:s}}",
		"apiVersion", "v1", "kind", "ConfigMap", "metadata", "name", name, "namespace",
		namespace, "labels", "grafana_dashboard", "1", "app.kubernetes.io/part-of",
		"modelops-studio", "annotations", "grafana_folder", folder,
		"k8s-sidecar-target-directory", folder, "data", key, text);
}

/* 1 with the YAML in OUT, 0 when it is larger than a ConfigMap may be, -1 when memory is out. */
static int write(const struct dashboard *dashboard, const char *tenant, const char *namespace,
	const char *text, struct mo_buf *out)
{
	mo_autojson json_t *doc = document(dashboard, tenant, namespace, text);
	mo_buf_reset(out);
	if (doc && mo_yaml_write(out, doc) == 0)
		return 1;
	return doc && out->failed != MO_BUF_NOMEM ? 0 : -1;
}

int configmap_text(const struct dashboard *dashboard, const char *tenant, const char *namespace,
	struct mo_arena *a, const char **ret, struct mo_err *err)
{
	mo_autobuf struct mo_buf lines, out;
	mo_buf_init(&lines, CONFIGMAP_MAX);
	mo_buf_init(&out, CONFIGMAP_MAX);
	int done = 0;
	if (mo_json_indent(mo_str(dashboard->definition), &lines) == 0)
		done = write(dashboard, tenant, namespace, mo_buf_str(&lines), &out);
	if (done == 0) { /* at most 512 KiB in one line, where YAML doubles quotes */
		done = write(dashboard, tenant, namespace, dashboard->definition, &out);
		MO_ASSERT(done != 0);
	}
	*ret = done > 0 ? mo_arena_memdup(a, out.data, out.len) : NULL;
	return *ret ? 0 : mo_fail(err, MO_ENOMEM, "ConfigMap");
}
