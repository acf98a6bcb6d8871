/* What the gateway needs to know of a deployment. */
#include "modelops/store/endpoints.h"

#include "modelops/store/db.h"

static const struct db_col head_cols[] = {
	DB_COL(endpoint_head, id, DB_TEXT),
	DB_COL(endpoint_head, tenant_id, DB_TEXT),
	DB_COL(endpoint_head, project_id, DB_TEXT),
	DB_COL(endpoint_head, state, DB_TEXT),
};
static const struct db_table heads =
	DB_TABLE("deployments", "deployment", endpoint_head, head_cols);

static const struct db_col row_cols[] = {
	DB_COL(endpoint_row, id, DB_TEXT),
	DB_COL(endpoint_row, address, DB_TEXT),
	DB_COL(endpoint_row, weight, DB_INT),
};
static const struct db_table rows = DB_TABLE("(SELECT i.id, i.address, r.weight FROM instances i "
					     "JOIN revisions r ON r.id = i.revision_id "
					     "WHERE i.deployment_id = ?1 AND i.state = 'READY' AND "
					     "i.address IS NOT NULL AND r.weight > 0) e",
	"instance", endpoint_row, row_cols);

int store_endpoint(struct store_tx *tx, const char *deployment, struct mo_arena *a,
	struct endpoint_head **ret_head, struct endpoint_row **ret_rows, size_t *ret_n,
	struct mo_err *err)
{
	size_t n;

	if (db_list(tx, &heads, "WHERE id = ?1 AND state <> 'DELETING'", DB_ARGS(DB_T(deployment)),
		    a, (void **)ret_head, &n, err) < 0)
		return -1;
	return db_list(tx, &rows, "ORDER BY id", DB_ARGS(DB_T(deployment)), a, (void **)ret_rows,
		ret_n, err);
}
