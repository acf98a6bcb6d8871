/* Loop: timers fire in order whatever was moved or cleared, posts from threads arrive once and in
 * order, workers are bounded. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/loop.h"
#include "modelops/http/timers.h"
#include "modelops/http/workers.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../unit.h"

static void nothing(struct http_timer *timer)
{
}

/* The heap against the plainest model: an array scanned for the minimum. */
static void test_heap_against_a_model(void **state)
{
	enum { N = 300 };
	static struct http_timer timers[N];
	int64_t at[N];
	struct http_timers heap = { 0 };
	uint32_t seed = 1;
	int64_t now = 0;

	for (int i = 0; i < N; i++) {
		timers[i].fn = nothing;
		at[i] = -1;
	}
	for (int step = 0; step < 20000; step++) {
		seed = seed * 1664525 + 1013904223;
		int i = (int)((seed >> 8) % N);
		int64_t when = now + (int64_t)((seed >> 16) % 1000);
		if (seed >> 30 == 0) {
			http_timers_clear(&heap, &timers[i]);
			at[i] = -1;
		} else {
			http_timers_set(&heap, &timers[i], when);
			at[i] = when;
		}
		if (step % 7)
			continue;
		now += 20;
		for (struct http_timer *t; (t = http_timers_due(&heap, now));) {
			assert_true(at[t - timers] >= 0 && at[t - timers] <= now);
			at[t - timers] = -1;
		}
		int64_t least = INT64_MAX;
		for (int k = 0; k < N; k++)
			if (at[k] >= 0 && at[k] < least)
				least = at[k];
		assert_true(least > now && http_timers_next(&heap) <= least);
	}
}

struct ticker {
	struct http_timer timer;
	struct http_loop *loop;
	int count;
};

static void tick(struct http_timer *timer)
{
	struct ticker *t = (struct ticker *)(void *)timer;

	if (++t->count == 5)
		http_loop_stop(t->loop);
	else
		http_timer_set(t->loop, timer, http_loop_now(t->loop) + 2000);
}

static void test_timer_in_a_loop(void **state)
{
	struct ticker t = { .timer.fn = tick };
	int64_t start = mo_mono();

	assert_int_equal(http_loop_new(&t.loop, NULL), 0);
	http_timer_set(t.loop, &t.timer, start + 2000);
	assert_int_equal(http_loop_run(t.loop, NULL), 0);
	assert_int_equal(t.count, 5);
	assert_true(mo_mono() - start >= 10000);
	http_loop_free(t.loop);
}

enum { THREADS = 4, POSTS = 2000 };

struct poster {
	struct http_task tasks[POSTS];
	struct http_loop *loop;
	pthread_t thread;
	int next;
};

static struct poster posters[THREADS];
static int arrived;

static void on_post(struct http_task *task)
{
	for (int i = 0; i < THREADS; i++) {
		struct poster *p = &posters[i];
		if (task >= p->tasks && task < p->tasks + POSTS)
			assert_int_equal(task - p->tasks, p->next++);
	}
	if (++arrived == THREADS * POSTS)
		http_loop_stop(posters[0].loop);
}

static void *post_all(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < POSTS; i++) {
		p->tasks[i].fn = on_post;
		http_loop_post(p->loop, &p->tasks[i]);
	}
	return NULL;
}

