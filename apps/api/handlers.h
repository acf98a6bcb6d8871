/* The handlers of the route table, one file per noun: *_routes.c. Each answers by req_answer... and
 * returns 0, or fails. */
#ifndef MODELOPS_API_HANDLERS_H
#define MODELOPS_API_HANDLERS_H

#include "request.h"

int health_live(struct api_req *r, struct mo_err *err);
int health_readyz(struct api_req *r, struct mo_err *err);
int openapi_document(struct api_req *r, struct mo_err *err);
int docs_page(struct api_req *r, struct mo_err *err);
int docs_file(struct api_req *r, struct mo_err *err);
int metrics_text(struct api_req *r, struct mo_err *err);
int whoami_get(struct api_req *r, struct mo_err *err);
int tenant_list(struct api_req *r, struct mo_err *err);
int tenant_create(struct api_req *r, struct mo_err *err);
int tenant_get(struct api_req *r, struct mo_err *err);
int tenant_patch(struct api_req *r, struct mo_err *err);
int tenant_delete(struct api_req *r, struct mo_err *err);
int project_list(struct api_req *r, struct mo_err *err);
int project_create(struct api_req *r, struct mo_err *err);
int project_get(struct api_req *r, struct mo_err *err);
int project_delete(struct api_req *r, struct mo_err *err);
int principal_list(struct api_req *r, struct mo_err *err);
int principal_create(struct api_req *r, struct mo_err *err);
int principal_delete(struct api_req *r, struct mo_err *err);
int role_binding_list(struct api_req *r, struct mo_err *err);
int role_binding_create(struct api_req *r, struct mo_err *err);
int role_binding_delete(struct api_req *r, struct mo_err *err);
int api_key_list(struct api_req *r, struct mo_err *err);
int api_key_create(struct api_req *r, struct mo_err *err);
int api_key_get(struct api_req *r, struct mo_err *err);
int api_key_revoke(struct api_req *r, struct mo_err *err);
int quota_list(struct api_req *r, struct mo_err *err);
int quota_put(struct api_req *r, struct mo_err *err);
int quota_delete(struct api_req *r, struct mo_err *err);
int pool_list(struct api_req *r, struct mo_err *err);
int pool_create(struct api_req *r, struct mo_err *err);
int pool_get(struct api_req *r, struct mo_err *err);
int pool_patch(struct api_req *r, struct mo_err *err);
int pool_delete(struct api_req *r, struct mo_err *err);
int pool_capacity(struct api_req *r, struct mo_err *err);
int allocation_list(struct api_req *r, struct mo_err *err);
int artifact_list(struct api_req *r, struct mo_err *err);
int artifact_upload(struct api_req *r, struct mo_err *err);
int artifact_get(struct api_req *r, struct mo_err *err);
int artifact_delete(struct api_req *r, struct mo_err *err);
int artifact_content(struct api_req *r, struct mo_err *err);
int pipeline_list(struct api_req *r, struct mo_err *err);
int pipeline_create(struct api_req *r, struct mo_err *err);
int pipeline_get(struct api_req *r, struct mo_err *err);
int pipeline_delete(struct api_req *r, struct mo_err *err);
int pipeline_version_list(struct api_req *r, struct mo_err *err);
int pipeline_version_create(struct api_req *r, struct mo_err *err);
int pipeline_version_get(struct api_req *r, struct mo_err *err);
int run_list(struct api_req *r, struct mo_err *err);
int run_create(struct api_req *r, struct mo_err *err);
int run_get(struct api_req *r, struct mo_err *err);
int run_cancel(struct api_req *r, struct mo_err *err);
int run_step_list(struct api_req *r, struct mo_err *err);
int run_event_list(struct api_req *r, struct mo_err *err);
int run_metric_list(struct api_req *r, struct mo_err *err);
int run_logs(struct api_req *r, struct mo_err *err);
int job_list(struct api_req *r, struct mo_err *err);
int job_create(struct api_req *r, struct mo_err *err);
int job_get(struct api_req *r, struct mo_err *err);
int job_cancel(struct api_req *r, struct mo_err *err);
int model_list(struct api_req *r, struct mo_err *err);
int model_get(struct api_req *r, struct mo_err *err);
int model_version_list(struct api_req *r, struct mo_err *err);
int model_version_get(struct api_req *r, struct mo_err *err);
int model_alias_list(struct api_req *r, struct mo_err *err);
int model_alias_put(struct api_req *r, struct mo_err *err);
int model_alias_delete(struct api_req *r, struct mo_err *err);
int deployment_list(struct api_req *r, struct mo_err *err);
int deployment_create(struct api_req *r, struct mo_err *err);
int deployment_get(struct api_req *r, struct mo_err *err);
int deployment_patch(struct api_req *r, struct mo_err *err);
int deployment_delete(struct api_req *r, struct mo_err *err);
int revision_list(struct api_req *r, struct mo_err *err);
int instance_list(struct api_req *r, struct mo_err *err);
int deployment_event_list(struct api_req *r, struct mo_err *err);
int gateway_predict(struct api_req *r, struct mo_err *err);
int gateway_explain(struct api_req *r, struct mo_err *err);
int usage_get(struct api_req *r, struct mo_err *err);
int ledger_list(struct api_req *r, struct mo_err *err);
int ledger_verify_get(struct api_req *r, struct mo_err *err);
int cost_get(struct api_req *r, struct mo_err *err);
int price_plan_list(struct api_req *r, struct mo_err *err);
int price_plan_create(struct api_req *r, struct mo_err *err);
int price_plan_get(struct api_req *r, struct mo_err *err);
int invoice_list(struct api_req *r, struct mo_err *err);
int invoice_create(struct api_req *r, struct mo_err *err);
int invoice_get(struct api_req *r, struct mo_err *err);
int invoice_issue(struct api_req *r, struct mo_err *err);
int invoice_void(struct api_req *r, struct mo_err *err);
int dashboard_list(struct api_req *r, struct mo_err *err);
int dashboard_create(struct api_req *r, struct mo_err *err);
int dashboard_get(struct api_req *r, struct mo_err *err);
int dashboard_put(struct api_req *r, struct mo_err *err);
int dashboard_delete(struct api_req *r, struct mo_err *err);
int dashboard_export(struct api_req *r, struct mo_err *err);
int audit_list(struct api_req *r, struct mo_err *err);
int event_list(struct api_req *r, struct mo_err *err);
int workload_spec(struct api_req *r, struct mo_err *err);
int workload_progress(struct api_req *r, struct mo_err *err);
int workload_metrics(struct api_req *r, struct mo_err *err);
int workload_logs(struct api_req *r, struct mo_err *err);
int workload_outputs(struct api_req *r, struct mo_err *err);
/* The link of a blob route: who has it may. */
int blob_verify(struct api_req *r, struct mo_err *err);
int blob_get(struct api_req *r, struct mo_err *err);
int blob_put(struct api_req *r, struct mo_err *err);

/* Shared by principals and keys: NAME is a role that this caller may give. MO_EFIELD "role". */
int deployment_room(struct api_req *r, struct store_tx *tx, const char *tenant, struct mo_err *err);
int role_grantable(const struct api_req *r, const char *name, struct mo_err *err);

#endif
