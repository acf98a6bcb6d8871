/* How slow a client may be. Waiting for it uses up credit, and the bytes it moves earn credit back:
 * it may pause as long as the credit lasts, and on average it must keep HTTP_MIN_RATE. */
#ifndef MODELOPS_HTTP_PACE_H
#define MODELOPS_HTTP_PACE_H

#include <stddef.h>
#include <stdint.h>

/* Times are mo_mono() microseconds. */
struct http_pace {
	int64_t credit; /* microseconds of waiting that are left */
	int64_t most;   /* the longest pause: credit never grows past it */
	int64_t since;  /* the client is waited for since; 0: it is not */
};

/* Full credit, nobody waited for. */
void http_pace_start(struct http_pace *p, int64_t most);

/* The client is waited for at NOW; the time when it is too slow. Said again while it lasts. */
int64_t http_pace_wait(struct http_pace *p, int64_t now);

/* N bytes were moved (0: it is our turn, not the client's). RATE in bytes a second; with 0 every
 * byte earns the whole credit. */
void http_pace_moved(struct http_pace *p, int64_t now, size_t n, int64_t rate);

#endif
