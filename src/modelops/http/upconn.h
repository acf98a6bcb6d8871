/* Inside of the upstream pool: one connection and what it tells its pool. */
#ifndef MODELOPS_HTTP_UPCONN_H
#define MODELOPS_HTTP_UPCONN_H

#include "modelops/base/buf.h"
#include "modelops/http/upstream.h"

struct http_upstream {
	struct http_loop *loop;
	const struct http_limits *limits;
	struct mo_list conns, idle, waiting, failed;
	unsigned nconns, nwaiting, load, inside;
	bool retired;
	struct http_task task; /* answers FAILED */
	char address[];
};

struct http_upconn {
	struct http_watch watch; /* first */
	struct http_timer timer; /* deadline of the call, or end of idleness */
	struct mo_list node, idle_node;
	struct http_upstream *upstream;
	struct http_call *call;
	bool connecting, reused, answering; /* answering: a byte of the reply has come */
	bool starting;                      /* inside http_call_start: DONE must wait */
	size_t written, total;              /* bytes of the request */
	struct mo_buf out, body;            /* request head; reply body that does not fit IN */
	struct http_parser parser;
	struct http_head head;
	struct http_chunked chunked;
	bool have_head;
	unsigned interim;                 /* 1xx heads seen */
	size_t pos, end, in_cap, body_at; /* body_at: where the head ended */
	uint64_t left;
	char in[];
};

/* A connection to the upstream, connected or on its way; NULL with ERR. */
struct http_upconn *http_upconn_new(struct http_upstream *u, struct mo_err *err);

/* Gives CONN (idle or new) the call and sends what the socket takes. */
void http_upconn_send(struct http_upconn *conn, struct http_call *call);

/* Closes and frees; a call it still has is not told. */
void http_upconn_close(struct http_upconn *conn);

/* upstream.c: a connection became free or went away. May free the upstream. */
void http_upstream_next(struct http_upstream *u);

/* CALL's connection is gone: tried again when RETRY allows, else DONE with ERR. */
void http_upstream_lost(
	struct http_upstream *u, struct http_call *call, const struct mo_err *err, bool retry);

/* CALL has its reply. */
void http_upstream_done(struct http_upstream *u, struct http_call *call);

#endif
