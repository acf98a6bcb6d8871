/* Keep-alive connections from a loop to one upstream address, for the gateway's hop. Strict about
 * what comes back. */
#ifndef MODELOPS_HTTP_UPSTREAM_H
#define MODELOPS_HTTP_UPSTREAM_H

#include "modelops/base/list.h"
#include "modelops/http/loop.h"
#include "modelops/http/message.h"

struct http_upstream;
struct http_upconn;

/* One call. Embedded by its owner (req->arena); zero it, fill the first part, keep it until DONE.
 * Loop thread only. */
struct http_call {
	enum http_method method;
	struct mo_str path;    /* target as sent, e.g. "/predict?proba=1": already a valid target */
	struct mo_str headers; /* ready "Name: value\r\n" lines; not Host, Content-Length,
				  Connection, Transfer-Encoding */
	struct mo_str body;    /* all slices are borrowed until DONE */
	int64_t deadline;      /* mo_mono() microseconds; past it the call fails with MO_ETIMEOUT */
	size_t max_body;       /* largest reply body accepted */
	bool idempotent;       /* may be sent again although bytes of it were written */
	/* Result. Once, on the loop, never from within http_call_start. ERR is NULL when a whole
	 * reply came: then status, head and body are filled and borrowed until DONE returns. Codes:
	 * MO_EUNAVAIL cannot connect, too many waiting, connection lost; MO_ETIMEOUT; MO_EINTERNAL
	 * with slug "bad_upstream" for a reply that is refused (answer 502). */
	void (*done)(struct http_call *call, const struct mo_err *err);
	int status;
	const struct http_head *head;
	struct mo_str body_in;
	bool retried;
	int64_t connect_us; /* spent waiting for a connection */

	struct http_upconn *conn; /* private from here */
	struct http_upstream *upstream;
	struct mo_list node;
	struct http_timer timer;
	struct mo_err fail;
	int64_t started;
};

/* ADDRESS is "unix:/path" (any length) or "tcp:127.0.0.1:9000" (a literal address: no name is
 * looked up). Nothing is connected yet. */
int http_upstream_new(struct http_loop *loop, const char *address, const struct http_limits *limits,
	struct http_upstream **ret_upstream, struct mo_err *err);

/* Fails calls in flight with MO_EUNAVAIL (DONE runs before this returns), closes all. Not from
 * within DONE of its own calls: see http_upstream_retire. */
void http_upstream_free(struct http_upstream *upstream);

/* Takes no more calls, frees itself after the last one ended. Safe everywhere on the loop. */
void http_upstream_retire(struct http_upstream *upstream);

/* Starts CALL on an idle or new connection, or queues it (bounded). A connection found closed
 * before any byte of the reply came is retried once on a fresh one, when it was a reused one and
 * nothing was written, or the call is idempotent. */
void http_call_start(struct http_upstream *upstream, struct http_call *call);

/* Calls running and waiting. Loop thread. */
unsigned http_upstream_load(const struct http_upstream *upstream);

#endif
