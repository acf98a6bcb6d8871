/* Every command: help, parsing, the generic call and the completeness test walk this table. */
#include "cli.h"

#define END_FLAGS   { NULL, NULL, KIND_TEXT, TO_COMMAND, NULL, NULL, false }
#define END_COLUMNS { NULL, NULL, FMT_TEXT }

#define QUERY(name, value, key, help)        { name, value, KIND_TEXT, TO_QUERY, key, help, false }
#define BODY(name, value, kind, key, help)   { name, value, kind, TO_BODY, key, help, false }
#define NEEDED(name, value, kind, key, help) { name, value, kind, TO_BODY, key, help, true }
#define OWN(name, value, kind, help)         { name, value, kind, TO_COMMAND, NULL, help, false }

#define TENANT  QUERY("tenant", "NAME", "tenant_id", "platform admin: which tenant")
#define PROJECT QUERY("project", "NAME", "project_id", "only of this project")
#define PAGING \
	QUERY("limit", "N", "limit", "at most so many"), \
		QUERY("cursor", "TEXT", "cursor", "go on after a page")

static const struct cli_flag list_flags[] = { PAGING, END_FLAGS };
static const struct cli_flag tenant_list_flags[] = { TENANT, PAGING, END_FLAGS };
static const struct cli_flag tenant_flags[] = { TENANT, END_FLAGS };
static const struct cli_flag verify_flags[] = { TENANT,
	QUERY("cursor", "TEXT", "cursor", "go on after a check that says `next`"), END_FLAGS };
static const struct cli_flag named_list_flags[] = { QUERY("name", "NAME", NULL, "only this one"),
	TENANT, PAGING, END_FLAGS };
static const struct cli_flag project_list_flags[] = { PROJECT,
	QUERY("name", "NAME", NULL, "only this one"), PAGING, END_FLAGS };

static const struct cli_flag tenant_patch_flags[] = {
	BODY("state", "STATE", KIND_TEXT, NULL, "ACTIVE or SUSPENDED"),
	BODY("price-plan", "ID", KIND_TEXT, "price_plan_id", "price plan of its invoices"),
	END_FLAGS,
};
static const struct cli_flag principal_flags[] = {
	BODY("kind", "KIND", KIND_TEXT, NULL, "user or service_account"), TENANT, END_FLAGS
};
static const struct cli_flag role_flags[] = {
	BODY("project", "NAME", KIND_TEXT, "project_id", "only in this project"), TENANT, END_FLAGS
};
static const struct cli_flag key_flags[] = {
	NEEDED("principal", "ID", KIND_TEXT, "principal_id", "whose key it is"),
	NEEDED("role", "ROLE", KIND_TEXT, NULL, "tenant_admin, user or viewer"),
	BODY("project", "NAME", KIND_TEXT, "project_id", "the only project it may touch"),
	BODY("scopes", "JSON", KIND_JSON, NULL, "list of permissions it is cut down to"),
	BODY("expires-at", "TIME", KIND_TEXT, NULL, "RFC 3339 time"),
	TENANT,
	END_FLAGS,
};

#define POOL_FLAGS(CAPACITY, CLASS) \
	CAPACITY("capacity", "N", KIND_INT, "capacity_shares", "shares"), \
		CLASS("price-class", "NAME", KIND_TEXT, NULL, "class in price plans"), \
		BODY("resource", "NAME", KIND_TEXT, "gpu_resource_name", \
			"Kubernetes resource of a share"), \
		BODY("mig-strategy", "S", KIND_TEXT, NULL, "mixed or single"), \
		BODY("replicas", "N", KIND_INT, "timeslice_replicas", \
			"shares per card, TIME_SLICE and MPS"), \
		BODY("max-per-pod", "N", KIND_INT, "max_shares_per_pod", \
			"shares one step may take"), \
		BODY("node-selector", "JSON", KIND_JSON, NULL, "Kubernetes node selector"), \
		BODY("tolerations", "JSON", KIND_JSON, NULL, "Kubernetes tolerations"), \
		BODY("max-runtime", "TIME", KIND_TEXT, "default_max_runtime", \
			"limit of steps that set none, like 1h"), \
		BODY("allow-cpu", NULL, KIND_BOOL, "allow_cpu_on_gpu", \
			"steps with device=cpu may run here")