static void test_posts_from_threads(void **state)
{
	struct http_loop *loop;

	assert_int_equal(http_loop_new(&loop, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		posters[i].loop = loop;
		assert_int_equal(
			pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
	}
	assert_int_equal(http_loop_run(loop, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	assert_int_equal(arrived, THREADS * POSTS);
	http_loop_free(loop);
}

struct pair {
	struct http_watch a, b;
	struct http_loop *loop;
	int events;
};

static struct pair pair;

/* Whoever comes first removes the other: its event of the same round must not arrive. */
static void on_either(struct http_watch *watch, uint32_t events)
{
	pair.events++;
	http_watch_remove(pair.loop, watch == &pair.a ? &pair.b : &pair.a);
	http_watch_remove(pair.loop, watch);
	http_loop_stop(pair.loop);
}

static void test_removed_watch_hears_nothing(void **state)
{
	int p[2], q[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(q), 0);
	assert_int_equal(write(p[1], "x", 1) + write(q[1], "x", 1), 2);
	assert_int_equal(http_loop_new(&pair.loop, NULL), 0);
	pair.a.fn = pair.b.fn = on_either;
	assert_int_equal(http_watch_add(pair.loop, &pair.a, p[0], EPOLLIN, NULL), 0);
	assert_int_equal(http_watch_add(pair.loop, &pair.b, q[0], EPOLLIN, NULL), 0);
	assert_int_equal(http_loop_run(pair.loop, NULL), 0);
	assert_int_equal(pair.events, 1);
	http_loop_free(pair.loop);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int ran;

static void wait_at_gate(struct http_job *job)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	ran++;
}

static void test_workers_are_bounded(void **state)
{
	struct http_job jobs[5] = { 0 };
	struct http_workers *w;
	struct mo_err err = { 0 };

	assert_int_equal(http_workers_new("t", 1, 2, NULL, &w, &err), 0);
	pthread_mutex_lock(&gate);
	for (int i = 0; i < 5; i++)
		jobs[i].run = wait_at_gate;
	assert_int_equal(http_workers_push(w, &jobs[0], &err), 0);
	while (http_workers_busy(w) == 0)
		usleep(1000);
	assert_int_equal(http_workers_push(w, &jobs[1], &err), 0);
	assert_int_equal(http_workers_push(w, &jobs[2], &err), 0);
	assert_int_equal(http_workers_waiting(w), 2);
	assert_int_equal(http_workers_push(w, &jobs[3], &err), -1);
	assert_int_equal(err.code, MO_EUNAVAIL);
	pthread_mutex_unlock(&gate);
	http_workers_free(w); /* runs what is queued */
	assert_int_equal(ran, 3);
}

struct held_job {
	struct http_job job;
	_Atomic bool ran;
};

static void note_and_wait(struct http_job *job)
{
	((struct held_job *)(void *)job)->ran = true;
	wait_at_gate(job);
}

/* Of eight workers one group gets four, the next two, the next one; then one is still left for who
 * comes last. What waits runs when its group's share is free again. */
static void test_workers_are_shared_by_groups(void **state)
{
	enum { JOBS = 25 };
	static struct held_job jobs[JOBS];
	static const int running[] = { 4, 2, 1, 1, 0 };
	struct http_workers *w;
	struct mo_err err = { 0 };

	assert_int_equal(http_workers_new("t", 8, 100, NULL, &w, &err), 0);
	pthread_mutex_lock(&gate);
	ran = 0;
	for (int i = 0; i < JOBS; i++) {
		jobs[i].job =
			(struct http_job){ .run = note_and_wait, .group = 1 + (uint64_t)i / 5 };
		assert_int_equal(http_workers_push(w, &jobs[i].job, &err), 0);
		usleep(2000);
	}
	for (int tries = 0; http_workers_busy(w) < 8 && tries < 1000; tries++)
		usleep(1000);
	usleep(20000);
	for (int group = 0; group < 5; group++) {
		int n = 0;
		for (int i = 0; i < 5; i++)
			n += jobs[5 * group + i].ran;
		assert_int_equal(n, running[group]);
	}
	pthread_mutex_unlock(&gate);
	for (int tries = 0; ran < JOBS && tries < 1000; tries++)
		usleep(1000);
	assert_int_equal(ran, JOBS);
	http_workers_free(w);
}

static void test_a_group_fills_half_of_the_queue(void **state)
{
	struct http_job jobs[9] = { 0 };
	struct http_workers *w;
	struct mo_err err = { 0 };

	assert_int_equal(http_workers_new("t", 1, 4, NULL, &w, &err), 0);
	pthread_mutex_lock(&gate);
	for (int i = 0; i < 9; i++)
		jobs[i] = (struct http_job){ .run = wait_at_gate, .group = i < 5 ? 1 : 2 };
	assert_int_equal(http_workers_push(w, &jobs[0], &err), 0);
	while (http_workers_busy(w) == 0)
		usleep(1000);
	assert_int_equal(http_workers_push(w, &jobs[1], &err), 0);
	assert_int_equal(http_workers_push(w, &jobs[2], &err), 0);
	assert_int_equal(http_workers_push(w, &jobs[3], &err), -1);
	assert_int_equal(err.code, MO_EUNAVAIL);
	assert_string_equal(err.slug, "share_used");
	assert_int_equal(http_workers_push(w, &jobs[5], &err), 0);
	pthread_mutex_unlock(&gate);
	http_workers_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap_against_a_model),
		cmocka_unit_test(test_timer_in_a_loop),
		cmocka_unit_test(test_posts_from_threads),
		cmocka_unit_test(test_removed_watch_hears_nothing),
		cmocka_unit_test(test_workers_are_bounded),
		cmocka_unit_test(test_workers_are_shared_by_groups),
		cmocka_unit_test(test_a_group_fills_half_of_the_queue),
	};

	return RUN_TESTS(tests);
}
