/* A thread that does the same thing again and again until it is told to stop. */
#include "modelops/base/ticker.h"

#include "modelops/base/time.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct mo_ticker {
	int64_t (*fn)(void *ctx);
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock; /* of stop */
	pthread_cond_t wake;
	bool stop;
};

/* False when it was told to stop. */
static bool wait_for(struct mo_ticker *t, int64_t us)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	int64_t ns = at.tv_nsec + us % MO_SECOND * 1000;
	at.tv_sec += us / MO_SECOND + ns / 1000000000;
	at.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&t->lock);
	while (!t->stop && pthread_cond_timedwait(&t->wake, &t->lock, &at) == 0)
		;
	bool stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct mo_ticker *t = arg;

	while (wait_for(t, t->fn(t->ctx)))
		;
	return NULL;
}

static void destroy(struct mo_ticker *t)
{
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int mo_ticker_start(const char *name, int64_t (*fn)(void *ctx), void *ctx,
	struct mo_ticker **ret_ticker, struct mo_err *err)
{
	pthread_condattr_t monotonic;
	struct mo_ticker *t = calloc(1, sizeof(*t));

	if (!t)
		return mo_fail(err, MO_ENOMEM, "thread '%s'", name);
	t->fn = fn;
	t->ctx = ctx;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int errnum = pthread_create(&t->thread, NULL, run, t);
	if (errnum) {
		destroy(t);
		return mo_fail_errno(err, errnum, "thread '%s'", name);
	}
	*ret_ticker = t;
	return 0;
}

void mo_ticker_stop(struct mo_ticker *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	destroy(t);
}
