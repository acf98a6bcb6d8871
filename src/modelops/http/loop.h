/* Event loop: descriptors, timers and tasks from other threads, on one thread. */
#ifndef MODELOPS_HTTP_LOOP_H
#define MODELOPS_HTTP_LOOP_H

#include "modelops/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct http_loop;

/* A descriptor with its callback. The caller owns the struct and embeds it; zero it before the
 * first use. FN gets epoll's event bits (level-triggered) and may remove or free any watch. */
struct http_watch {
	void (*fn)(struct http_watch *watch, uint32_t events);
	int fd;
	uint32_t events; /* as asked for last */
	bool added;
};

/* A deadline. Embedded by its owner, zeroed before first use; never allocates, so setting it cannot
 * fail. Moving it later is free. FN runs once on the loop; it may set the timer again. */
struct http_timer {
	void (*fn)(struct http_timer *timer);
	int64_t at;  /* mo_mono() microseconds */
	int64_t key; /* private from here */
	struct http_timer *child, *next, *prev;
	bool set;
};

/* Work posted from any thread; runs once on the loop. Embedded by its owner, which keeps it until
 * FN is called: so the queue needs no memory of its own and posting cannot fail. */
struct http_task {
	void (*fn)(struct http_task *task);
	struct http_task *next;
	_Atomic bool posted;
};

int http_loop_new(struct http_loop **ret_loop, struct mo_err *err);

/* The loop must not be running; watches and timers still set are forgotten. Tasks still posted are
 * run first. */
void http_loop_free(struct http_loop *loop);

/* Runs until http_loop_stop. The calling thread becomes the loop's thread. */
int http_loop_run(struct http_loop *loop, struct mo_err *err);

/* Any thread and signal handlers: http_loop_run returns after the current round. */
void http_loop_stop(struct http_loop *loop);

/* Any thread. A task that is still posted is not posted twice. */
void http_loop_post(struct http_loop *loop, struct http_task *task);

/* mo_mono() as of this round; loop thread only. */
int64_t http_loop_now(const struct http_loop *loop);

/* The remaining calls: loop thread, or before the loop runs. */
int http_watch_add(struct http_loop *loop, struct http_watch *watch, int fd, uint32_t events,
	struct mo_err *err);
void http_watch_change(
	struct http_loop *loop, struct http_watch *watch, uint32_t events); /* no call when equal */
void http_watch_remove(struct http_loop *loop, struct http_watch *watch);   /* does not close fd */

void http_timer_set(struct http_loop *loop, struct http_timer *timer, int64_t at);
void http_timer_clear(struct http_loop *loop, struct http_timer *timer);

#endif
