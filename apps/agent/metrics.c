/* What the agent shows about itself. */
#include "agent.h"

static const struct obs_decl decls[AGENT_METRICS] = {
	[AGENT_PASSES] = { .name = "modelops_agent_passes_total",
		.type = OBS_COUNTER,
		.help = "Passes over the books that went well." },
	[AGENT_PASS_SECONDS] = { .name = "modelops_agent_pass_seconds",
		.type = OBS_HISTOGRAM,
		.help = "Time that a pass takes.",
		.scale = 1e-6,
		.buckets = obs_buckets_us,
		.nbuckets = OBS_BUCKETS_US },
	[AGENT_ERRORS] = { .name = "modelops_agent_errors_total",
		.type = OBS_COUNTER,
		.help = "Passes that failed; the next one repeats their work." },
	[AGENT_FAILED] = { .name = "modelops_agent_batches_failed_total",
		.type = OBS_COUNTER,
		.help = "Batches of one tenant that failed; the next pass repeats them." },
	[AGENT_LAG] = { .name = "modelops_agent_lag_seconds",
		.type = OBS_GAUGE,
		.help = "Age of the oldest usage that the last pass found outside the ledger.",
		.scale = 1e-6 },
	[AGENT_LEADING] = { .name = "modelops_agent_leading",
		.type = OBS_GAUGE,
		.help = "1 while this process does the bookkeeping." },
	[AGENT_WINDOWS] = { .name = "modelops_agent_allocation_windows_total",
		.type = OBS_COUNTER,
		.help = "Usage windows made from allocations." },
	[AGENT_STORAGE_WINDOWS] = { .name = "modelops_agent_storage_windows_total",
		.type = OBS_COUNTER,
		.help = "Usage windows made from stored artifacts." },
	[AGENT_ENTRIES] = { .name = "modelops_agent_ledger_entries_total",
		.type = OBS_COUNTER,
		.help = "Ledger entries appended." },
	[AGENT_TRIMMED] = { .name = "modelops_agent_records_trimmed_total",
		.type = OBS_COUNTER,
		.help = "Old idempotency keys and changes removed." },
	[AGENT_WAL_BYTES] = { .name = "modelops_agent_wal_bytes",
		.type = OBS_GAUGE,
		.help = "Size of SQLite's write-ahead log before the last checkpoint." },
	[AGENT_SWEPT_OBJECTS] = { .name = "modelops_agent_swept_objects_total",
		.type = OBS_COUNTER,
		.help = "Objects and left-over uploads removed because no row needs them." },
	[AGENT_SWEPT_BYTES] = { .name = "modelops_agent_swept_bytes_total",
		.type = OBS_COUNTER,
		.help = "Bytes of those." },
	[AGENT_SWEEP_ERRORS] = { .name = "modelops_agent_sweep_errors_total",
		.type = OBS_COUNTER,
		.help = "Objects that could not be removed, and sweeps that failed; the next one "
			"repeats them." },
};

int agent_metrics_init(struct agent *a, struct mo_err *err)
{
	struct obs_family *families[AGENT_METRICS];
	if (obs_declare(a->obs, decls, AGENT_METRICS, families, err) < 0)
		return -1;
	for (int i = 0; i < AGENT_METRICS; i++)
		a->metrics[i] = obs_series(families[i], NULL);
	return 0;
}
