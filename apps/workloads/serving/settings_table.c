/* Settings of modelops-serving. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "serving.h"

#define AT(field) offsetof(struct serving_cfg, field)

const struct mo_cfg serving_settings[] = {
	{ "SERVING_MODEL_DIR", MO_CFG_STR, AT(model_dir), "in",
		"Folder with model.json and features.json." },
	{ "SERVING_LISTEN", MO_CFG_STR, AT(listen), "unix:s",
		"Where to listen: unix:PATH or tcp:HOST:PORT (0 = a free port)." },
	{ "SERVING_MAX_CONCURRENCY", MO_CFG_INT, AT(max_concurrency), "4",
		"Requests running at once: at most this many, and of those that take a thread at "
		"most "
		"SERVING_THREADS; more wait.",
		1, 1024 },
	{ "SERVING_QUEUE_MAX", MO_CFG_INT, AT(queue_max), "64",
		"Requests that may wait; one more is answered 503.", 0, 65536 },
	{ "SERVING_DEADLINE", MO_CFG_DURATION, AT(deadline), "10s",
		"A request not answered this long after its head is answered 504; the header "
		"X-Deadline-Ms lowers it.",
		1000, MO_HOUR },
	{ "SERVING_MAX_ROWS", MO_CFG_INT, AT(max_rows), "10000",
		"Most instances in one request; past it 413.", 1, 10000000 },
	{ "SERVING_MAX_BODY", MO_CFG_SIZE, AT(max_body), "8m", "Largest request body; past it 413.",
		64, INT64_C(1) << 32 },
	{ "SERVING_MAX_REPLY", MO_CFG_SIZE, AT(max_reply), "32m",
		"Largest reply body; past it 413.", 1024, INT64_C(1) << 32 },
	{ "SERVING_THREADS", MO_CFG_INT, AT(threads), "1",
		"Threads for requests that take long, one request each; more of them wait. Short "
		"ones run on the loop.",
		1, 256 },
	{ "MODEL_VERSION", MO_CFG_STR, AT(model_version), "local",
		"Text put into every reply as model_version." },
	{ "INSTANCE_ID", MO_CFG_STR, AT(instance_id), NULL,
		"When set, requests must carry it in X-Instance-Id, and the secret in "
		"X-Instance-Secret; else 421." },
	{ "INSTANCE_SECRET", MO_CFG_SECRET, AT(instance_secret), NULL,
		"What X-Instance-Secret must hold." },
	{ "TENANT_ID", MO_CFG_STR, AT(tenant), NULL,
		"Tenant, for the log and as a label of every metric." },
	{ "PROJECT_ID", MO_CFG_STR, AT(project), NULL, "Project, for the log." },
	{ "DEPLOYMENT_ID", MO_CFG_STR, AT(deployment), NULL,
		"Deployment, for the log and as a label of every metric." },
	{ "LOG_LEVEL", MO_CFG_ENUM, AT(log_level), "info", "Least level logged.",
		.choices = "debug info warn error" },
	{ "LOG_FORMAT", MO_CFG_ENUM, AT(log_format), "kv", "Form of a log line.",
		.choices = "kv json" },
	HTTP_SETTINGS(AT(http)),
};

const size_t serving_settings_count = MO_COUNT(serving_settings);
