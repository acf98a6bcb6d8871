/* SQLite driver: WAL, synchronous=FULL, statements prepared once per connection. */
#include "modelops/store/driver.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/time.h"
#include "modelops/store/statements.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* A look at the clock every so many steps of SQLite's machine: short statements need none. */
enum { STEPS = 1000 };

/* With a locked file: who waits may hold the writers' turn of all processes. */
#define PATIENCE_MAX (10 * MO_SECOND)

struct db_conn {
	sqlite3 *db;
	struct statements statements; /* handle: sqlite3_stmt */
	int64_t timeout;              /* of one statement; 0: none */
	int64_t deadline;             /* of the one that runs now; 0: not looked at the clock yet */
	int64_t patience;             /* with a locked database */
	bool timed;                   /* what runs now has a deadline */
};

static int fail(struct db_conn *c, int rc, const char *what, struct mo_err *err)
{
	const char *text = sqlite3_errmsg(c->db);

	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		mo_fail(err, MO_ECONFLICT, "%s", text);
		if (sqlite3_extended_errcode(c->db) == SQLITE_CONSTRAINT_FOREIGNKEY)
			return mo_advise(err, "reference_violation", NULL);
		if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY)
			return mo_advise(err, "unique_violation", NULL);
		return mo_fail(err, MO_EINTERNAL, "%s: %s", what, text);
	case SQLITE_BUSY:
		return mo_fail(err, MO_ETIMEOUT, "SQLite: the database was locked for %lld ms",
			(long long)(c->patience / 1000));
	case SQLITE_INTERRUPT:
		return mo_fail(err, MO_ETIMEOUT, "SQLite: a statement took longer than %lld ms",
			(long long)(c->timeout / 1000));
	case SQLITE_FULL:
		return mo_fail(err, MO_EFULL, "the database's disk is full");
	case SQLITE_NOMEM:
		return mo_fail(err, MO_ENOMEM, "SQLite: out of memory");
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return mo_fail(err, MO_EINTERNAL, "%s: %s", what, text);
	default:
		return mo_fail(err, MO_EUNAVAIL, "SQLite: %s", text);
	}
}

static int script(struct db_conn *c, const char *sql, struct mo_err *err)
{
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(c, rc, "script", err);
}

static void forget(struct db_conn *c, struct statement *st)
{
	sqlite3_finalize(st->handle);
	statements_remove(&c->statements, st);
}

static void conn_close(struct db_conn *c)
{
	struct statement *st;

	while ((st = statements_oldest(&c->statements)))
		forget(c, st);
	statements_free(&c->statements);
	sqlite3_close(c->db);
	free(c);
}

void db_sqlite_patience(struct db_conn *c, int64_t us)
{
	int64_t most = c->timeout && c->timeout < PATIENCE_MAX ? c->timeout : PATIENCE_MAX;

	c->patience = us ? us : most;
	sqlite3_busy_timeout(c->db, (int)(c->patience / 1000));
}

/* Not 0: the statement ends with SQLITE_INTERRUPT. */
static int past_deadline(void *ctx)
{
	struct db_conn *c = ctx;
	int64_t now = mo_mono();

	if (c->deadline == 0)
		c->deadline = now + c->timeout;
	return c->timed && now > c->deadline;
}

static void set_limits(struct db_conn *c, const struct store_cfg *cfg)
{
	c->timeout = cfg->statement_timeout_us;
	db_sqlite_patience(c, 0);
	if (c->timeout)
		sqlite3_progress_handler(c->db, STEPS, past_deadline, c);
}

