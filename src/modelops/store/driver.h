/* Inside the store: what a database driver does, and the transaction the nouns see. */
#ifndef MODELOPS_STORE_DRIVER_H
#define MODELOPS_STORE_DRIVER_H

#include "modelops/store/db.h"

struct db_conn; /* a driver's connection; one thread at a time */

struct db_row_ops {
	bool (*is_null)(const struct db_row *row, int col);
	int64_t (*integer)(const struct db_row *row, int col);
	double (*real)(const struct db_row *row, int col);
	const char *(*text)(const struct db_row *row, int col);
};

struct db_row {
	const struct db_row_ops *ops;
	void *handle;
	int index;
};

struct db_call {
	const char *sql;
	const struct db_arg *args;
	size_t nargs;
	int (*each)(const struct db_row *row, void *ctx, struct mo_err *err);
	void *ctx;
	int64_t changed; /* out */
};

/* Two implementations: sqlite.c and postgres.c. Failures map to mo_code: unique clash MO_ECONFLICT
 * (slug "unique_violation"), missing reference MO_ECONFLICT (slug "reference_violation"), full
 * MO_EFULL, serialisation or deadlock MO_EUNAVAIL (slug "retry_transaction"), past the statement
 * timeout or locked for that long MO_ETIMEOUT, everything else of the server or disk MO_EUNAVAIL.
 */
struct db_driver {
	const char *name;
	int (*open)(const struct store_cfg *cfg, bool readonly, struct db_conn **ret,
		struct mo_err *err);
	void (*close)(struct db_conn *conn);
	int (*begin)(struct db_conn *conn, bool write, struct mo_err *err);
	int (*commit)(struct db_conn *conn, struct mo_err *err);
	void (*rollback)(struct db_conn *conn);
	int (*run)(struct db_conn *conn, struct db_call *call, struct mo_err *err);
	int (*script)(struct db_conn *conn, const char *sql,
		struct mo_err *err);          /* several statements, no arguments */
	bool (*broken)(struct db_conn *conn); /* the connection cannot be used again */
	int (*now)(struct db_conn *conn, int64_t *ret, struct mo_err *err);
};

extern const struct db_driver db_sqlite, db_postgres;

struct store_tx {
	struct store *store;
	struct db_conn *conn;
	const struct db_driver *driver;
	int64_t now; /* 0: not asked yet */
	bool failed; /* the clock did not answer: the transaction must not commit */
	struct mo_err clock_err;
};

/* SQLite only: true when the statement before ended the whole transaction (disk full, I/O error).
 */
bool db_sqlite_lost_transaction(struct db_conn *conn);

/* SQLite only: how long statements wait for a locked database; 0: as long as one may take, 10 s at
 * most. */
void db_sqlite_patience(struct db_conn *conn, int64_t us);

/* SQLite only: rows changed on this connection since it was opened. */
int64_t db_sqlite_changes(struct db_conn *conn);

/* Text interned by the store for two pointers (table, tail); MAKE builds it on first use (caller
 * frees). */
const char *store_intern(
	struct store *s, const void *a, const void *b, char *(*make)(const void *a, const void *b));

/* The one interned copy of TEXT; NULL when memory is out. */
const char *store_intern_text(struct store *s, const char *text);

#endif