static const struct cli_flag pool_create_flags[] = {
	NEEDED("card", "MODEL", KIND_TEXT, "card_model", "A30, T4, CPU ..."),
	NEEDED("mode", "MODE", KIND_TEXT, NULL, "MIG, TIME_SLICE, MPS, EXCLUSIVE or CPU"),
	BODY("mig-profile", "NAME", KIND_TEXT, "profile", "MIG profile like 1g.6gb"),
	POOL_FLAGS(NEEDED, NEEDED),
	END_FLAGS,
};
static const struct cli_flag pool_patch_flags[] = { POOL_FLAGS(BODY, BODY), END_FLAGS };
static const struct cli_flag allocation_flags[] = { QUERY("pool", "NAME", "pool_id",
							    "only of this pool"),
	{ "live", NULL, KIND_BOOL, TO_QUERY, NULL, "only those that hold shares now", false },
	PAGING, END_FLAGS };
static const struct cli_flag quota_flags[] = {
	NEEDED("shares", "N", KIND_INT, "max_shares", "most shares at once"), END_FLAGS
};
static const struct cli_flag upload_flags[] = {
	{ "project", "NAME", KIND_TEXT, TO_QUERY, "project_id", "where it goes", true },
	OWN("name", "NAME", KIND_TEXT, "name; the file's own"),
	OWN("kind", "KIND", KIND_TEXT, "dataset (usual), model, output or report"),
	END_FLAGS,
};
static const struct cli_flag download_flags[] = {
	OWN("to", "FILE", KIND_TEXT, "where to; - is standard output; the artifact's name"),
	END_FLAGS
};
static const struct cli_flag pipeline_flags[] = {
	{ "project", "NAME", KIND_TEXT, TO_QUERY, "project_id", "where it goes", true }, END_FLAGS
};

#define WAITING \
	OWN("wait", NULL, KIND_BOOL, "follow it to its end; exit 4 if it fails"), \
		OWN("wait-timeout", "SECONDS", KIND_INT, "give up waiting, exit 5; 3600")

static const struct cli_flag run_list_flags[] = { PROJECT,
	QUERY("state", "STATE", NULL, "only those in this state"), PAGING, END_FLAGS };
static const struct cli_flag run_create_flags[] = {
	NEEDED("project", "NAME", KIND_TEXT, "project_id", "project"),
	NEEDED("pipeline", "NAME", KIND_TEXT, NULL, "pipeline to run"),
	BODY("version", "N", KIND_INT, NULL, "of the pipeline; the latest"),
	BODY("name", "NAME", KIND_TEXT, NULL, "name of the run"),
	BODY("param", "NAME=VALUE", KIND_PAIRS, "params", "a parameter; may stand several times"),
	BODY("pool", "NAME", KIND_TEXT, NULL, "pool of every step"),
	BODY("max-runtime", "TIME", KIND_TEXT, NULL, "limit like 10m"),
	WAITING,
	END_FLAGS,
};
static const struct cli_flag job_create_flags[] = {
	NEEDED("project", "NAME", KIND_TEXT, "project_id", "project"),
	NEEDED("with", "NAME=VALUE", KIND_PAIRS, NULL, "a setting (dataset, label, rounds ...)"),
	BODY("pool", "NAME", KIND_TEXT, NULL, "pool"),
	BODY("shares", "N", KIND_INT, NULL, "shares; 1"),
	BODY("device", "DEVICE", KIND_TEXT, NULL, "cpu or cuda"),
	BODY("max-runtime", "TIME", KIND_TEXT, NULL, "limit like 10m"),
	BODY("retries", "N", KIND_INT, NULL, "retries"),
	BODY("register", "MODEL", KIND_TEXT, "register.model",
		"register the model under this name"),
	BODY("alias", "NAME", KIND_TEXT, "register.alias", "alias of the new version"),
	WAITING,
	END_FLAGS,
};
static const struct cli_flag watch_flags[] = {
	OWN("wait-timeout", "SECONDS", KIND_INT, "give up waiting, exit 5; 3600"), END_FLAGS
};
static const struct cli_flag metric_flags[] = { QUERY("step", "NAME", NULL, "only of this step"),
	QUERY("key", "NAME", NULL, "only this metric"), PAGING, END_FLAGS };
