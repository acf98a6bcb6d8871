/* Inside the store: one transaction of SQLite's writer and the requests that ride in it. Used by
 * the writer's thread only. */
#ifndef MODELOPS_STORE_BATCH_H
#define MODELOPS_STORE_BATCH_H

#include "modelops/base/list.h"
#include "modelops/store/driver.h"

#include <semaphore.h>

/* A request whose thread waits for it. */
struct batch_item {
	struct mo_list node;
	int (*fn)(struct store_tx *, void *, struct mo_err *);
	int (*alone)(struct db_conn *, void *, struct mo_err *); /* instead of FN: see writer.h */
	void *ctx;
	struct mo_err *err;
	int rc;
	sem_t finished;
};

/* Requests run without savepoints, which cost a copy of every page touched. When one fails after
 * it changed rows, or ends the whole transaction, the batch is rolled back and what has not failed
 * runs again with a savepoint each. */
struct batch {
	struct store *store;
	struct db_conn *conn;
	struct mo_list items, jobs;
	unsigned n;
	bool careful;      /* it runs again: a savepoint per request */
	bool dirty;        /* a request failed and what it did is still there */
	bool refused;      /* a job wrote once more in a dirty batch */
	enum mo_code lost; /* why the whole transaction ended */
};

/* Empty, for another transaction of CONN. */
void batch_init(struct batch *b, struct store *store, struct db_conn *conn);

/* Takes IT or JOB (the other is NULL) into the batch, to be answered with it. */
void batch_take(struct batch *b, struct batch_item *it, struct store_job *job);

int batch_begin(struct batch *b, struct mo_err *err);

/* Runs what was taken last. */
void batch_run(struct batch *b, struct batch_item *it, struct store_job *job);

/* Runs a request of a job that runs now. */
void batch_run_item(struct batch *b, struct batch_item *it);

/* It should be committed now. */
bool batch_full(const struct batch *b);

/* Makes durable what has not failed. On failure nothing is. */
int batch_commit(struct batch *b, struct mo_err *err);

/* Whatever did not fail by itself fails with ERR. */
void batch_fail(struct batch *b, const struct mo_err *err);

/* Tells all of them. */
void batch_finish(struct batch *b);

#endif
