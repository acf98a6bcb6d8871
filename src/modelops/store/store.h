/* The store: one handle per process over SQLite or Postgres. All work is a function given a
 * transaction. */
#ifndef MODELOPS_STORE_STORE_H
#define MODELOPS_STORE_STORE_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/base/list.h"
#include "modelops/obs/obs.h"

#include <stdbool.h>
#include <stdint.h>

struct store;
struct store_tx; /* one transaction or read session; belongs to the thread that runs the function */

struct store_cfg {
	const char *url;      /* "sqlite:/path/modelops.db" or "postgres://..." */
	const char *data_dir; /* SQLite: holds writer.lock; NULL: the database's folder */
	int64_t readers;      /* connections for reads (Postgres: for everything) */
	int64_t queue_max; /* SQLite: most writes waiting for the writer thread; past it MO_EUNAVAIL
			    */
	int64_t statement_timeout_us; /* of one statement, waits for locks included: MO_ETIMEOUT; 0:
					 none. SQLite waits for a locked file 10 s at most */
	struct obs *obs;              /* may be NULL */
	bool any_schema;              /* modelops-admin only: do not check the schema version */
};

/* Opens the database. Refuses a schema version this build does not know (MO_EUNAVAIL, slug
 * schema_unknown). */
int store_open(const struct store_cfg *cfg, struct store **ret, struct mo_err *err);

/* Waits for queued writes. Accepts NULL. */
void store_close(struct store *s);

bool store_is_sqlite(const struct store *s);

/* Runs FN in a write transaction and returns after it is durable. FN may run more than once (a
 * batch or serialisation retry), so all its effects go through TX or are set anew each time. FN's
 * failure rolls back what it did. Any thread but a loop's. */
int store_write(struct store *s, int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err);

/* Work whose writes ride in one of the writer's commits without a thread that waits for it.
 * Embedded by its owner, zeroed, kept until DONE. */
struct store_job {
	/* On the writer's thread, inside an open batch: store_write calls made here join it (each
	 * undone alone when it fails). May be called again when the batch has to run again, so its
	 * other effects are set anew each time. Must not block: everybody's writes wait. */
	int (*run)(struct store_job *job, struct mo_err *err);
	/* After the batch is durable, with RUN's result and error; or -1 and why when its commit
	 * failed. Last use of JOB. */
	void (*done)(struct store_job *job, int rc, struct mo_err *err);
	struct mo_list node; /* private from here */
	struct mo_err err;
	int rc;
};

/* Queues JOB; MO_EUNAVAIL when the queue is full. SQLite only (see store_is_sqlite): elsewhere use
 * a worker and store_write. Any thread, does not wait. */
int store_submit(struct store *s, struct store_job *job, struct mo_err *err);

/* Runs FN in a read-only session that sees one snapshot. Any thread but a loop's. */
int store_read(struct store *s, int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err),
	void *ctx, struct mo_err *err);

/* A private read-only connection for one event loop: bounded primary-key reads only. SQLite only
 * (MO_EINVAL else). */
struct store_reader;
int store_reader_open(struct store *s, struct store_reader **ret, struct mo_err *err);
int store_reader_run(struct store_reader *r,
	int (*fn)(struct store_tx *tx, void *ctx, struct mo_err *err), void *ctx,
	struct mo_err *err);
void store_reader_close(struct store_reader *r); /* accepts NULL */

/* The database's clock at the start of this transaction, microseconds. */
int64_t store_now(struct store_tx *tx);

/* Led programs call this first in each state-changing transaction: MO_EPRECOND unless HOLDER's
 * EPOCH of ROLE still holds. */
int store_leader_check(struct store_tx *tx, const char *role, int64_t epoch, struct mo_err *err);

/* Takes or renews ROLE for HOLDER until now + LEASE_US. *ret_epoch is the epoch held; MO_ECONFLICT
 * when another holder's lease is still running. A new holder gets a new epoch. */
int store_leader_take(struct store_tx *tx, const char *role, const char *holder, int64_t lease_us,
	int64_t *ret_epoch, struct mo_err *err);

/* Gives ROLE up so that a waiting process takes over at once. */
int store_leader_drop(
	struct store_tx *tx, const char *role, const char *holder, struct mo_err *err);

/* A page of a list: items come newest first. */
struct store_page {
	const char *after; /* id of the last item of the page before, or NULL */
	int64_t limit;     /* most items; ask for one more than you show to learn whether there is a
			      next page */
};

/* SQLite: moves the WAL into the database (the agent's job); *ret_wal_bytes is the WAL's size
 * before. Postgres: 0. */
int store_checkpoint(struct store *s, int64_t *ret_wal_bytes, struct mo_err *err);

/* Migrations: known is what this build has, found what the database has (0: empty). */
struct store_schema {
	int found, known;
};
int store_schema_status(struct store *s, struct store_schema *ret, struct mo_err *err);
int store_migrate(struct store *s, struct store_schema *ret_before, struct mo_err *err);

#endif
