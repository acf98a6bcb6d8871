/* Pairing heap of struct http_timer: intrusive, so that setting a deadline never needs memory. */
#ifndef MODELOPS_HTTP_TIMERS_H
#define MODELOPS_HTTP_TIMERS_H

#include "modelops/http/loop.h"

struct http_timers {
	struct http_timer *root; /* earliest key */
};

void http_timers_set(struct http_timers *t, struct http_timer *timer, int64_t at);
void http_timers_clear(struct http_timers *t, struct http_timer *timer);

/* Takes one timer whose time is NOW or past, or NULL. */
struct http_timer *http_timers_due(struct http_timers *t, int64_t now);

/* Key of the earliest, or INT64_MAX. A timer moved later may make it too early, never too late. */
int64_t http_timers_next(const struct http_timers *t);

#endif
