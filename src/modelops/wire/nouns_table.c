/* Every noun of the API, in the order OpenAPI lists them. */
#include "modelops/wire/artifact.h"
#include "modelops/wire/billing.h"
#include "modelops/wire/dashboard.h"
#include "modelops/wire/deployment.h"
#include "modelops/wire/event.h"
#include "modelops/wire/model.h"
#include "modelops/wire/nouns.h"
#include "modelops/wire/pipeline.h"
#include "modelops/wire/pool.h"
#include "modelops/wire/run.h"
#include "modelops/wire/tenancy.h"
#include "modelops/wire/workload.h"

#include <stddef.h>

const struct wire_noun *const wire_nouns[] = {
	&wire_health,
	&wire_whoami,
	&wire_money,
	&wire_tenant,
	&wire_project,
	&wire_principal,
	&wire_role_binding,
	&wire_api_key,
	&wire_api_key_created,
	&wire_quota,
	&wire_quota_put,
	&wire_pool,
	&wire_capacity,
	&wire_allocation,
	&wire_artifact,
	&wire_pipeline,
	&wire_pipeline_version,
	&wire_pipeline_spec,
	&wire_spec_param,
	&wire_spec_step,
	&wire_pipeline_create,
	&wire_run,
	&wire_run_create,
	&wire_run_step,
	&wire_run_metric,
	&wire_register,
	&wire_training_job_create,
	&wire_model,
	&wire_model_version,
	&wire_model_alias,
	&wire_model_alias_put,
	&wire_deployment,
	&wire_deployment_spec,
	&wire_replicas,
	&wire_revision,
	&wire_instance,
	&wire_predict_request,
	&wire_predict_reply,
	&wire_explain_reply,
	&wire_usage_window,
	&wire_usage_row,
	&wire_usage,
	&wire_ledger_entry,
	&wire_ledger_check,
	&wire_price_rule,
	&wire_price_plan,
	&wire_invoice_line,
	&wire_invoice,
	&wire_invoice_short,
	&wire_cost,
	&wire_invoice_create,
	&wire_dashboard,
	&wire_event,
	&wire_audit,
	&wire_workload_input,
	&wire_workload_spec,
	&wire_progress,
	&wire_metric,
	&wire_metrics,
	&wire_output,
	&wire_output_link,
	&wire_ok,
	NULL,
};
