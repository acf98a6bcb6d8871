/* ConfigMap YAML. Values are JSON strings, which are YAML scalars too: no quoting rules of our own.
 */
#include "configmap.h"

#include "modelops/json/jw.h"

#include <stdio.h>

#include <string.h>

enum { CONFIGMAP_MAX = 8 << 20 };

/* One line "INDENT KEY: "VALUE"". */
static void line(struct mo_buf *out, const char *indent, const char *key, const char *value)
{
	struct jw w;
	mo_buf_printf(out, "%s%s: ", indent, key);
	jw_init(&w, out);
	jw_str(&w, value);
	mo_buf_putc(out, '\n');
}

const char *configmap_text(
	const struct dashboard *dashboard, const char *namespace, struct mo_arena *a)
{
	mo_autobuf struct mo_buf out;
	char name[160], key[160];
	const char *scope = enum_name(&dashboard_scopes, (int)dashboard->scope);
	mo_buf_init(&out, CONFIGMAP_MAX);
	snprintf(name, sizeof(name), "modelops-%s-%s", scope, dashboard->name);
	snprintf(key, sizeof(key), "%s.json", dashboard->name);
	mo_buf_puts(&out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n");
	line(&out, "  ", "name", name);
	line(&out, "  ", "namespace", namespace);
	mo_buf_puts(&out, "  labels:\n    grafana_dashboard: \"1\"\n");
	line(&out, "    ", "app.kubernetes.io/part-of", "modelops-studio");
	mo_buf_puts(&out, "  annotations:\n");
	line(&out, "    ", "grafana_folder",
		dashboard->scope == DASHBOARD_ADMIN ? "ModelOps Admin" : "ModelOps");
	line(&out, "    ", "k8s-sidecar-target-directory",
		dashboard->scope == DASHBOARD_ADMIN ? "ModelOps Admin" : "ModelOps");
	mo_buf_puts(&out, "data:\n");
	line(&out, "  ", key, dashboard->definition);
	return out.failed ? NULL : mo_arena_memdup(a, out.data, out.len);
}
