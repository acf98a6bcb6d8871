/* Bounded worker pool. */
#include "modelops/http/workers.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { M_QUEUED, M_BUSY, M_JOBS, M_REFUSED, M_WAIT, M_COUNT };

static const struct obs_decl decls[] = {
	[M_QUEUED] = { .name = "worker_queue_length",
		.type = OBS_GAUGE,
		.labels = "pool",
		.help = "Jobs waiting for a worker." },
	[M_BUSY] = { .name = "worker_busy",
		.type = OBS_GAUGE,
		.labels = "pool",
		.help = "Workers running a job." },
	[M_JOBS] = { .name = "worker_jobs_total",
		.type = OBS_COUNTER,
		.labels = "pool",
		.help = "Jobs started." },
	[M_REFUSED] = { .name = "worker_refused_total",
		.type = OBS_COUNTER,
		.labels = "pool",
		.help = "Jobs refused because the queue was full." },
	[M_WAIT] = { .name = "worker_wait_seconds",
		.type = OBS_HISTOGRAM,
		.labels = "pool",
		.help = "Time a job waited for a worker.",
		.scale = 1e-6,
		.buckets = obs_buckets_us,
		.nbuckets = OBS_BUCKETS_US },
};

struct http_workers {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct mo_list queue;
	unsigned waiting, busy, max, size, nthreads, started;
	bool stop;
	struct obs_series *metrics[M_COUNT]; /* NULL without a registry */
	uint64_t *running;                   /* the group of each thread's job; 0: none */
	pthread_t threads[];
};

static void count(struct http_workers *w, int metric, int64_t n)
{
	if (w->metrics[metric])
		obs_add(w->metrics[metric], n);
}

/* Whether one who has MINE of TOTAL places may take another: half of what OTHERS leave. */
static bool has_share(unsigned total, unsigned mine, unsigned others)
{
	return mine < (total - others + 1) / 2;
}

static bool may_run(const struct http_workers *w, uint64_t group)
{
	unsigned mine = 0;

	for (unsigned i = 0; i < w->size; i++)
		mine += w->running[i] == group;
	return has_share(w->size, mine, w->busy - mine);
}

static bool may_wait(const struct http_workers *w, uint64_t group)
{
	unsigned mine = 0;

	mo_list_foreach (node, &w->queue)
		mine += MO_LIST_ENTRY(node, struct http_job, node)->group == group;
	return has_share(w->max, mine, w->waiting - mine);
}

/* The oldest job whose group has a worker left, or NULL. Called with the lock. */
static struct http_job *pick(struct http_workers *w)
{
	uint64_t full = 0; /* many in a row are often of one group */

	mo_list_foreach (node, &w->queue) {
		struct http_job *job = MO_LIST_ENTRY(node, struct http_job, node);
		if (job->group && job->group == full)
			continue;
		if (!job->group || w->stop || may_run(w, job->group))
			return job;
		full = job->group;
	}
	return NULL;
}

/* The next job, or NULL when the pool stops. Called with the lock. */
static struct http_job *next_job(struct http_workers *w)
{
	struct http_job *job;

	while (!(job = pick(w))) {
		if (w->stop)
			return NULL;
		pthread_cond_wait(&w->cond, &w->lock);
	}
	mo_list_remove(&job->node);
	w->waiting--;
	w->busy++;
	return job;
}

static void *worker_main(void *arg)
{
	struct http_workers *w = arg;
	struct http_job *job;

	pthread_mutex_lock(&w->lock);
	uint64_t *group = &w->running[w->started++];
	while ((job = next_job(w))) {
		*group = job->group;
		pthread_mutex_unlock(&w->lock);
		count(w, M_QUEUED, -1);
		count(w, M_BUSY, 1);
		count(w, M_JOBS, 1);
		if (w->metrics[M_WAIT])
			obs_observe(w->metrics[M_WAIT], mo_mono() - job->queued_at);
		job->run(job);
		count(w, M_BUSY, -1);
		pthread_mutex_lock(&w->lock);
		w->busy--;
		*group = 0;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int start_threads(struct http_workers *w, unsigned threads, struct mo_err *err)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; w->nthreads < threads && rc == 0; w->nthreads += rc == 0)
		rc = pthread_create(&w->threads[w->nthreads], NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : mo_fail_errno(err, rc, "start a worker thread");
}

int http_workers_new(const char *name, unsigned threads, unsigned queue_max, struct obs *obs,
	struct http_workers **ret_workers, struct mo_err *err)
{
	struct http_workers *w = calloc(1, sizeof(*w) + threads * sizeof(w->threads[0]));
	struct obs_family *families[M_COUNT];

	if (!w)
		return mo_fail(err, MO_ENOMEM, "worker pool '%s'", name);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
	mo_list_init(&w->queue);
	w->max = queue_max;
	w->size = threads;
	w->running = calloc(threads, sizeof(*w->running));
	if (!w->running) {
		http_workers_free(w);
		return mo_fail(err, MO_ENOMEM, "worker pool '%s'", name);
	}
	if (obs && obs_declare(obs, decls, M_COUNT, families, err) < 0) {
		http_workers_free(w);
		return -1;
	}
	for (int i = 0; obs && i < M_COUNT; i++)
		w->metrics[i] = obs_series(families[i], &name);
	if (start_threads(w, threads, err) < 0) {
		http_workers_free(w);
		return -1;
	}
	*ret_workers = w;
	return 0;
}

/* FNV-1a. */
uint64_t http_workers_group(const char *name, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 0x100000001b3;
	return h | 1;
}

int http_workers_push(struct http_workers *workers, struct http_job *job, struct mo_err *err)
{
	struct http_workers *w = workers;

	job->queued_at = mo_mono();
	pthread_mutex_lock(&w->lock);
	bool full = w->stop || w->waiting >= w->max;
	bool mine = !full && job->group && !may_wait(w, job->group);
	if (!full && !mine) {
		count(w, M_QUEUED, 1);
		w->waiting++;
		mo_list_push(&w->queue, &job->node);
		pthread_cond_signal(&w->cond);
	}
	pthread_mutex_unlock(&w->lock);
	if (!full && !mine)
		return 0;
	count(w, M_REFUSED, 1);
	if (mine) {
		mo_fail(err, MO_EUNAVAIL,
			"so many of this tenant's requests wait that more would hinder others");
		return mo_advise(err, "share_used", "wait for those under way to end");
	}
	mo_fail(err, MO_EUNAVAIL, "all workers are busy and %u jobs wait", w->max);
	return mo_advise(err, "busy", "retry after the time in Retry-After");
}

static unsigned read_locked(struct http_workers *w, const unsigned *value)
{
	pthread_mutex_lock(&w->lock);
	unsigned v = *value;
	pthread_mutex_unlock(&w->lock);
	return v;
}

unsigned http_workers_waiting(struct http_workers *workers)
{
	return read_locked(workers, &workers->waiting);
}

unsigned http_workers_busy(struct http_workers *workers)
{
	return read_locked(workers, &workers->busy);
}

void http_workers_stop(struct http_workers *workers)
{
	struct http_workers *w = workers;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->cond);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->nthreads; i++)
		pthread_join(w->threads[i], NULL);
	w->nthreads = 0;
}

void http_workers_free(struct http_workers *workers)
{
	struct http_workers *w = workers;

	if (!w)
		return;
	http_workers_stop(w);
	pthread_cond_destroy(&w->cond);
	pthread_mutex_destroy(&w->lock);
	free(w->running);
	free(w);
}
