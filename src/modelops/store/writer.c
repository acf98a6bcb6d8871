/* SQLite's one writer thread: group commit, the turn held for at most 5 ms of work. Requests run
 * without savepoints, which cost a copy of every page touched; when one fails after it changed
 * rows, the batch is rolled back and run again with a savepoint each. */
#include "modelops/store/writer.h"

#include "modelops/base/check.h"
#include "modelops/base/list.h"
#include "modelops/base/time.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH_US = 5000, BATCH_MAX = 1024 };

struct item {
	struct mo_list node;
	int (*fn)(struct store_tx *, void *, struct mo_err *);
	int (*alone)(struct db_conn *, void *, struct mo_err *);
	void *ctx;
	struct mo_err *err;
	int rc;
	sem_t finished;
};

/* What one commit carries. */
struct batch {
	struct mo_list items, jobs;
	unsigned n;
};

struct writer {
	struct store *store;
	struct turn *turn;
	struct db_conn *conn;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct mo_list queue, jobs;
	bool sleeping; /* the thread waits for WORK */
	bool careful;  /* this batch runs again: a savepoint per request */
	bool dirty;    /* a request of this batch failed after it changed rows */
	bool refused;  /* a job wrote once more in a dirty batch */
	int64_t queued, queue_max;
	bool stop;
	char *wal; /* path of the WAL file */
	struct obs_series *metrics[4];
};

enum { METRIC_COMMITS, METRIC_WRITES, METRIC_WAITING, METRIC_WAL };

static const struct obs_decl metric_decls[] = {
	[METRIC_COMMITS] = { .name = "store_commits_total",
		.type = OBS_COUNTER,
		.help = "Durable commits." },
	[METRIC_WRITES] = { .name = "store_writes_total",
		.type = OBS_COUNTER,
		.help = "Write requests in them." },
	[METRIC_WAITING] = { .name = "store_writes_waiting",
		.type = OBS_GAUGE,
		.help = "Write requests in the queue." },
	[METRIC_WAL] = { .name = "store_wal_bytes",
		.type = OBS_GAUGE,
		.help = "Size of SQLite's write-ahead log." },
};

static int declare_metrics(struct writer *w, struct obs *obs, struct mo_err *err)
{
	struct obs_family *families[MO_COUNT(metric_decls)];

	if (!obs)
		return 0;
	if (obs_declare(obs, metric_decls, MO_COUNT(metric_decls), families, err) < 0)
		return -1;
	for (size_t i = 0; i < MO_COUNT(metric_decls); i++)
		w->metrics[i] = obs_series(families[i], NULL);
	return 0;
}

static void count_commit(struct writer *w, unsigned writes)
{
	struct stat st;

	if (!w->metrics[0])
		return;
	obs_add(w->metrics[METRIC_COMMITS], 1);
	obs_add(w->metrics[METRIC_WRITES], writes);
	pthread_mutex_lock(&w->lock);
	int64_t waiting = w->queued;
	pthread_mutex_unlock(&w->lock);
	obs_set(w->metrics[METRIC_WAITING], waiting);
	obs_set(w->metrics[METRIC_WAL], stat(w->wal, &st) == 0 ? st.st_size : 0);
}

/* The next waiting writer, or the next job; both NULL when there is none (after a wait: the end).
 */
static void next(struct writer *w, bool wait, struct item **ret_item, struct store_job **ret_job)
{
	pthread_mutex_lock(&w->lock);
	while (wait && mo_list_empty(&w->queue) && mo_list_empty(&w->jobs) && !w->stop) {
		w->sleeping = true;
		pthread_cond_wait(&w->work, &w->lock);
	}
	w->sleeping = false;
	struct mo_list *item = mo_list_pop(&w->queue);
	struct mo_list *job = item ? NULL : mo_list_pop(&w->jobs);
	if (item || job)
		w->queued--;
	pthread_mutex_unlock(&w->lock);
	*ret_item = item ? MO_LIST_ENTRY(item, struct item, node) : NULL;
	*ret_job = job ? MO_LIST_ENTRY(job, struct store_job, node) : NULL;
}

static void finish(struct batch *b)
{
	struct mo_list *node;

	while ((node = mo_list_pop(&b->items)))
		sem_post(&MO_LIST_ENTRY(node, struct item, node)->finished);
	while ((node = mo_list_pop(&b->jobs))) {
		struct store_job *job = MO_LIST_ENTRY(node, struct store_job, node);
		job->done(job, job->rc, &job->err);
	}
}

