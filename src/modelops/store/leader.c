/* Leadership: one row per role, judged by the database's clock. */
#include "modelops/store/db.h"

#include "modelops/base/str.h"

struct leader {
	const char *holder;
	int64_t epoch, expires_at;
	bool found, mine;
	const char *me;
};

static int take(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct leader *l = ctx;

	(void)err;
	l->found = true;
	l->mine = mo_streq(db_text(row, 0), l->me);
	l->epoch = db_int(row, 1);
	l->expires_at = db_int(row, 2);
	return 0;
}

static int find(struct store_tx *tx, const char *role, struct leader *l, struct mo_err *err)
{
	return db_run(tx, "SELECT holder, epoch, expires_at FROM leaders WHERE role = ?1",
		DB_ARGS(DB_T(role)), take, l, NULL, err);
}

int store_leader_take(struct store_tx *tx, const char *role, const char *holder, int64_t lease_us,
	int64_t *ret_epoch, struct mo_err *err)
{
	struct leader l = { .me = holder };

	if (db_lock(tx, "leaders", err) < 0 || find(tx, role, &l, err) < 0)
		return -1;
	int64_t now = store_now(tx);
	if (l.found && !l.mine && l.expires_at > now)
		return mo_fail(err, MO_ECONFLICT, "another process leads '%s'", role);
	int64_t epoch = l.found ? l.epoch + !(l.mine && l.expires_at > now) : 1;
	if (db_exec(tx,
		    "INSERT INTO leaders (role, holder, epoch, expires_at) VALUES (?1, ?2, ?3, ?4) "
		    "ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, epoch = "
		    "excluded.epoch, "
		    "expires_at = excluded.expires_at",
		    DB_ARGS(DB_T(role), DB_T(holder), DB_I(epoch), DB_I(now + lease_us)), NULL,
		    err) < 0)
		return -1;
	*ret_epoch = epoch;
	return 0;
}

int store_leader_check(struct store_tx *tx, const char *role, int64_t epoch, struct mo_err *err)
{
	int64_t held;
	const char *sql =
		db_is_sqlite(tx)
			? "SELECT epoch FROM leaders WHERE role = ?1 AND expires_at > ?2"
			: "SELECT epoch FROM leaders WHERE role = ?1 AND expires_at > ?2 FOR SHARE";

	if (db_int_of(tx, sql, DB_ARGS(DB_T(role), DB_I(store_now(tx))), &held, err) < 0)
		return -1;
	if (held != epoch)
		return mo_fail(err, MO_EPRECOND, "no longer leading '%s': epoch %lld, now %lld",
			role, (long long)epoch, (long long)held);
	return 0;
}

int store_leader_drop(struct store_tx *tx, const char *role, const char *holder, struct mo_err *err)
{
	return db_exec(tx, "UPDATE leaders SET expires_at = 0 WHERE role = ?1 AND holder = ?2",
		DB_ARGS(DB_T(role), DB_T(holder)), NULL, err);
}
