/* Tenants, projects, principals, role bindings. TENANT is a tenant id; NULL means all tenants
 * (platform admin lists, the controller, the agent). Rows and their strings are allocated in A;
 * another tenant's row is MO_ENOTFOUND. */
#ifndef MODELOPS_STORE_TENANTS_H
#define MODELOPS_STORE_TENANTS_H

#include "modelops/domain/principal.h"
#include "modelops/domain/project.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_tenant_insert(struct store_tx *tx, const struct tenant *t, struct mo_err *err);
int store_tenant_get(struct store_tx *tx, const char *id, struct mo_arena *a, struct tenant **ret,
	struct mo_err *err);
/* By id or by name. */
int store_tenant_find(struct store_tx *tx, const char *id_or_name, struct mo_arena *a,
	struct tenant **ret, struct mo_err *err);
int store_tenant_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct tenant **ret, size_t *ret_n, struct mo_err *err);
/* Every suspended tenant. */
int store_tenant_suspended(struct store_tx *tx, struct mo_arena *a, struct tenant **ret,
	size_t *ret_n, struct mo_err *err);
/* Writes name, state, price_plan_id and updated_at of T by its id. */
int store_tenant_update(struct store_tx *tx, const struct tenant *t, struct mo_err *err);
/* MO_ECONFLICT while the tenant still owns anything. */
int store_tenant_delete(struct store_tx *tx, const char *id, struct mo_err *err);

int store_project_insert(struct store_tx *tx, const struct project *p, struct mo_err *err);
int store_project_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct project **ret, struct mo_err *err);
/* By id, or by name within TENANT (a name needs a tenant). */
int store_project_find(struct store_tx *tx, const char *tenant, const char *id_or_name,
	struct mo_arena *a, struct project **ret, struct mo_err *err);
int store_project_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct project **ret, size_t *ret_n, struct mo_err *err);
int store_project_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

int store_principal_insert(struct store_tx *tx, const struct principal *p, struct mo_err *err);
int store_principal_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct principal **ret, struct mo_err *err);
int store_principal_find(struct store_tx *tx, const char *tenant, const char *id_or_name,
	struct mo_arena *a, struct principal **ret, struct mo_err *err);
int store_principal_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct principal **ret, size_t *ret_n, struct mo_err *err);
/* Its role bindings and API keys go with it. */
int store_principal_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

int store_role_binding_insert(
	struct store_tx *tx, const struct role_binding *b, struct mo_err *err);
int store_role_binding_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct role_binding **ret, struct mo_err *err);
/* PRINCIPAL NULL: all. */
int store_role_binding_list(struct store_tx *tx, const char *tenant, const char *principal,
	const struct store_page *page, struct mo_arena *a, struct role_binding **ret, size_t *ret_n,
	struct mo_err *err);
int store_role_binding_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

#endif
