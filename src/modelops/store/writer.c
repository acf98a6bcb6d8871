/* SQLite's one writer thread: the queue, and group commit with the turn held for at most 5 ms of
 * work. */
#include "modelops/store/writer.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/store/batch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH_US = 5000 };

struct writer {
	struct store *store;
	struct turn *turn;
	struct db_conn *conn;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct mo_list queue, jobs;
	bool sleeping;      /* the thread waits for WORK */
	struct batch batch; /* the thread's */
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
static void next(
	struct writer *w, bool wait, struct batch_item **ret_item, struct store_job **ret_job)
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
	*ret_item = item ? MO_LIST_ENTRY(item, struct batch_item, node) : NULL;
	*ret_job = job ? MO_LIST_ENTRY(job, struct store_job, node) : NULL;
}

/* What cannot share a transaction has its turn next. */
static void put_back(struct writer *w, struct batch_item *it)
{
	pthread_mutex_lock(&w->lock);
	mo_list_push_front(&w->queue, &it->node);
	w->queued++;
	pthread_mutex_unlock(&w->lock);
}

/* Runs the first one and what is queued meanwhile. */
static void fill_batch(struct writer *w, struct batch_item *it, struct store_job *job)
{
	int64_t until = mo_mono() + BATCH_US;

	for (;;) {
		batch_run(&w->batch, it, job);
		if (batch_full(&w->batch) || mo_mono() >= until)
			return;
		next(w, false, &it, &job);
		if (it && it->alone)
			put_back(w, it);
		if ((!it && !job) || (it && it->alone))
			return;
		batch_take(&w->batch, it, job);
	}
}

/* One transaction. */
static int run_batch(
	struct writer *w, struct batch_item *it, struct store_job *job, struct mo_err *err)
{
	if (batch_begin(&w->batch, err) < 0)
		return -1;
	fill_batch(w, it, job);
	if (batch_commit(&w->batch, err) < 0)
		return -1;
	count_commit(w, w->batch.n);
	return 0;
}

/* One turn, for the first one that waits. */
static void run_round(struct writer *w, struct batch_item *it, struct store_job *job)
{
	struct mo_err err = { 0 };

	batch_init(&w->batch, w->store, w->conn);
	batch_take(&w->batch, it, job);
	if (turn_take(w->turn, &err) < 0) {
		batch_fail(&w->batch, &err);
		return;
	}
	if (it && it->alone)
		it->rc = it->alone(w->conn, it->ctx, it->err);
	else if (run_batch(w, it, job, &err) < 0)
		batch_fail(&w->batch, &err);
	turn_give(w->turn);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct store_job *job;
	struct batch_item *it;

	for (next(w, true, &it, &job); it || job; next(w, true, &it, &job)) {
		run_round(w, it, job);
		batch_finish(&w->batch);
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

static int wait_for(struct writer *w, struct batch_item *it)
{
	if (pthread_equal(pthread_self(),
		    w->thread)) { /* a submitted job writes: it joins the open batch */
		MO_ASSERT(it->fn);
		batch_run_item(&w->batch, it);
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
	struct batch_item it = { .fn = fn, .ctx = ctx, .err = err };

	return wait_for(w, &it);
}

int writer_alone(struct writer *w, int (*fn)(struct db_conn *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	struct batch_item it = { .alone = fn, .ctx = ctx, .err = err };

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