static void fail_all(struct batch *b, const struct mo_err *err)
{
	mo_list_foreach (node, &b->items) {
		struct item *it = MO_LIST_ENTRY(node, struct item, node);
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

/* Statements without rows or arguments, prepared once. */
static int run_verb(struct writer *w, const char *verb, struct mo_err *err)
{
	struct db_call call = { .sql = verb };

	return db_sqlite.run(w->conn, &call, err);
}

/* The request itself; one whose clock did not answer has failed too. */
static int run_fn(struct item *it, struct store_tx *tx, struct mo_err *err)
{
	if (it->fn(tx, it->ctx, err) < 0)
		return -1;
	if (!tx->failed)
		return 0;
	*err = tx->clock_err;
	return -1;
}

/* With a savepoint: its failure undoes only itself. */
static int run_careful(struct writer *w, struct item *it, struct store_tx *tx, struct mo_err *err)
{
	if (run_verb(w, "SAVEPOINT one", err) == 0 && run_fn(it, tx, err) == 0 &&
		run_verb(w, "RELEASE one", err) == 0)
		return 0;
	if (!db_sqlite_lost_transaction(w->conn)) {
		run_verb(w, "ROLLBACK TO one", NULL);
		run_verb(w, "RELEASE one", NULL);
	}
	return -1;
}

/* Without: a failure that changed nothing needs no undoing; any other makes the batch dirty. */
static int run_plain(struct writer *w, struct item *it, struct store_tx *tx, struct mo_err *err)
{
	int64_t before = db_sqlite_changes(w->conn);

	if (w->dirty) {
		w->refused = true;
		return mo_fail(err, MO_EUNAVAIL, "this batch of writes runs again");
	}
	if (run_fn(it, tx, err) == 0)
		return 0;
	w->dirty = db_sqlite_changes(w->conn) != before;
	return -1;
}

/* Runs one request inside the open batch. */
static void run_item(struct writer *w, struct item *it)
{
	struct store_tx tx = { .store = w->store, .conn = w->conn, .driver = &db_sqlite };
	struct mo_err err = { 0 };

	it->rc = w->careful ? run_careful(w, it, &tx, &err) : run_plain(w, it, &tx, &err);
	if (it->rc < 0 && it->err)
		*it->err = err;
}

/* Takes IT or JOB into the batch and runs it. False when it cannot share a transaction: it goes
 * back to the front. */
static bool run_one(struct writer *w, struct batch *b, struct item *it, struct store_job *job)
{
	if (it && it->alone) {
		pthread_mutex_lock(&w->lock);
		mo_list_push_front(&w->queue, &it->node);
		w->queued++;
		pthread_mutex_unlock(&w->lock);
		return false;
	}
	if (it) {
		mo_list_push(&b->items, &it->node);
		run_item(w, it);
	} else {
		mo_list_push(&b->jobs, &job->node);
		w->refused = false;
		job->rc = job->run(job, &job->err);
		if (w->refused) /* not its own failure: it runs again */
			job->rc = 0;
	}
	b->n++;
	return true;
}

/* Runs what has not failed once more, each with a savepoint. */
static int run_again(struct writer *w, struct batch *b, struct mo_err *err)
{
	w->dirty = false;
	w->careful = true;
	db_sqlite.rollback(w->conn);
	if (db_sqlite.begin(w->conn, true, err) < 0)
		return -1;
	mo_list_foreach (node, &b->items) {
		struct item *it = MO_LIST_ENTRY(node, struct item, node);
		if (it->rc == 0)
			run_item(w, it);
	}
	mo_list_foreach (node, &b->jobs) {
		struct store_job *job = MO_LIST_ENTRY(node, struct store_job, node);
		if (job->rc < 0)
			continue;
		job->err = (struct mo_err){ 0 };
		job->rc = job->run(job, &job->err);
	}
	return 0;
}

/* Runs the first one and what is queued meanwhile. */
static int fill_batch(struct writer *w, struct batch *b, struct item *it, struct store_job *job,
	struct mo_err *err)
{
	int64_t until = mo_mono() + BATCH_US;

	while ((it || job) && run_one(w, b, it, job)) {
		if (w->dirty || db_sqlite_lost_transaction(w->conn) || b->n >= BATCH_MAX ||
			mo_mono() >= until)
			break;
		next(w, false, &it, &job);
	}
	if (w->dirty && run_again(w, b, err) < 0)
		return -1;
	if (db_sqlite_lost_transaction(w->conn))
		return mo_fail(err, MO_EFULL,
			"the database ended the transaction (disk full or I/O error)");
	return 0;
}

/* One transaction. */
static void run_batch(struct writer *w, struct batch *b, struct item *it, struct store_job *job)
{
	struct mo_err err = { 0 };

	w->careful = w->dirty = false;
	if (db_sqlite.begin(w->conn, true, &err) < 0) {
		if (it)
			mo_list_push(&b->items, &it->node);
		else
			mo_list_push(&b->jobs, &job->node);
		fail_all(b, &err);
		return;
	}
	if (fill_batch(w, b, it, job, &err) < 0 || db_sqlite.commit(w->conn, &err) < 0) {
		db_sqlite.rollback(w->conn);
		fail_all(b, &err);
		return;
	}
	count_commit(w, b->n);
}

static void run_round(struct writer *w, struct batch *b, struct item *it, struct store_job *job)
{
	struct mo_err err = { 0 };

	if (turn_take(w->turn, &err) < 0) {
		if (it)
			mo_list_push(&b->items, &it->node);
		else
			mo_list_push(&b->jobs, &job->node);
		fail_all(b, &err);
		return;
	}
	if (it && it->alone) {
		mo_list_push(&b->items, &it->node);
		it->rc = it->alone(w->conn, it->ctx, it->err);
	} else {
		run_batch(w, b, it, job);
	}
	turn_give(w->turn);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct store_job *job;
	struct item *it;

	for (next(w, true, &it, &job); it || job; next(w, true, &it, &job)) {
		struct batch b = { .n = 0 };
		mo_list_init(&b.items);
		mo_list_init(&b.jobs);
		run_round(w, &b, it, job);
		finish(&b);
	}
	return NULL;
}

int writer_new(struct store *store, const struct store_cfg *cfg, struct turn *turn,
	struct writer **ret, struct mo_err *err)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return mo_fail(err, MO_ENOMEM, "writer");
	w->store = store;
	w->turn = turn;
	w->queue_max = cfg->queue_max;
	mo_list_init(&w->queue);
	mo_list_init(&w->jobs);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	if (asprintf(&w->wal, "%s-wal", cfg->url + strlen("sqlite:")) < 0) {
		free(w);
		return mo_fail(err, MO_ENOMEM, "writer");
	}
	if (declare_metrics(w, cfg->obs, err) < 0 ||
		db_sqlite.open(cfg, false, &w->conn, err) < 0) {
		free(w->wal);
		free(w);
		return -1;
	}
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
		db_sqlite.close(w->conn);
		free(w->wal);
		free(w);
		return mo_fail(err, MO_EUNAVAIL, "cannot start the writer thread");
	}
	*ret = w;
	return 0;
}

