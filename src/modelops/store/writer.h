/* Inside the store: SQLite's one writer thread, which puts many requests into one durable commit.
 */
#ifndef MODELOPS_STORE_WRITER_H
#define MODELOPS_STORE_WRITER_H

#include "modelops/store/driver.h"
#include "modelops/store/turn.h"

struct writer;

/* Opens the write connection and starts the thread. TURN is borrowed. */
int writer_new(struct store *store, const struct store_cfg *cfg, struct turn *turn,
	struct writer **ret, struct mo_err *err);

/* Runs FN within a batch and returns after the batch is durable. Any thread; from within a
 * submitted job it joins the open batch and returns at once. */
int writer_run(struct writer *w, int (*fn)(struct store_tx *, void *, struct mo_err *), void *ctx,
	struct mo_err *err);

/* Queues JOB (store.h); does not wait. Any thread. */
int writer_submit(struct writer *w, struct store_job *job, struct mo_err *err);

/* Runs FN alone on the write connection, outside any transaction and in the writers' turn
 * (checkpoint, migrations). */
int writer_alone(struct writer *w, int (*fn)(struct db_conn *, void *, struct mo_err *), void *ctx,
	struct mo_err *err);

void writer_free(struct writer *w); /* runs what is queued first; accepts NULL */

#endif