static int setup(struct db_conn *c, bool readonly, struct mo_err *err)
{
	sqlite3_extended_result_codes(c->db, 1);
	if (!readonly &&
		script(c, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;", err) < 0)
		return -1;
	return script(c,
		"PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
		"PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2000;",
		err);
}

/* SQLite's own memory accounting takes a process-wide lock on every allocation; nothing here reads
 * it. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int conn_open(
	const struct store_cfg *cfg, bool readonly, struct db_conn **ret, struct mo_err *err)
{
	const char *path = cfg->url + strlen("sqlite:");
	struct db_conn *c = calloc(1, sizeof(*c));
	int flags = SQLITE_OPEN_NOMUTEX |
		    (readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure);
	if (!c)
		return mo_fail(err, MO_ENOMEM, "database connection");
	statements_init(&c->statements);
	int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
	if (rc != SQLITE_OK) {
		mo_fail(err, MO_EUNAVAIL, "cannot open database '%s': %s", path,
			c->db ? sqlite3_errmsg(c->db) : "out of memory");
		conn_close(c);
		return -1;
	}
	set_limits(c, cfg);
	if (setup(c, readonly, err) < 0) {
		conn_close(c);
		return -1;
	}
	*ret = c;
	return 0;
}

static int begin(struct db_conn *c, bool write, struct mo_err *err)
{
	return script(c, write ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static int commit(struct db_conn *c, struct mo_err *err)
{
	if (mo_fault("store.commit"))
		return mo_fail(err, MO_EUNAVAIL, "SQLite: injected failure of COMMIT");
	if (script(c, "COMMIT", err) < 0)
		return -1;
	(void)mo_fault("store.committed"); /* tests kill here: durable, not yet answered */
	return 0;
}

static void rollback(struct db_conn *c)
{
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

bool db_sqlite_lost_transaction(struct db_conn *c)
{
	return sqlite3_get_autocommit(c->db);
}

int64_t db_sqlite_changes(struct db_conn *c)
{
	return sqlite3_total_changes64(c->db);
}

static int prepare(struct db_conn *c, const char *sql, sqlite3_stmt **ret, struct mo_err *err)
{
	struct statement *known = statements_get(&c->statements, sql);
	sqlite3_stmt *st = NULL;

	if (known) {
		*ret = known->handle;
		return 0;
	}
	int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc != SQLITE_OK)
		return fail(c, rc, sql, err);
	struct statement *old = statements_full(&c->statements);
	if (old)
		forget(c, old);
	known = statements_add(&c->statements, sql);
	if (!known) {
		sqlite3_finalize(st);
		return mo_fail(err, MO_ENOMEM, "statement cache");
	}
	known->handle = st;
	*ret = st;
	return 0;
}

static int bind(sqlite3_stmt *st, const struct db_arg *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct db_arg *a = &args[i];
		int at = (int)i + 1, rc;
		if (a->type == DB_TEXT)
			rc = a->text ? sqlite3_bind_text(st, at, a->text, -1, SQLITE_STATIC)
				     : sqlite3_bind_null(st, at);
		else if (a->type == DB_REAL)
			rc = sqlite3_bind_double(st, at, a->d);
		else if (a->type == DB_TIME && a->i == 0)
			rc = sqlite3_bind_null(st, at);
		else
			rc = sqlite3_bind_int64(st, at, a->i);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static bool row_null(const struct db_row *row, int col)
{
	return sqlite3_column_type(row->handle, col) == SQLITE_NULL;
}

static int64_t row_int(const struct db_row *row, int col)
{
	return sqlite3_column_int64(row->handle, col);
}

static double row_real(const struct db_row *row, int col)
{
	return sqlite3_column_double(row->handle, col);
}

static const char *row_text(const struct db_row *row, int col)
{
	return (const char *)sqlite3_column_text(row->handle, col);
}

static const struct db_row_ops row_ops = { row_null, row_int, row_real, row_text };

static int run(struct db_conn *c, struct db_call *call, struct mo_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc, failed = 0;

	if (mo_fault("store.sql"))
		return mo_fail(err, MO_EUNAVAIL, "SQLite: injected failure");
	if (prepare(c, call->sql, &st, err) < 0)
		return -1;
	rc = bind(st, call->args, call->nargs);
	c->deadline = 0;
	c->timed = true;
	if (rc == SQLITE_OK) {
		struct db_row row = { &row_ops, st, 0 };
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && !failed)
			failed = call->each && call->each(&row, call->ctx, err) < 0;
	}
	c->timed = false;
	if (rc == SQLITE_DONE)
		call->changed = sqlite3_changes64(c->db);
	else if (!failed)
		failed = fail(c, rc, call->sql, err) < 0;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return failed ? -1 : 0;
}

static bool broken(struct db_conn *c)
{
	(void)c;
	return false;
}

static int now(struct db_conn *c, int64_t *ret, struct mo_err *err)
{
	(void)c;
	(void)err;
	*ret = mo_now();
	return 0;
}

const struct db_driver db_sqlite = { "sqlite", conn_open, conn_close, begin, commit, rollback, run,
	script, broken, now };