/* Puts NODE at the end of LIST and wakes the thread when it sleeps. */
static int enqueue(struct writer *w, struct mo_list *list, struct mo_list *node, struct mo_err *err)
{
	pthread_mutex_lock(&w->lock);
	int64_t waiting = w->queued;
	bool full = w->stop || (w->queue_max > 0 && waiting >= w->queue_max);
	bool wake = !full && w->sleeping;
	if (!full) {
		mo_list_push(list, node);
		w->queued++;
		w->sleeping = false;
	}
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->work);
	if (!full)
		return 0;
	mo_fail(err, MO_EUNAVAIL, "%lld writes are waiting for the database", (long long)waiting);
	return mo_advise(err, "write_queue_full", "retry after a second");
}

static int wait_for(struct writer *w, struct item *it)
{
	if (pthread_equal(pthread_self(),
		    w->thread)) { /* a submitted job writes: it joins the open batch */
		MO_ASSERT(it->fn);
		run_item(w, it);
		return it->rc;
	}
	sem_init(&it->finished, 0, 0);
	int rc = enqueue(w, &w->queue, &it->node, it->err);
	if (rc == 0) {
		while (sem_wait(&it->finished) < 0)
			; /* EINTR */
		rc = it->rc;
	}
	sem_destroy(&it->finished);
	return rc;
}

int writer_submit(struct writer *w, struct store_job *job, struct mo_err *err)
{
	job->rc = 0;
	return enqueue(w, &w->jobs, &job->node, err);
}

int writer_run(struct writer *w, int (*fn)(struct store_tx *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	struct item it = { .fn = fn, .ctx = ctx, .err = err };

	return wait_for(w, &it);
}

int writer_alone(struct writer *w, int (*fn)(struct db_conn *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	struct item it = { .alone = fn, .ctx = ctx, .err = err };

	return wait_for(w, &it);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	db_sqlite.close(w->conn);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	free(w->wal);
	free(w);
}