static const struct cli_flag log_flags[] = { QUERY("step", "NAME", NULL,
						     "step; needed when there are several"),
	QUERY("attempt", "ID", NULL, "attempt; the newest"),
	QUERY("tail", "BYTES", NULL, "only the end"), END_FLAGS };
static const struct cli_flag alias_flags[] = {
	NEEDED("version", "N", KIND_INT, NULL, "version it names"), END_FLAGS
};

#define SERVING(MODEL) \
	MODEL("model", "NAME", KIND_TEXT, NULL, "model to serve"), \
		BODY("version", "N", KIND_INT, NULL, "its version; this or --alias"), \
		BODY("alias", "NAME", KIND_TEXT, NULL, "the version an alias names"), \
		BODY("min", "N", KIND_INT, "replicas.min", "fewest instances; 1"), \
		BODY("max", "N", KIND_INT, "replicas.max", "most instances; 1"), \
		BODY("concurrency", "N", KIND_INT, NULL, \
			"most requests at once per instance, of long ones at most one per share; " \
			"4"), \
		BODY("pool", "NAME", KIND_TEXT, NULL, \
			"its instances' pool; `default`, or the only one"), \
		BODY("shares", "N", KIND_INT, NULL, "shares per instance; 1")

static const struct cli_flag deployment_create_flags[] = { NEEDED("project", "NAME", KIND_TEXT,
								   "project_id", "project"),
	SERVING(NEEDED), WAITING, END_FLAGS };
static const struct cli_flag deployment_patch_flags[] = { SERVING(BODY), WAITING, END_FLAGS };

#define ROWS \
	OWN("data", "JSON", KIND_TEXT, \
		"a row, rows, a whole body, or @FILE; else standard input"), \
		OWN("file", "FILE", KIND_TEXT, "rows of a .csv file, or of a JSON file"), \
		OWN("csv", "FILE", KIND_TEXT, \
			"rows of a CSV file with a header; - is standard input"), \
		OWN("drop", "NAMES", KIND_TEXT, \
			"columns of the CSV that are no features, by commas"), \
		OWN("rows", "N", KIND_INT, "only the first N rows of the CSV")

static const struct cli_flag predict_flags[] = { ROWS,
	{ "proba", NULL, KIND_BOOL, TO_QUERY, NULL, "probabilities instead of labels", false },
	OWN("repeat", "N", KIND_INT, "send the request N times and print figures"),
	OWN("concurrency", "C", KIND_INT, "with --repeat: so many at once; 1"), END_FLAGS };
static const struct cli_flag explain_flags[] = { ROWS,
	QUERY("class", "LABEL", NULL, "the class to explain; the predicted one"),
	OWN("repeat", "N", KIND_INT, "send the request N times and print figures"),
	OWN("concurrency", "C", KIND_INT, "with --repeat: so many at once; 1"), END_FLAGS };
static const struct cli_flag usage_flags[] = { QUERY("from", "TIME", NULL, "start; of this month"),
	QUERY("to", "TIME", NULL, "end; now"),
	QUERY("group-by", "WHAT", "group_by", "metric, project, resource or day"), TENANT,
	END_FLAGS };
static const struct cli_flag cost_flags[] = {
	QUERY("period", "MONTH", NULL, "like 2026-11; this month"), TENANT, END_FLAGS
};
static const struct cli_flag invoice_create_flags[] = { BODY("period", "MONTH", KIND_TEXT, NULL,
								"like 2026-11; this month"),
	BODY("tenant", "NAME", KIND_TEXT, "tenant_id", "platform admin: which tenant"), END_FLAGS };
static const struct cli_flag dashboard_list_flags[] = {
	QUERY("scope", "SCOPE", NULL, "admin or user"), TENANT, PAGING, END_FLAGS
};
static const struct cli_flag dashboard_flags[] = {
	NEEDED("scope", "SCOPE", KIND_TEXT, NULL, "admin or user"),
	NEEDED("title", "TEXT", KIND_TEXT, NULL, "title"),
	NEEDED("definition", "JSON", KIND_JSON, NULL, "Grafana's JSON, or @FILE"), TENANT, END_FLAGS
};
static const struct cli_flag dashboard_put_flags[] = { BODY("name", "NAME", KIND_TEXT, NULL,
							       "another name"),
	BODY("title", "TEXT", KIND_TEXT, NULL, "another title"),
	BODY("definition", "JSON", KIND_JSON, NULL, "Grafana's JSON, or @FILE"), END_FLAGS };
