/* Settings of modelops-agent. */
#include "agent.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#define AT(field) offsetof(struct agent_cfg, field)

const struct mo_cfg agent_settings[] = {
	{ "MODELOPS_DATA", MO_CFG_STR, AT(data), NULL, "Folder of the installation; required." },
	{ "DATABASE_URL", MO_CFG_SECRET, AT(database_url), NULL,
		"sqlite:PATH or postgres://...; unset: sqlite in MODELOPS_DATA." },
	{ "AGENT_INTERVAL", MO_CFG_DURATION, AT(interval), "1s",
		"How often usage is turned into ledger entries.", 10000, MO_HOUR },
	{ "AGENT_LEASE", MO_CFG_DURATION, AT(lease), "10s",
		"A leader that does not renew for this long is deposed.", 100000, MO_HOUR },
	{ "AGENT_RENEW", MO_CFG_DURATION, AT(renew), "2s", "How often the lease is renewed.", 10000,
		MO_HOUR },
	{ "AGENT_BATCH", MO_CFG_INT, AT(batch), "64", "Most ledger entries of one transaction.", 1,
		10000 },
	{ "AGENT_KEEP_RECORDS", MO_CFG_DURATION, AT(keep), "24h",
		"How long idempotency keys and the change feed are kept.", MO_SECOND, 30 * MO_DAY },
	{ "AGENT_SWEEP_AGE", MO_CFG_DURATION, AT(sweep_age), "24h",
		"Objects and uploads that no row needs are removed when they are this old. Keep it "
		"above the time from the end of an upload to its row.",
		MO_HOUR, 365 * MO_DAY },
	{ "AGENT_CHECKPOINT", MO_CFG_DURATION, AT(checkpoint), "10s",
		"How often SQLite's log is moved into the database.", 100000, MO_HOUR },
	{ "LOG_LEVEL", MO_CFG_ENUM, AT(log_level), "info", "Least level that is logged.",
		.choices = "debug info warn error" },
	{ "LOG_FORMAT", MO_CFG_ENUM, AT(log_format), "kv", "One line per event: key=value or JSON.",
		.choices = "kv json" },
	HTTP_OPS_SETTINGS(AT(ops)),
};

const size_t agent_settings_count = MO_COUNT(agent_settings);
