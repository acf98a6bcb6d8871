/* Settings of modelops-api; the table is settings_table.c. */
#ifndef MODELOPS_API_SETTINGS_H
#define MODELOPS_API_SETTINGS_H

#include "modelops/base/config.h"
#include "modelops/http/limits.h"
#include "modelops/http/ops.h"

enum api_auth_mode { AUTH_MODE_DEMO, AUTH_MODE_KEYS };

struct api_cfg {
	const char *data, *database_url, *host, *roles, *repo_root, *workload_key, *presign_key,
		*swagger;
	int64_t port, loops, workers, stream_workers, blob_workers, queue_max, auth_stale_max,
		max_artifact, presign_ttl, gateway_deadline, gateway_max_reply, statement_timeout,
		max_live_runs, max_deployments, rate, burst;
	int auth_mode, log_level, log_format; /* enum api_auth_mode, mo_log_level, mo_log_format */
	bool demo_allow_remote;
	struct http_limits http;
	struct http_ops_cfg ops;
};

extern const struct mo_cfg api_settings[];
extern const size_t api_settings_count;

#endif
