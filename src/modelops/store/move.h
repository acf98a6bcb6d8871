/* Inside the store: state moves and updates of columns, and filters of lists, made from column
 * tables. */
#ifndef MODELOPS_STORE_MOVE_H
#define MODELOPS_STORE_MOVE_H

#include "modelops/store/db.h"
#include "modelops/store/moves.h"

/* UPDATE T SET state = TO, SETS WHERE id, tenant (NULL: any) and the states that may move to TO. */
int db_move(struct store_tx *tx, const struct db_table *t, const struct state_table *states,
	const char *tenant, const char *id, int to, const struct store_set *sets, size_t nsets,
	bool *ret_moved, struct mo_err *err);

/* UPDATE T SET SETS WHERE id and tenant. MO_ENOTFOUND. NSETS > 0. */
int db_set(struct store_tx *tx, const struct db_table *t, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err);

/* Tells followers: noun NOUN, id and tenant from columns ID_COLUMN and tenant_id of row ID of T. */
int db_tell(struct store_tx *tx, const struct db_table *t, const char *id, const char *noun,
	const char *id_column, struct mo_err *err);

/* Conditions of a list, put together one by one; a NULL value adds nothing. */
enum { DB_WHERE_ARGS = 10 };
struct db_where {
	char sql[512];
	struct db_arg args[DB_WHERE_ARGS];
	size_t n;
};
void db_where_text(struct db_where *w, const char *condition, const char *value);
void db_where_int(struct db_where *w, const char *condition, int64_t value);

/* db_list with these conditions and TAIL ("ORDER BY ..."). db_list_page: at most LIMIT rows. */
int db_list_page(struct store_tx *tx, const struct db_table *t, struct db_where *w,
	const char *tail, int64_t limit, struct mo_arena *a, void **ret, size_t *ret_n,
	struct mo_err *err);
int db_list_where(struct store_tx *tx, const struct db_table *t, const struct db_where *w,
	const char *tail, struct mo_arena *a, void **ret, size_t *ret_n, struct mo_err *err);

#endif
