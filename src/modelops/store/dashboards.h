/* Dashboards: built in (tenant_id NULL) and tenants' own. */
#ifndef MODELOPS_STORE_DASHBOARDS_H
#define MODELOPS_STORE_DASHBOARDS_H

#include "modelops/domain/dashboard.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_dashboard_insert(struct store_tx *tx, const struct dashboard *d, struct mo_err *err);

/* What a caller may see: the dashboards of TENANT (NULL: of all), and those without a tenant that
 * are of scope user, or of any scope when ADMIN. */
struct dashboard_filter {
	const char *tenant;
	bool admin;
	int scope; /* enum dashboard_scope, or -1 for both */
};
int store_dashboard_get(struct store_tx *tx, const struct dashboard_filter *f, const char *id,
	struct mo_arena *a, struct dashboard **ret, struct mo_err *err);
int store_dashboard_list(struct store_tx *tx, const struct dashboard_filter *f,
	const struct store_page *page, struct mo_arena *a, struct dashboard **ret, size_t *ret_n,
	struct mo_err *err);
/* Writes name, title, definition and updated_at of D when its version is still D->version, which
 * grows by one; MO_EPRECOND when it is not, or when it is not D->tenant_id's. Built-in ones are
 * MO_EDENIED. */
int store_dashboard_update(struct store_tx *tx, const struct dashboard *d, struct mo_err *err);
/* TENANT is the owner's, NULL for one that no tenant owns. */
int store_dashboard_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);
/* Makes the built-in dashboard of scope and name be D (id, tenant_id NULL): inserted, or replaced
 * when its definition differs. */
int store_dashboard_seed(struct store_tx *tx, const struct dashboard *d, struct mo_err *err);

#endif
