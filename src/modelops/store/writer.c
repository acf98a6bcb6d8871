/* SQLite's one writer thread: group commit, a savepoint per request, the turn held for at most 5 ms
 * of work. */
#include "modelops/store/writer.h"

#include "modelops/base/check.h"
#include "modelops/base/list.h"
#include "modelops/base/time.h"

#include <pthread.h>
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
	bool done;
	pthread_cond_t finished;
};

struct writer {
	struct store *store;
	struct turn *turn;
	struct db_conn *conn;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct mo_list queue;
	int64_t queued, queue_max;
	bool stop;
	char *wal; /* path of the WAL file */
	struct obs_series *metrics[4];
};

enum { METRIC_COMMITS, METRIC_WRITES, METRIC_WAITING, METRIC_WAL };

static const struct obs_decl metric_decls[] = {
	[METRIC_COMMITS] = { .name = "store_commits_total", .type = OBS_COUNTER, .help = "Durable commits." },
	[METRIC_WRITES] = { .name = "store_writes_total", .type = OBS_COUNTER, .help = "Write requests in them." },
	[METRIC_WAITING] = { .name = "store_writes_waiting", .type = OBS_GAUGE, .help = "Write requests in the queue." },
	[METRIC_WAL] = { .name = "store_wal_bytes", .type = OBS_GAUGE, .help = "Size of SQLite's write-ahead log." },
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
	obs_set(w->metrics[METRIC_WAITING], __atomic_load_n(&w->queued, __ATOMIC_RELAXED));
	obs_set(w->metrics[METRIC_WAL], stat(w->wal, &st) == 0 ? st.st_size : 0);
}

static struct item *next_item(struct writer *w, bool wait)
{
	struct mo_list *node;

	pthread_mutex_lock(&w->lock);
	while (wait && mo_list_empty(&w->queue) && !w->stop)
		pthread_cond_wait(&w->work, &w->lock);
	node = mo_list_pop(&w->queue);
	if (node)
		w->queued--;
	pthread_mutex_unlock(&w->lock);
	return node ? MO_LIST_ENTRY(node, struct item, node) : NULL;
}

static void finish(struct writer *w, struct mo_list *batch)
{
	struct mo_list *node;

	pthread_mutex_lock(&w->lock);
	while ((node = mo_list_pop(batch))) {
		struct item *it = MO_LIST_ENTRY(node, struct item, node);
		it->done = true;
		pthread_cond_signal(&it->finished);
	}
	pthread_mutex_unlock(&w->lock);
}

static void fail_all(struct mo_list *batch, const struct mo_err *err)
{
	mo_list_foreach (node, batch) {
		struct item *it = MO_LIST_ENTRY(node, struct item, node);
		if (it->rc == 0 && it->err)
			*it->err = *err;
		it->rc = -1;
	}
}

static int savepoint(struct writer *w, const char *verb, struct mo_err *err)
{
	return db_sqlite.script(w->conn, verb, err);
}

/* Runs one request inside the open batch; its failure undoes only itself. */
static void run_item(struct writer *w, struct item *it)
{
	struct store_tx tx = { .store = w->store, .conn = w->conn, .driver = &db_sqlite };
	struct mo_err err = { 0 };

	it->rc = savepoint(w, "SAVEPOINT one", &err);
	if (it->rc == 0)
		it->rc = it->fn(&tx, it->ctx, &err);
	if (it->rc == 0)
		it->rc = savepoint(w, "RELEASE one", &err);
	if (it->rc < 0) {
		if (!db_sqlite_lost_transaction(w->conn))
			savepoint(w, "ROLLBACK TO one; RELEASE one", NULL);
		if (it->err)
			*it->err = err;
		it->rc = -1;
	}
}

static bool batch_full(const struct mo_list *batch, int64_t until, unsigned n)
{
	(void)batch;
	return n >= BATCH_MAX || mo_mono() >= until;
}

/* Runs FIRST and what is queued meanwhile in one transaction. */
static void run_batch(struct writer *w, struct item *first, struct mo_list *batch)
{
	struct mo_err err = { 0 };
	int64_t until = mo_mono() + BATCH_US;
	unsigned n = 0;

	mo_list_push(batch, &first->node);
	if (db_sqlite.begin(w->conn, true, &err) < 0) {
		fail_all(batch, &err);
		return;
	}
	for (struct item *it = first; it;
		it = batch_full(batch, until, n) ? NULL : next_item(w, false)) {
		if (it->alone) { /* cannot share a transaction: back to the front for the next round
				  */
			pthread_mutex_lock(&w->lock);
			mo_list_push_front(&w->queue, &it->node);
			w->queued++;
			pthread_mutex_unlock(&w->lock);
			break;
		}
		if (it != first)
			mo_list_push(batch, &it->node);
		run_item(w, it);
		n++;
		if (db_sqlite_lost_transaction(w->conn)) {
			mo_fail(&err, MO_EFULL,
				"the database ended the transaction (disk full or I/O error)");
			fail_all(batch, &err);
			return;
		}
	}
	if (db_sqlite.commit(w->conn, &err) < 0) {
		db_sqlite.rollback(w->conn);
		fail_all(batch, &err);
		return;
	}
	count_commit(w, n);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct item *it;

	while ((it = next_item(w, true))) {
		struct mo_list batch;
		struct mo_err err = { 0 };
		mo_list_init(&batch);
		if (turn_take(w->turn, &err) < 0) {
			mo_list_push(&batch, &it->node);
			fail_all(&batch, &err);
		} else {
			if (it->alone) {
				mo_list_push(&batch, &it->node);
				it->rc = it->alone(w->conn, it->ctx, it->err);
			} else {
				run_batch(w, it, &batch);
			}
			turn_give(w->turn);
		}
		finish(w, &batch);
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
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	if (asprintf(&w->wal, "%s-wal", cfg->url + strlen("sqlite:")) < 0) {
		free(w);
		return mo_fail(err, MO_ENOMEM, "writer");
	}
	if (declare_metrics(w, cfg->obs, err) < 0 || db_sqlite.open(cfg, false, &w->conn, err) < 0) {
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

static int wait_for(struct writer *w, struct item *it)
{
	pthread_cond_init(&it->finished, NULL);
	pthread_mutex_lock(&w->lock);
	if (w->stop || (w->queue_max > 0 && w->queued >= w->queue_max)) {
		pthread_mutex_unlock(&w->lock);
		pthread_cond_destroy(&it->finished);
		mo_fail(it->err, MO_EUNAVAIL, "%lld writes are waiting for the database",
			(long long)w->queued);
		return mo_advise(it->err, "write_queue_full", "retry after a second");
	}
	mo_list_push(&w->queue, &it->node);
	w->queued++;
	pthread_cond_signal(&w->work);
	while (!it->done)
		pthread_cond_wait(&it->finished, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_cond_destroy(&it->finished);
	return it->rc;
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