static const struct cli_flag export_flags[] = {
	QUERY("namespace", "NAME", NULL, "of the ConfigMap; monitoring"), END_FLAGS
};
static const struct cli_flag event_flags[] = { QUERY("id", "ID", "noun_id", "only of this object"),
	TENANT, PAGING, END_FLAGS };
static const struct cli_flag up_flags[] = {
	OWN("port", "N", KIND_INT, "port of the API; 8000, the next free one if taken"),
	OWN("data", "DIR", KIND_TEXT,
		"folder of the installation; ./.data if there, else "
		"~/.local/share/modelops"),
	OWN("auth", "MODE", KIND_TEXT, "keys (usual) or demo"), END_FLAGS
};

static const struct cli_column tenant_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "STATE", "state", FMT_STATE },
	{ "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column principal_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "KIND", "kind", FMT_TEXT },
	{ "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column role_columns[] = { { "ID", "id", FMT_TEXT },
	{ "PRINCIPAL", "principal_id", FMT_TEXT }, { "ROLE", "role", FMT_TEXT },
	{ "PROJECT", "project_id", FMT_TEXT }, END_COLUMNS };
static const struct cli_column key_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "ROLE", "role", FMT_TEXT },
	{ "EXPIRES", "expires_at", FMT_TIME }, { "REVOKED", "revoked_at", FMT_TIME },
	{ "LAST USED", "last_used_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column pool_columns[] = { { "NAME", "name", FMT_TEXT },
	{ "CARD", "card_model", FMT_TEXT }, { "MODE", "mode", FMT_TEXT },
	{ "PROFILE", "profile", FMT_TEXT }, { "SHARES", "capacity_shares", FMT_NUMBER },
	{ "PER STEP", "max_shares_per_pod", FMT_NUMBER },
	{ "PRICE CLASS", "price_class", FMT_TEXT }, { "RESOURCE", "gpu_resource_name", FMT_TEXT },
	END_COLUMNS };
static const struct cli_column allocation_columns[] = { { "ID", "id", FMT_TEXT },
	{ "SHARES", "shares", FMT_NUMBER }, { "STATE", "state", FMT_STATE },
	{ "FOR", "resource_id", FMT_TEXT }, { "BOUND", "bound_at", FMT_TIME },
	{ "RELEASED", "released_at", FMT_TIME }, { "REASON", "release_reason", FMT_TEXT },
	END_COLUMNS };
static const struct cli_column quota_columns[] = { { "TENANT", "tenant_id", FMT_TEXT },
	{ "POOL", "pool_id", FMT_TEXT }, { "MOST SHARES", "max_shares", FMT_NUMBER }, END_COLUMNS };
