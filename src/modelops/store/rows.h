/* Inside the store: what every tenant-owned noun does alike. TENANT NULL means all tenants. */
#ifndef MODELOPS_STORE_ROWS_H
#define MODELOPS_STORE_ROWS_H

#include "modelops/base/id.h"
#include "modelops/store/db.h"

/* The row of T with ID. */
int db_get_owned(struct store_tx *tx, const struct db_table *t, const char *tenant, const char *id,
	struct mo_arena *a, void **ret, struct mo_err *err);

/* The row of T whose id or name (a column of T) is ID_OR_NAME. */
int db_find_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *id_or_name, struct mo_arena *a, void **ret, struct mo_err *err);

/* The row of T in PROJECT_ID whose id or, when REF does not look like one, whose name is REF. */
int db_find_in_project(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *project_id, const char *prefix, const char *ref, struct mo_arena *a, void **ret,
	struct mo_err *err);

/* One page, newest first. */
int db_page_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const struct store_page *page, struct mo_arena *a, void **ret, size_t *ret_n,
	struct mo_err *err);

/* One page of the rows whose COLUMN (a constant) is VALUE; VALUE NULL: all. */
int db_page_where(struct store_tx *tx, const struct db_table *t, const char *column,
	const char *value, const char *tenant, const struct store_page *page, struct mo_arena *a,
	void **ret, size_t *ret_n, struct mo_err *err);

/* An equality that holds when VALUE is not NULL. COLUMN is a constant. */
struct db_filter {
	const char *column, *value;
};

/* " AND column = ?N" for each of the COUNT filters that has a value, which is added to ARGS at *n.
 * NULL when memory is out. */
const char *db_filters(struct store_tx *tx, const struct db_filter *filters, size_t count,
	struct db_arg *args, size_t *n, struct mo_err *err);

/* The ids that SQL, which must end in a LIMIT of at most MAX, selects. */
int db_ids(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	char (*ret)[MO_ID_MAX], size_t max, size_t *ret_n, struct mo_err *err);

int db_delete_owned(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *id, struct mo_err *err);

/* Runs an UPDATE that must hit one row: MO_ENOTFOUND "no NOUN 'KEY'" when it hits none. */
int db_exec_one(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	const char *noun, const char *key, struct mo_err *err);

/* Same for a DELETE; a row that others refer to is MO_ECONFLICT (slug in_use). */
int db_delete(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	const char *noun, const char *key, struct mo_err *err);

#endif
