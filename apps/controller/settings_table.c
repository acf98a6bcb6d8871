/* Settings of modelops-controller. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"

#define AT(field) offsetof(struct controller_cfg, field)

const struct mo_cfg controller_settings[] = {
	{ "MODELOPS_DATA", MO_CFG_STR, AT(data), NULL, "Folder of the installation (required)." },
	{ "DATABASE_URL", MO_CFG_SECRET, AT(database_url), NULL,
		"sqlite:PATH or postgres://...; default sqlite:$MODELOPS_DATA/modelops.db." },
	{ "WORKLOAD_KEY_FILE", MO_CFG_STR, AT(workload_key_file), NULL,
		"Key of attempt tokens; default $MODELOPS_DATA/secrets/workload.key." },
	{ "PRESIGN_KEY_FILE", MO_CFG_STR, AT(presign_key_file), NULL,
		"Key of presigned links; default $MODELOPS_DATA/secrets/presign.key." },
	{ "WORKLOAD_BIN_DIR", MO_CFG_STR, AT(bin_dir), NULL,
		"Folder of modelops-shim, -fetch, -trainer and -serving; default: this "
		"program's." },
	{ "WORKLOAD_DOOR_URL", MO_CFG_STR, AT(door_url), NULL,
		"Where workloads reach the API; default: the address in "
		"$MODELOPS_DATA/run/api.door." },
	{ "LOG_LEVEL", MO_CFG_ENUM, AT(log_level), "info", "Least level logged.",
		.choices = "debug info warn error" },
	{ "LOG_FORMAT", MO_CFG_ENUM, AT(log_format), "kv", "Form of a log line.",
		.choices = "kv json" },
	{ "CONTROLLER_TICK", MO_CFG_DURATION, AT(tick), "200ms",
		"How often changes and running jobs are looked at.", 10000, MO_MINUTE },
	{ "CONTROLLER_FULL_PASS", MO_CFG_DURATION, AT(full_pass), "3s",
		"How often everything is looked at although nothing changed.", 100000, MO_HOUR },
	{ "CONTROLLER_LEASE", MO_CFG_DURATION, AT(lease), "10s",
		"A leader that does not renew for this long is deposed.", 100000, MO_HOUR },
	{ "CONTROLLER_RENEW", MO_CFG_DURATION, AT(renew), "2s", "How often the lease is renewed.",
		10000, MO_HOUR },
	{ "CONTROLLER_STOP_GRACE", MO_CFG_DURATION, AT(stop_grace), "10s",
		"Time between SIGTERM and SIGKILL of a job or instance.", 1, MO_HOUR },
	{ "CONTROLLER_DRAIN", MO_CFG_DURATION, AT(drain), "2s",
		"How long an instance that left the gateway's list goes on before SIGTERM.", 0,
		MO_HOUR },
	{ "CONTROLLER_START_LIMIT", MO_CFG_DURATION, AT(start_limit), "5m",
		"An instance that is not ready after this is a failure.", MO_SECOND, MO_DAY },
	{ "CONTROLLER_ALIVE", MO_CFG_DURATION, AT(alive), "10m",
		"How often what runs is recorded as alive; its hours are billed up to then.", 10000,
		MO_HOUR },
	{ "WORKLOAD_LOG_CAP", MO_CFG_SIZE, AT(log_cap), "16m",
		"Bytes of output kept of one attempt.", 4096, INT64_C(1) << 32 },
	{ "CONTROLLER_OBJECT_MEMORY", MO_CFG_SIZE, AT(object_memory), "256m",
		"Most memory that one run or deployment may take while it is looked at; one that "
		"needs more fails alone.",
		65536, INT64_C(1) << 34 },
	HTTP_OPS_SETTINGS(AT(ops)),
};

const size_t controller_settings_count = MO_COUNT(controller_settings);
