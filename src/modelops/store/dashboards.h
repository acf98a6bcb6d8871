/* Dashboards. Rows without tenant (scope admin, built in) are seen by TENANT == NULL only. */
#ifndef MODELOPS_STORE_DASHBOARDS_H
#define MODELOPS_STORE_DASHBOARDS_H

#include "modelops/domain/dashboard.h"
#include "modelops/store/moves.h"

int store_dashboard_insert(struct store_tx *tx, const struct dashboard *row, struct mo_err *err);
int store_dashboard_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct dashboard **ret, struct mo_err *err);

/* SCOPE "admin" or "user", NULL: both. */
int store_dashboard_list(struct store_tx *tx, const char *tenant, const char *scope,
	const struct store_page *page, struct mo_arena *a, struct dashboard **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* Writes name, title, definition and updated_at; version + 1. MO_EPRECOND when it is not
 * row->version any more. */
int store_dashboard_update(
	struct store_tx *tx, const char *tenant, const struct dashboard *row, struct mo_err *err);

/* The built-in dashboard of that scope and name: inserted, or its title and definition made ROW's.
 */
int store_dashboard_builtin(struct store_tx *tx, const struct dashboard *row, struct mo_err *err);
int store_dashboard_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

#endif
