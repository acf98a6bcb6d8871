/* The names of every enumeration that is not a lifecycle. */
#include "modelops/base/check.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/artifact.h"
#include "modelops/domain/dashboard.h"
#include "modelops/domain/pipeline_spec.h"
#include "modelops/domain/pool.h"
#include "modelops/domain/principal.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/domain/tenant.h"
#include "modelops/domain/usage.h"

#include <stddef.h>

#define ENUM_NAMES(var, text, ...) \
	static const char *const var##_text[] = { __VA_ARGS__ }; \
	const struct enum_names var = { text, var##_text, MO_COUNT(var##_text) }

ENUM_NAMES(tenant_states, "tenant state", "ACTIVE", "SUSPENDED");
ENUM_NAMES(principal_kinds, "principal kind", "user", "service_account");
ENUM_NAMES(pool_modes, "pool mode", "MIG", "TIME_SLICE", "MPS", "EXCLUSIVE", "CPU");
ENUM_NAMES(mig_strategies, "mig strategy", NULL, "mixed", "single");
ENUM_NAMES(alloc_owners, "allocation owner", "step", "instance");
ENUM_NAMES(alloc_reasons, "release reason", NULL, "completed", "failed", "cancelled", "platform",
	"timeout");
ENUM_NAMES(artifact_kinds, "artifact kind", "dataset", "model", "output", "report");
ENUM_NAMES(artifact_states, "artifact state", "PENDING", "READY", "DELETED");
ENUM_NAMES(run_kinds, "run kind", "pipeline", "training_job");
ENUM_NAMES(step_kinds, "step kind", "train", "evaluate", "register", "deploy");
ENUM_NAMES(step_devices, "device", "cpu", "cuda");
ENUM_NAMES(dashboard_scopes, "dashboard scope", "admin", "user");
ENUM_NAMES(usage_sources, "usage source", "allocation", "gateway", "storage", "credit");
ENUM_NAMES(param_types, "parameter type", "string", "int", "number", "bool", "artifact", "pool");
