/* What projects keep in the object store, as usage. */
#include "modelops/store/storage.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/db.h"

#define FROM_HOUR "coalesce(stored_until, created_at - created_at % 3600000000)"
#define SINCE     "CASE WHEN created_at < ?3 * 1000000 THEN ?3 ELSE (created_at + 999999) / 1000000 END"
#define UNTIL \
	"CASE WHEN deleted_at <= ?4 * 1000000 THEN (deleted_at + 999999) / 1000000 ELSE ?4 END"

struct list {
	struct storage_due *at;
	size_t n;
};

static int add(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct list *l = ctx;
	struct storage_due *due = &l->at[l->n];

	if (mo_str_copy(due->project_id, sizeof(due->project_id), db_text(row, 0)) < 0 ||
		mo_str_copy(due->tenant_id, sizeof(due->tenant_id), db_text(row, 1)) < 0)
		return mo_fail(err, MO_EINTERNAL, "'%.80s' is no id", db_text(row, 0));
	due->from = db_int(row, 2);
	l->n++;
	return 0;
}

int store_storage_due(struct store_tx *tx, int64_t hour, const char *after, int64_t limit,
	struct storage_due *ret, size_t *ret_n, struct mo_err *err)
{
	struct list l = { .at = ret };

	if (db_run(tx,
		    "SELECT id, tenant_id, " FROM_HOUR " FROM projects WHERE " FROM_HOUR
		    " < ?1 AND id > ?2 ORDER BY id LIMIT ?3",
		    DB_ARGS(DB_I(hour), DB_T(after), DB_I(limit)), add, &l, NULL, err) < 0)
		return -1;
	*ret_n = l.n;
	return 0;
}

int store_storage_next(struct store_tx *tx, const struct storage_due *due, int64_t from,
	int64_t hour, int64_t *ret, struct mo_err *err)
{
	int64_t first;

	if (db_int_of(tx,
		    "SELECT coalesce(min(created_at), ?4) FROM artifacts WHERE tenant_id = ?1 AND "
		    "project_id = ?2 AND state <> 'PENDING' AND (deleted_at IS NULL OR deleted_at "
		    "> ?3)",
		    DB_ARGS(DB_T(due->tenant_id), DB_T(due->project_id), DB_I(from), DB_I(hour)),
		    &first, err) < 0)
		return -1;
	first = mo_time_hour(first);
	*ret = first < from ? from : first < hour ? first : hour;
	return 0;
}

int store_storage_sum(struct store_tx *tx, const struct storage_due *due, int64_t from, int64_t to,
	int64_t *ret_kib_seconds, struct mo_err *err)
{
	/* Each artifact's span in whole seconds, cut to ?3..?4. */
	return db_int_of(tx,
		"SELECT coalesce(sum(((size + 1023) / 1024) * (" UNTIL " - " SINCE
		")), 0) FROM artifacts WHERE "
		"tenant_id = ?1 AND project_id = ?2 AND state <> 'PENDING' AND created_at <= ?4 * "
		"1000000 AND (deleted_at IS NULL OR deleted_at > ?3 * 1000000)",
		DB_ARGS(DB_T(due->tenant_id), DB_T(due->project_id), DB_I(from / MO_SECOND),
			DB_I(to / MO_SECOND)),
		ret_kib_seconds, err);
}

int store_storage_done(
	struct store_tx *tx, const struct storage_due *due, int64_t to, struct mo_err *err)
{
	int64_t changed;

	if (db_exec(tx,
		    "UPDATE projects SET stored_until = ?4 WHERE id = ?1 AND tenant_id = ?2 "
		    "AND " FROM_HOUR " = ?3",
		    DB_ARGS(DB_T(due->project_id), DB_T(due->tenant_id), DB_I(due->from), DB_I(to)),
		    &changed, err) < 0)
		return -1;
	return changed ? 0
		       : mo_fail(err, MO_ECONFLICT, "project '%s' was metered by somebody else",
				 due->project_id);
}
