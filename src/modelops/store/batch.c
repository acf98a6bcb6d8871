/* One transaction of SQLite's writer: runs requests, and runs them again when one left traces. */
#include "modelops/store/batch.h"

#include <stdio.h>

enum { BATCH_MAX = 1024 };

void batch_init(struct batch *b, struct store *store, struct db_conn *conn)
{
	*b = (struct batch){ .store = store, .conn = conn };
	mo_list_init(&b->items);
	mo_list_init(&b->jobs);
}

void batch_take(struct batch *b, struct batch_item *it, struct store_job *job)
{
	if (it)
		mo_list_push(&b->items, &it->node);
	else
		mo_list_push(&b->jobs, &job->node);
	b->n++;
}

int batch_begin(struct batch *b, struct mo_err *err)
{
	return db_sqlite.begin(b->conn, true, err);
}

/* Statements without rows or arguments, prepared once. */
static int run_verb(struct batch *b, const char *verb, struct mo_err *err)
{
	struct db_call call = { .sql = verb };

	return db_sqlite.run(b->conn, &call, err);
}

/* The request itself; one whose clock did not answer has failed too. */
static int run_fn(struct batch_item *it, struct store_tx *tx, struct mo_err *err)
{
	if (it->fn(tx, it->ctx, err) < 0)
		return -1;
	if (!tx->failed)
		return 0;
	*err = tx->clock_err;
	return -1;
}

/* With a savepoint: its failure undoes only itself. */
static int run_careful(
	struct batch *b, struct batch_item *it, struct store_tx *tx, struct mo_err *err)
{
	if (run_verb(b, "SAVEPOINT one", err) == 0 && run_fn(it, tx, err) == 0 &&
		run_verb(b, "RELEASE one", err) == 0)
		return 0;
	if (!db_sqlite_lost_transaction(b->conn)) {
		run_verb(b, "ROLLBACK TO one", NULL);
		run_verb(b, "RELEASE one", NULL);
	}
	return -1;
}

/* Without: a failure that changed nothing needs no undoing; any other makes the batch dirty. */
static int run_plain(
	struct batch *b, struct batch_item *it, struct store_tx *tx, struct mo_err *err)
{
	int64_t before = db_sqlite_changes(b->conn);

	if (b->dirty) {
		b->refused = true;
		return mo_fail(err, MO_EUNAVAIL, "this batch of writes runs again");
	}
	if (run_fn(it, tx, err) == 0)
		return 0;
	b->dirty = db_sqlite_changes(b->conn) != before || db_sqlite_lost_transaction(b->conn);
	return -1;
}

void batch_run_item(struct batch *b, struct batch_item *it)
{
	struct store_tx tx = { .store = b->store, .conn = b->conn, .driver = &db_sqlite };
	struct mo_err err = { 0 };

	it->rc = b->careful ? run_careful(b, it, &tx, &err) : run_plain(b, it, &tx, &err);
	if (it->rc < 0 && it->err)
		*it->err = err;
	if (it->rc < 0 && db_sqlite_lost_transaction(b->conn))
		b->lost = err.code;
}

void batch_run(struct batch *b, struct batch_item *it, struct store_job *job)
{
	if (it) {
		batch_run_item(b, it);
		return;
	}
	b->refused = false;
	job->rc = job->run(job, &job->err);
	if (b->refused) /* not its own failure: it runs again */
		job->rc = 0;
}

bool batch_full(const struct batch *b)
{
	return b->dirty || b->n >= BATCH_MAX || db_sqlite_lost_transaction(b->conn);
}

/* Runs what has not failed once more, each with a savepoint; until one ends the transaction again,
 * after which a savepoint would begin another. */
static int run_again(struct batch *b, struct mo_err *err)
{
	b->dirty = false;
	b->careful = true;
	db_sqlite.rollback(b->conn);
	if (db_sqlite.begin(b->conn, true, err) < 0)
		return -1;
	mo_list_foreach (node, &b->items) {
		struct batch_item *it = MO_LIST_ENTRY(node, struct batch_item, node);
		if (it->rc == 0 && !db_sqlite_lost_transaction(b->conn))
			batch_run_item(b, it);
	}
	mo_list_foreach (node, &b->jobs) {
		struct store_job *job = MO_LIST_ENTRY(node, struct store_job, node);
		if (job->rc < 0 || db_sqlite_lost_transaction(b->conn))
			continue;
		job->err = (struct mo_err){ 0 };
		job->rc = job->run(job, &job->err);
	}
	return 0;
}

static int commit(struct batch *b, struct mo_err *err)
{
	if (b->dirty && run_again(b, err) < 0)
		return -1;
	if (!db_sqlite_lost_transaction(b->conn))
		return db_sqlite.commit(b->conn, err);
	/* That another one took too long is no fault of these. */
	return mo_fail(err, b->lost == MO_ETIMEOUT ? MO_EUNAVAIL : b->lost,
		"the database ended the transaction of this and other writes");
}

int batch_commit(struct batch *b, struct mo_err *err)
{
	if (commit(b, err) == 0)
		return 0;
	db_sqlite.rollback(b->conn);
	return -1;
}

void batch_fail(struct batch *b, const struct mo_err *err)
{
	mo_list_foreach (node, &b->items) {
		struct batch_item *it = MO_LIST_ENTRY(node, struct batch_item, node);
		if (it->rc == 0 && it->err)
			*it->err = *err;
		it->rc = -1;
	}
	mo_list_foreach (node, &b->jobs) {
		struct store_job *job = MO_LIST_ENTRY(node, struct store_job, node);
		if (job->rc == 0)
			job->err = *err;
		job->rc = -1;
	}
}

void batch_finish(struct batch *b)
{
	struct mo_list *node;

	while ((node = mo_list_pop(&b->items)))
		sem_post(&MO_LIST_ENTRY(node, struct batch_item, node)->finished);
	while ((node = mo_list_pop(&b->jobs))) {
		struct store_job *job = MO_LIST_ENTRY(node, struct store_job, node);
		job->done(job, job->rc, &job->err);
	}
}
