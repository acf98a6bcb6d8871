/* Event loop on epoll, an eventfd for posts, and a heap of timers. */
#include "modelops/http/loop.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/timers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 128 };

struct http_loop {
	int epfd, wakefd;
	_Atomic bool stop;
	_Atomic bool asleep;                /* a post must write to wakefd */
	_Atomic(struct http_task *) posted; /* newest first */
	_Atomic(pthread_t) thread;
	_Atomic bool running;
	int64_t now;
	struct http_timers timers;
	int nready, at;
	struct epoll_event ready[BATCH];
};

int http_loop_new(struct http_loop **ret_loop, struct mo_err *err)
{
	struct http_loop *l = calloc(1, sizeof(*l));

	if (!l)
		return mo_fail(err, MO_ENOMEM, "event loop");
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	l->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	if (l->epfd < 0 || l->wakefd < 0 || epoll_ctl(l->epfd, EPOLL_CTL_ADD, l->wakefd, &ev) < 0) {
		int e = errno;
		mo_cleanup_close(&l->epfd);
		mo_cleanup_close(&l->wakefd);
		free(l);
		return mo_fail_errno(err, e, "event loop");
	}
	l->now = mo_mono();
	*ret_loop = l;
	return 0;
}

/* Runs posted tasks, oldest first. */
static void run_posted(struct http_loop *l)
{
	struct http_task *list = atomic_exchange_explicit(&l->posted, NULL, memory_order_acquire);
	struct http_task *order = NULL;

	while (list) {
		struct http_task *t = list;
		list = t->next;
		t->next = order;
		order = t;
	}
	while (order) {
		struct http_task *t = order;
		order = t->next;
		atomic_store_explicit(&t->posted, false, memory_order_release);
		t->fn(t);
	}
}

void http_loop_free(struct http_loop *loop)
{
	if (!loop)
		return;
	run_posted(loop);
	close(loop->epfd);
	close(loop->wakefd);
	free(loop);
}

static void wake(struct http_loop *l)
{
	uint64_t one = 1;

	while (write(l->wakefd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void http_loop_stop(struct http_loop *loop)
{
	atomic_store(&loop->stop, true);
	wake(loop);
}

void http_loop_post(struct http_loop *loop, struct http_task *task)
{
	if (atomic_exchange_explicit(&task->posted, true, memory_order_acq_rel))
		return;
	struct http_task *head = atomic_load_explicit(&loop->posted, memory_order_relaxed);
	do
		task->next = head;
	while (!atomic_compare_exchange_weak(&loop->posted, &head, task));
	if (atomic_exchange(&loop->asleep, false))
		wake(loop);
}

int64_t http_loop_now(const struct http_loop *loop)
{
	return loop->now;
}

static int timeout_ms(struct http_loop *l)
{
	if (atomic_load(&l->posted) || atomic_load(&l->stop))
		return 0;
	int64_t next = http_timers_next(&l->timers);
	if (next == INT64_MAX)
		return -1;
	int64_t us = next - mo_mono();
	if (us <= 0)
		return 0;
	return us > 3600 * MO_SECOND ? 3600000 : (int)((us + 999) / 1000);
}

static void dispatch(struct http_loop *l)
{
	for (l->at = 0; l->at < l->nready; l->at++) {
		struct http_watch *w = l->ready[l->at].data.ptr;
		if (!w) {
			uint64_t n;
			if (l->ready[l->at].events && read(l->wakefd, &n, sizeof(n)) < 0)
				continue; /* somebody's wake-up was read before */
		} else {
			w->fn(w, l->ready[l->at].events);
		}
	}
	l->nready = 0;
}

static int round_once(struct http_loop *l, struct mo_err *err)
{
	atomic_store(&l->asleep, true);
	int n = epoll_wait(l->epfd, l->ready, BATCH, timeout_ms(l));
	atomic_store(&l->asleep, false);
	if (n < 0 && errno != EINTR)
		return mo_fail_errno(err, errno, "epoll_wait");
	l->nready = n < 0 ? 0 : n;
	l->now = mo_mono();
	dispatch(l);
	run_posted(l);
	for (struct http_timer *t; (t = http_timers_due(&l->timers, l->now));)
		t->fn(t);
	return 0;
}

int http_loop_run(struct http_loop *loop, struct mo_err *err)
{
	int rc = 0;

	atomic_store(&loop->thread, pthread_self());
	atomic_store(&loop->running, true);
	while (rc == 0 && !atomic_load(&loop->stop))
		rc = round_once(loop, err);
	run_posted(loop); /* what was posted before the stop finds its owner still there */
	atomic_store(&loop->running, false);
	atomic_store(&loop->stop, false);
	return rc;
}

int http_watch_add(struct http_loop *loop, struct http_watch *watch, int fd, uint32_t events,
	struct mo_err *err)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	MO_ASSERT(!watch->added && watch->fn);
	if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return mo_fail_errno(err, errno, "watch descriptor %d", fd);
	watch->fd = fd;
	watch->events = events;
	watch->added = true;
	return 0;
}

void http_watch_change(struct http_loop *loop, struct http_watch *watch, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	if (!watch->added || watch->events == events)
		return;
	MO_ASSERT(epoll_ctl(loop->epfd, EPOLL_CTL_MOD, watch->fd, &ev) == 0);
	watch->events = events;
}

void http_watch_remove(struct http_loop *loop, struct http_watch *watch)
{
	if (!watch->added)
		return;
	watch->added = false;
	MO_ASSERT(epoll_ctl(loop->epfd, EPOLL_CTL_DEL, watch->fd, NULL) == 0);
	/* Events of this round that were not delivered yet must not reach a freed watch. */
	for (int i = loop->at + 1; i < loop->nready; i++) {
		if (loop->ready[i].data.ptr == watch) {
			loop->ready[i].data.ptr = NULL;
			loop->ready[i].events = 0;
		}
	}
}

void http_timer_set(struct http_loop *loop, struct http_timer *timer, int64_t at)
{
	http_timers_set(&loop->timers, timer, at);
}

void http_timer_clear(struct http_loop *loop, struct http_timer *timer)
{
	http_timers_clear(&loop->timers, timer);
}