static const struct cli_column artifact_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "KIND", "kind", FMT_TEXT }, { "STATE", "state", FMT_STATE },
	{ "SIZE", "size", FMT_BYTES }, { "SHA-256", "sha256", FMT_DIGEST },
	{ "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column pipeline_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "VERSION", "latest_version", FMT_NUMBER },
	{ "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column pipeline_version_columns[] = { { "VERSION", "version", FMT_NUMBER },
	{ "STEPS", "spec.steps", FMT_TEXT }, { "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column run_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "KIND", "kind", FMT_TEXT }, { "STATE", "state", FMT_STATE },
	{ "STARTED", "started_at", FMT_TIME }, { "FINISHED", "finished_at", FMT_TIME },
	{ "REASON", "reason", FMT_TEXT }, END_COLUMNS };
static const struct cli_column step_columns[] = { { "STEP", "name", FMT_TEXT },
	{ "KIND", "kind", FMT_TEXT }, { "STATE", "state", FMT_STATE },
	{ "DONE", "progress", FMT_SHARE }, { "ATTEMPT", "attempt", FMT_NUMBER },
	{ "SHARES", "shares", FMT_NUMBER }, { "DEVICE", "device_used", FMT_TEXT },
	{ "WAITS FOR", "detail", FMT_TEXT }, { "REASON", "reason", FMT_TEXT }, END_COLUMNS };
static const struct cli_column event_columns[] = { { "AT", "created_at", FMT_TIME },
	{ "NOUN", "noun", FMT_TEXT }, { "TYPE", "type", FMT_TEXT },
	{ "MESSAGE", "message", FMT_TEXT }, END_COLUMNS };
static const struct cli_column metric_columns[] = { { "STEP", "step", FMT_TEXT },
	{ "METRIC", "key", FMT_TEXT }, { "ROUND", "iteration", FMT_NUMBER },
	{ "VALUE", "value", FMT_NUMBER }, END_COLUMNS };
static const struct cli_column model_version_columns[] = { { "VERSION", "version", FMT_NUMBER },
	{ "STATE", "state", FMT_STATE }, { "SIZE", "size", FMT_BYTES },
	{ "RUN", "run_id", FMT_TEXT }, { "DATA SHA-256", "dataset_sha256", FMT_DIGEST },
	{ "METRICS", "metrics", FMT_TEXT }, END_COLUMNS };
static const struct cli_column alias_columns[] = { { "ALIAS", "alias", FMT_TEXT },
	{ "VERSION", "version", FMT_NUMBER }, { "SINCE", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column deployment_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "STATE", "state", FMT_STATE },
	{ "MODEL", "spec.model", FMT_TEXT }, { "GENERATION", "generation", FMT_NUMBER },
	{ "REASON", "reason", FMT_TEXT }, END_COLUMNS };
static const struct cli_column revision_columns[] = { { "NUMBER", "number", FMT_NUMBER },
	{ "STATE", "state", FMT_STATE }, { "WEIGHT", "weight", FMT_NUMBER },
	{ "REPLICAS", "replicas", FMT_NUMBER }, { "MODEL VERSION", "model_version_id", FMT_TEXT },
	{ "CREATED", "created_at", FMT_TIME }, END_COLUMNS };
static const struct cli_column instance_columns[] = { { "ID", "id", FMT_TEXT },
	{ "STATE", "state", FMT_STATE }, { "RESTARTS", "restarts", FMT_NUMBER },
	{ "READY", "ready_at", FMT_TIME }, { "REASON", "reason", FMT_TEXT }, END_COLUMNS };
static const struct cli_column usage_columns[] = { { "METRIC", "metric", FMT_TEXT },
	{ "CLASS", "price_class", FMT_TEXT }, { "QUANTITY", "quantity", FMT_NUMBER },
	{ "WINDOWS", "windows", FMT_NUMBER }, { "BILLED", "reason", FMT_TEXT },
	{ "DAY", "day", FMT_TIME, .if_any = true },
	{ "PROJECT", "project_id", FMT_TEXT, .if_any = true },
	{ "RESOURCE", "resource_id", FMT_TEXT, .if_any = true }, END_COLUMNS };
static const struct cli_column ledger_columns[] = { { "SEQ", "seq", FMT_NUMBER },
	{ "METRIC", "metric", FMT_TEXT }, { "CLASS", "price_class", FMT_TEXT },
	{ "QUANTITY", "quantity", FMT_NUMBER }, { "FROM", "start_at", FMT_TIME },
	{ "TO", "end_at", FMT_TIME }, { "REASON", "reason", FMT_TEXT },
	{ "BILLED", "billable", FMT_STATE }, { "HASH", "hash", FMT_DIGEST }, END_COLUMNS };
static const struct cli_column price_plan_columns[] = { { "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT }, { "CURRENCY", "currency", FMT_TEXT },
	{ "DEFAULT", "is_default", FMT_TEXT }, END_COLUMNS };
static const struct cli_column invoice_columns[] = { { "ID", "id", FMT_TEXT },
	{ "STATE", "state", FMT_STATE }, { "FROM", "period_start", FMT_TIME },
	{ "TO", "period_end", FMT_TIME }, { "TOTAL", "total", FMT_MONEY }, END_COLUMNS };
static const struct cli_column dashboard_columns[] = { { "ID", "id", FMT_TEXT },
	{ "SCOPE", "scope", FMT_TEXT }, { "NAME", "name", FMT_TEXT },
	{ "TITLE", "title", FMT_TEXT }, { "BUILT IN", "builtin", FMT_TEXT }, END_COLUMNS };
static const struct cli_column audit_columns[] = { { "AT", "created_at", FMT_TIME },
	{ "ACTOR", "actor", FMT_TEXT }, { "ACTION", "action", FMT_TEXT },
	{ "NOUN", "noun", FMT_TEXT }, { "OBJECT", "noun_id", FMT_TEXT }, END_COLUMNS };

#define LIST(noun, path, flags, columns, help) \
	{ noun, "list", "", help, "GET", path, flags, columns, NULL }
#define GET(noun, path, help) { noun, "get", "ID", help, "GET", path "/{0}", NULL, NULL, NULL }
#define DELETE(noun, path, help) \
	{ noun, "delete", "ID", help, "DELETE", path "/{0}", NULL, NULL, NULL }
#define PART(noun, verb, path, columns, help) \
	{ noun, verb, "ID", help, "GET", path, list_flags, columns, NULL }

const struct cli_cmd cli_commands[] = {
	{ "up", NULL, "", "Run the whole platform on this machine, in the foreground.", NULL, NULL,
		up_flags, NULL, up },
	{ "status", NULL, "",
		"Whether the API answers and every deployment that has served does serve.", "GET",
		"/readyz", NULL, NULL, status },
	{ "whoami", NULL, "", "Who the API takes you for.", "GET", "/v1/whoami", NULL, NULL, NULL },
	LIST("tenant", "/v1/tenants", list_flags, tenant_columns, "Tenants (platform admin)."),
	GET("tenant", "/v1/tenants", "A tenant, by id or name."),
	{ "tenant", "create", "NAME=name", "Make a tenant.", "POST", "/v1/tenants", NULL, NULL,
		NULL },
	{ "tenant", "update", "ID", "Suspend a tenant or choose its price plan.", "PATCH",
		"/v1/tenants/{0}", tenant_patch_flags, NULL, NULL },
	DELETE("tenant", "/v1/tenants", "Remove an empty tenant."),
	LIST("project", "/v1/projects", named_list_flags, NULL, "Projects."),
	GET("project", "/v1/projects", "A project."),
	{ "project", "create", "NAME=name", "Make a project.", "POST", "/v1/projects", tenant_flags,
		NULL, NULL },
	DELETE("project", "/v1/projects", "Remove an empty project."),
	LIST("principal", "/v1/principals", tenant_list_flags, principal_columns,
		"Users and service accounts."),
	{ "principal", "create", "NAME=name", "Make a user or service account.", "POST",
		"/v1/principals", principal_flags, NULL, NULL },
	DELETE("principal", "/v1/principals", "Remove a principal with its keys and roles."),
	LIST("role-binding", "/v1/role-bindings", tenant_list_flags, role_columns,
		"Roles of principals."),
	{ "role-binding", "create", "PRINCIPAL=principal_id ROLE=role", "Give a principal a role.",
		"POST", "/v1/role-bindings", role_flags, NULL, NULL },
	DELETE("role-binding", "/v1/role-bindings", "Take a role away."),
	LIST("key", "/v1/api-keys", tenant_list_flags, key_columns,
		"API keys, never their secrets."),
	GET("key", "/v1/api-keys", "An API key."),
	{ "key", "create", "NAME=name", "Make an API key; its text is shown this once.", "POST",
		"/v1/api-keys", key_flags, NULL, NULL },
	DELETE("key", "/v1/api-keys", "Revoke an API key."),
	LIST("pool", "/v1/gpu-pools", list_flags, pool_columns, "Pools of shares."),
	GET("pool", "/v1/gpu-pools", "A pool, by id or name."),
	{ "pool", "create", "NAME=name", "Define a pool.", "POST", "/v1/gpu-pools",
		pool_create_flags, NULL, NULL },
	{ "pool", "update", "ID", "Change a pool.", "PATCH", "/v1/gpu-pools/{0}", pool_patch_flags,
		NULL, NULL },
	DELETE("pool", "/v1/gpu-pools", "Remove a pool that nothing uses."),
	{ "pool", "capacity", "ID", "How full a pool is.", "GET", "/v1/gpu-pools/{0}/capacity",
		NULL, NULL, NULL },
	LIST("allocation", "/v1/pool-allocations", allocation_flags, allocation_columns,
		"Shares held by steps and instances."),
	LIST("quota", "/v1/quotas", tenant_list_flags, quota_columns, "Share limits."),
	{ "quota", "set", "TENANT POOL", "Set a tenant's share limit in a pool.", "PUT",
		"/v1/quotas/{0}/{1}", quota_flags, NULL, NULL },
	{ "quota", "delete", "TENANT POOL", "Lift a limit.", "DELETE", "/v1/quotas/{0}/{1}", NULL,
		NULL, NULL },
	LIST("artifact", "/v1/artifacts", project_list_flags, artifact_columns, "Artifacts."),
	GET("artifact", "/v1/artifacts", "An artifact."),
	{ "artifact", "upload", "FILE", "Upload a file.", "POST", "/v1/artifacts", upload_flags,
		NULL, artifact_upload },
	{ "artifact", "download", "ID", "Download; whole or not at all.", "GET",
		"/v1/artifacts/{0}", download_flags, NULL, artifact_download },
	DELETE("artifact", "/v1/artifacts", "Remove an artifact."),
	LIST("pipeline", "/v1/pipelines", project_list_flags, pipeline_columns, "Pipelines."),
	GET("pipeline", "/v1/pipelines", "A pipeline."),
	{ "pipeline", "create", "FILE@yaml", "Make a pipeline from a YAML or JSON file.", "POST",
		"/v1/pipelines", pipeline_flags, NULL, NULL },
	{ "pipeline", "update", "ID FILE@yaml", "Add a version from a file.", "POST",
		"/v1/pipelines/{0}/versions", NULL, NULL, NULL },
	PART("pipeline", "versions", "/v1/pipelines/{0}/versions", pipeline_version_columns,
		"Versions of a pipeline."),
	{ "pipeline", "show", "ID VERSION", "One version.", "GET", "/v1/pipelines/{0}/versions/{1}",
		NULL, NULL, NULL },
	DELETE("pipeline", "/v1/pipelines", "Remove a pipeline."),
	LIST("run", "/v1/runs", run_list_flags, run_columns, "Runs."),
	GET("run", "/v1/runs", "A run."),
	{ "run", "create", "", "Start a run of a pipeline.", "POST", "/v1/runs", run_create_flags,
		NULL, run_create },
	{ "run", "watch", "ID", "Follow a run to its end; exit 4 unless it succeeds.", "GET",
		"/v1/runs/{0}", watch_flags, NULL, run_watch },
	{ "run", "cancel", "ID", "Cancel a run.", "POST", "/v1/runs/{0}/cancel", NULL, NULL, NULL },
	PART("run", "steps", "/v1/runs/{0}/steps", step_columns, "Steps of a run."),
	PART("run", "events", "/v1/runs/{0}/events", event_columns, "What happened to a run."),
	{ "run", "metrics", "ID", "Metrics of every round.", "GET", "/v1/runs/{0}/metrics",
		metric_flags, metric_columns, NULL },
	{ "run", "logs", "ID", "Log of a step.", "GET", "/v1/runs/{0}/logs", log_flags, NULL,
		run_logs },
	LIST("job", "/v1/training-jobs", run_list_flags, run_columns, "Training jobs."),
	GET("job", "/v1/training-jobs", "A training job."),
	{ "job", "create", "NAME=name", "Start a training job: a run of one train step.", "POST",
		"/v1/training-jobs", job_create_flags, NULL, job_create },
	{ "job", "watch", "ID", "Follow a training job to its end; exit 4 if it fails.", "GET",
		"/v1/training-jobs/{0}", watch_flags, NULL, run_watch },
	{ "job", "cancel", "ID", "Cancel a training job.", "POST", "/v1/training-jobs/{0}/cancel",
		NULL, NULL, NULL },
	LIST("model", "/v1/models", project_list_flags, NULL, "Models."),
	GET("model", "/v1/models", "A model."),
	PART("model", "versions", "/v1/models/{0}/versions", model_version_columns,
		"Versions of a model."),
	{ "model", "version", "ID VERSION", "One version: metrics, signature, lineage.", "GET",
		"/v1/models/{0}/versions/{1}", NULL, NULL, NULL },
	PART("model", "aliases", "/v1/models/{0}/aliases", alias_columns, "Aliases of a model."),
	{ "model", "alias", "ID ALIAS", "Let an alias name a version.", "PUT",
		"/v1/models/{0}/aliases/{1}", alias_flags, NULL, NULL },
	{ "model", "unalias", "ID ALIAS", "Remove an alias.", "DELETE",
		"/v1/models/{0}/aliases/{1}", NULL, NULL, NULL },
	LIST("deployment", "/v1/deployments", project_list_flags, deployment_columns,
		"Deployments."),
	GET("deployment", "/v1/deployments", "A deployment."),
	{ "deployment", "create", "NAME=name", "Serve a model.", "POST", "/v1/deployments",
		deployment_create_flags, NULL, deployment_write },
	{ "deployment", "update", "ID", "Change what is served.", "PATCH", "/v1/deployments/{0}",
		deployment_patch_flags, NULL, deployment_write },
	{ "deployment", "wait", "ID", "Wait until it is READY; exit 4 if it fails.", "GET",
		"/v1/deployments/{0}", watch_flags, NULL, deployment_wait },
	DELETE("deployment", "/v1/deployments", "Stop serving and remove."),
	PART("deployment", "revisions", "/v1/deployments/{0}/revisions", revision_columns,
		"Revisions."),
	PART("deployment", "instances", "/v1/deployments/{0}/instances", instance_columns,
		"Serving processes."),
	PART("deployment", "events", "/v1/deployments/{0}/events", event_columns,
		"What happened to it."),
	{ "predict", NULL, "ID", "Predict rows by a deployment.", "POST",
		"/v1/deployments/{0}/predict", predict_flags, NULL, predict },
	{ "explain", NULL, "ID", "What each feature contributed to each prediction.", "POST",
		"/v1/deployments/{0}/explain", explain_flags, NULL, predict },
	{ "usage", NULL, "", "Usage of a period.", "GET", "/v1/usage", usage_flags, usage_columns,
		NULL },
	LIST("ledger", "/v1/ledger", tenant_list_flags, ledger_columns, "Entries of the ledger."),
	{ "ledger", "verify", "", "Recompute the ledger's hash chain.", "GET", "/v1/ledger/verify",
		verify_flags, NULL, NULL },
	{ "cost", NULL, "", "Cost so far.", "GET", "/v1/cost", cost_flags, NULL, cost_show },
	LIST("price-plan", "/v1/price-plans", list_flags, price_plan_columns, "Price plans."),
	GET("price-plan", "/v1/price-plans", "A price plan with its rules."),
	{ "price-plan", "create", "FILE@json", "Make a price plan from a JSON file.", "POST",
		"/v1/price-plans", NULL, NULL, NULL },
	LIST("invoice", "/v1/invoices", tenant_list_flags, invoice_columns, "Invoices."),
	GET("invoice", "/v1/invoices", "An invoice as it is stored."),
	{ "invoice", "show", "ID", "An invoice for people: each line explains its amount.", "GET",
		"/v1/invoices/{0}", NULL, NULL, invoice_show },
	{ "invoice", "create", "", "Draft an invoice for a month.", "POST", "/v1/invoices",
		invoice_create_flags, NULL, NULL },
	{ "invoice", "issue", "ID", "Issue a draft.", "POST", "/v1/invoices/{0}/issue", NULL, NULL,
		NULL },
	{ "invoice", "void", "ID", "Void an invoice.", "POST", "/v1/invoices/{0}/void", NULL, NULL,
		NULL },
	LIST("dashboard", "/v1/observability/dashboards", dashboard_list_flags, dashboard_columns,
		"Dashboards."),
	GET("dashboard", "/v1/observability/dashboards", "A dashboard."),
	{ "dashboard", "create", "NAME=name", "Make a dashboard.", "POST",
		"/v1/observability/dashboards", dashboard_flags, NULL, NULL },
	{ "dashboard", "update", "ID", "Change a dashboard, unless somebody else was quicker.",
		"PUT", "/v1/observability/dashboards/{0}", dashboard_put_flags, NULL,
		dashboard_update },
	{ "dashboard", "export", "ID", "A dashboard as a Kubernetes ConfigMap (YAML).", "GET",
		"/v1/observability/dashboards/{0}/export_configmap", export_flags, NULL, NULL },
	DELETE("dashboard", "/v1/observability/dashboards", "Remove a dashboard."),
	LIST("event", "/v1/events", event_flags, event_columns, "What happened."),
	LIST("audit", "/v1/audit-log", tenant_list_flags, audit_columns, "Who changed what."),
	{ "completion", NULL, "SHELL", "Completion: eval \"$(modelops completion bash)\".", NULL,
		NULL, NULL, NULL, completion },
	{ "version", NULL, "", "Version of this program.", NULL, NULL, NULL, NULL, version },
};

const size_t cli_command_count = sizeof(cli_commands) / sizeof(cli_commands[0]);
