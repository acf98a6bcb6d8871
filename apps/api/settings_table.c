/* The one table of modelops-api's settings. */
#include "settings.h"

#include "modelops/base/time.h"

#define TEXT(name_, field_, def_, help_) \
	{ .name = (name_), \
		.type = MO_CFG_STR, \
		.offset = offsetof(struct api_cfg, field_), \
		.def = (def_), \
		.help = (help_) }
#define NUMBER(name_, type_, field_, def_, lo_, hi_, help_) \
	{ .name = (name_), \
		.type = (type_), \
		.offset = offsetof(struct api_cfg, field_), \
		.def = (def_), \
		.min = (lo_), \
		.max = (hi_), \
		.help = (help_) }
#define CHOICE(name_, field_, def_, choices_, help_) \
	{ .name = (name_), \
		.type = MO_CFG_ENUM, \
		.offset = offsetof(struct api_cfg, field_), \
		.def = (def_), \
		.choices = (choices_), \
		.help = (help_) }

const struct mo_cfg api_settings[] = {
	TEXT("MODELOPS_DATA", data, NULL, "Folder of the installation; required."),
	{ .name = "DATABASE_URL",
		.type = MO_CFG_SECRET,
		.offset = offsetof(struct api_cfg, database_url),
		.help = "sqlite:PATH or postgres://...; unset: sqlite in MODELOPS_DATA." },
	TEXT("HOST", host, "127.0.0.1", "Address the API listens on."),
	NUMBER("PORT", MO_CFG_INT, port, "8000", 0, 65535,
		"Port the API listens on; 0 takes a free one."),
	TEXT("API_ROLES", roles, "control,gateway",
		"What this process serves: control, gateway or both."),
	CHOICE("AUTH_MODE", auth_mode, "keys", "demo keys",
		"keys: API keys. demo: also X-Actor headers, which anybody can write."),
	{ .name = "DEMO_ALLOW_REMOTE",
		.type = MO_CFG_BOOL,
		.offset = offsetof(struct api_cfg, demo_allow_remote),
		.def = "0",
		.help = "AUTH_MODE=demo may listen on and answer other than loopback addresses." },
	NUMBER("AUTH_STALE_MAX", MO_CFG_DURATION, auth_stale_max, "120s", 0, MO_DAY,
		"How long predict and explain go on with known keys while the store does not "
		"answer."),
	NUMBER("GATEWAY_DEADLINE", MO_CFG_DURATION, gateway_deadline, "15s", 1000, MO_HOUR,
		"Longest a predict or explain waits for its instance."),
	NUMBER("GATEWAY_MAX_REPLY", MO_CFG_SIZE, gateway_max_reply, "64m", 1024, INT64_C(1) << 32,
		"Largest reply of an instance that is handed on; past it 502."),
	NUMBER("STATEMENT_TIMEOUT", MO_CFG_DURATION, statement_timeout, "10s", 1000, MO_HOUR,
		"Longest one statement of the database may take, waits for locks included."),
	NUMBER("API_LOOPS", MO_CFG_INT, loops, "1", 1, 64, "Event loops, one thread each."),
	NUMBER("API_WORKERS", MO_CFG_INT, workers, "4", 1, 256, "Threads for SQL and files."),
	NUMBER("API_STREAM_WORKERS", MO_CFG_INT, stream_workers, "8", 1, 256,
		"Artifact transfers of users running at once; more wait. A tenant gets half of "
		"what others leave."),
	NUMBER("API_BLOB_WORKERS", MO_CFG_INT, blob_workers, "4", 1, 256,
		"Transfers of jobs' inputs and outputs running at once, shared alike; transfers "
		"of users do not take these."),
	NUMBER("API_QUEUE_MAX", MO_CFG_INT, queue_max, "256", 1, 65536,
		"Requests waiting for a worker; past it 503."),
	NUMBER("API_MAX_ARTIFACT", MO_CFG_SIZE, max_artifact, "4g", 1024, INT64_C(1) << 44,
		"Largest artifact taken."),
	NUMBER("API_MAX_LIVE_RUNS", MO_CFG_INT, max_live_runs, "1000", 1, 1000000,
		"Runs of one tenant that may be waiting or running at once; past it 403."),
	NUMBER("API_MAX_DEPLOYMENTS", MO_CFG_INT, max_deployments, "1000", 1, 1000000,
		"Deployments of one tenant; past it 403."),
	NUMBER("API_RATE", MO_CFG_INT, rate, "0", 0, 1000000,
		"Requests a second of one tenant, predictions too, in each API process; past it "
		"429. 0: no limit."),
	NUMBER("API_BURST", MO_CFG_INT, burst, "100", 1, 1000000,
		"Requests of one tenant at once that API_RATE lets pass."),
	NUMBER("PRESIGN_TTL", MO_CFG_DURATION, presign_ttl, "15m", MO_SECOND, MO_DAY,
		"How long a link handed to a workload is good for."),
	TEXT("WORKLOAD_KEY_FILE", workload_key, NULL,
		"Key of attempt tokens, 64 hex digits; unset: MODELOPS_DATA/secrets/workload.key."),
	TEXT("PRESIGN_KEY_FILE", presign_key, NULL,
		"Key of presigned links, 64 hex digits; unset: MODELOPS_DATA/secrets/presign.key."),
	TEXT("MODELOPS_REPO_ROOT", repo_root, NULL,
		"Folder with deploy/addons/observability/dashboards; unset: no built-in "
		"dashboards."),
	TEXT("SWAGGER_UI_DIR", swagger, NULL,
		"Folder with Swagger UI's files; unset: ../share/swagger-ui beside the program's "
		"folder."),
	CHOICE("LOG_LEVEL", log_level, "info", "debug info warn error",
		"Least level that is logged."),
	CHOICE("LOG_FORMAT", log_format, "kv", "kv json", "One line per event: key=value or JSON."),
	HTTP_SETTINGS(offsetof(struct api_cfg, http)),
	HTTP_OPS_SETTINGS(offsetof(struct api_cfg, ops)),
};

const size_t api_settings_count = sizeof(api_settings) / sizeof(api_settings[0]);
