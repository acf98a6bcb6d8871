/* Columns of runs, models and deployments; names and order are the schema's and the structs'. */
#include "modelops/domain/deployment.h"
#include "modelops/domain/model.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/store/work_tables.h"

#define C(f, type)   DB_COL(ROW, f, DB_##type)
#define E(f, values) DB_COL_ENUM(ROW, f, values)

#define ROW run
static const struct db_col runs[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(project_id, TEXT),
	C(name, TEXT),
	E(kind, run_kinds),
	C(pipeline_id, TEXT),
	C(pipeline_version, INT),
	C(params, TEXT),
	C(spec, TEXT),
	E(state, run_states.names),
	C(reason, TEXT),
	C(cancel_requested, BOOL),
	C(created_by, TEXT),
	C(created_at, TIME),
	C(started_at, TIME),
	C(finished_at, TIME),
	C(waiting_since, TIME),
	C(waited_us, INT),
	C(max_runtime_s, INT),
};
const struct db_table db_runs = DB_TABLE("runs", "run", run, runs);
#undef ROW

#define ROW run_step
static const struct db_col run_steps[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(project_id, TEXT),
	C(run_id, TEXT),
	C(idx, INT),
	C(name, TEXT),
	E(kind, step_kinds),
	C(needs, TEXT),
	E(state, step_states.names),
	C(pool_id, TEXT),
	C(any_of, TEXT),
	C(shares, INT),
	E(device, step_devices),
	C(attempt, INT),
	C(attempt_id, TEXT),
	C(max_attempts, INT),
	C(lost_attempts, INT),
	C(max_runtime_s, INT),
	C(not_before, TIME),
	C(reason, TEXT),
	C(detail, TEXT),
	C(progress_ppm, INT),
	C(eta_s, INT),
	C(created_at, TIME),
	C(queued_at, TIME),
	C(started_at, TIME),
	C(finished_at, TIME),
	C(inputs, TEXT),
	C(outputs, TEXT),
	C(device_used, TEXT),
};
const struct db_table db_run_steps = DB_TABLE("run_steps", "step", run_step, run_steps);
#undef ROW

#define ROW run_metric
static const struct db_col run_metrics[] = {
	C(run_id, TEXT),
	C(step, TEXT),
	C(key, TEXT),
	C(iteration, INT),
	C(tenant_id, TEXT),
	C(value, REAL),
	C(at, TIME),
};
const struct db_table db_run_metrics = DB_TABLE("run_metrics", "metric", run_metric, run_metrics);
#undef ROW

#define ROW run_log
static const struct db_col run_logs[] = {
	C(attempt_id, TEXT),
	C(chunk, INT),
	C(tenant_id, TEXT),
	C(run_id, TEXT),
	C(step_id, TEXT),
	C(object_key, TEXT),
	C(size, INT),
	C(at, TIME),
};
const struct db_table db_run_logs = DB_TABLE("run_logs", "log chunk", run_log, run_logs);
#undef ROW

#define ROW model
static const struct db_col models[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(project_id, TEXT),
	C(name, TEXT),
	C(created_at, TIME),
};
const struct db_table db_models = DB_TABLE("models", "model", model, models);
#undef ROW

#define ROW model_version
static const struct db_col model_versions[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(project_id, TEXT),
	C(model_id, TEXT),
	C(version, INT),
	E(state, model_version_states.names),
	C(object_prefix, TEXT),
	C(manifest_sha256, TEXT),
	C(size, INT),
	C(metrics, TEXT),
	C(signature, TEXT),
	C(framework, TEXT),
	C(run_id, TEXT),
	C(step, TEXT),
	C(dataset_artifact_id, TEXT),
	C(dataset_sha256, TEXT),
	C(created_at, TIME),
};
const struct db_table db_model_versions =
	DB_TABLE("model_versions", "model version", model_version, model_versions);
#undef ROW

#define ROW model_alias
static const struct db_col model_aliases[] = {
	C(model_id, TEXT),
	C(alias, TEXT),
	C(tenant_id, TEXT),
	C(version, INT),
	C(created_at, TIME),
};
const struct db_table db_model_aliases =
	DB_TABLE("model_aliases", "alias", model_alias, model_aliases);
#undef ROW

#define ROW deployment
static const struct db_col deployments[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(project_id, TEXT),
	C(name, TEXT),
	E(state, deployment_states.names),
	C(reason, TEXT),
	C(spec, TEXT),
	C(generation, INT),
	C(current_revision_id, TEXT),
	C(created_at, TIME),
	C(updated_at, TIME),
};
const struct db_table db_deployments =
	DB_TABLE("deployments", "deployment", deployment, deployments);
#undef ROW

#define ROW revision
static const struct db_col revisions[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(deployment_id, TEXT),
	C(number, INT),
	C(model_version_id, TEXT),
	C(spec, TEXT),
	C(replicas, INT),
	C(concurrency, INT),
	C(pool_id, TEXT),
	C(shares, INT),
	E(state, revision_states.names),
	C(weight, INT),
	C(created_at, TIME),
};
const struct db_table db_revisions = DB_TABLE("revisions", "revision", revision, revisions);
#undef ROW

#define ROW instance
static const struct db_col instances[] = {
	C(id, TEXT),
	C(tenant_id, TEXT),
	C(deployment_id, TEXT),
	C(revision_id, TEXT),
	C(idx, INT),
	E(state, instance_states.names),
	C(address, TEXT),
	C(restarts, INT),
	C(reason, TEXT),
	C(created_at, TIME),
	C(started_at, TIME),
	C(ready_at, TIME),
	C(not_before, TIME),
};
const struct db_table db_instances = DB_TABLE("instances", "instance", instance, instances);
