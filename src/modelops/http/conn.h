/* Inside of the server: connections, and the steps a request takes. */
#ifndef MODELOPS_HTTP_CONN_H
#define MODELOPS_HTTP_CONN_H

#include "modelops/http/shard.h"

#include <sys/uio.h>

enum http_conn_state {
	HTTP_C_HEAD,   /* between requests, or in the middle of a head */
	HTTP_C_BODY,   /* buffering a body */
	HTTP_C_ROUTE,  /* inside app->head */
	HTTP_C_RUN,    /* the app has the request */
	HTTP_C_SEND,   /* a reply is on its way */
	HTTP_C_LINGER, /* the reply is out; what still comes is thrown away */
	HTTP_C_CLOSED, /* no descriptor any more; freed once its request is finished */
};

struct http_conn {
	struct http_watch watch; /* first */
	struct http_timer timer;
	struct http_task task; /* to go on after the pipeline budget */
	struct http_shard *shard;
	struct http_xchg *x; /* NULL while nothing is buffered */
	struct mo_list node;
	SSL *ssl;
	uint8_t state;
	bool pumping, readable, peer_eof, counted, want_write;
	bool inside;   /* came in by a listener for this machine's own programs */
	bool refusing; /* past a limit: answered and closed, and counted apart */
	struct http_addr addr;
	char peer[46]; /* its text */
};

/* conn.c */
struct http_conn *http_conn_new(
	struct http_listener *from, int fd, const struct http_addr *addr, bool refusing);
void http_conn_refuse_new(struct http_conn *c, int status, const char *reason, const char *detail);
void http_conn_pump(struct http_conn *c); /* goes on as far as it can; may free C */
void http_conn_lost(struct http_conn *c); /* the peer is gone: closes, tells the app */
void http_conn_cut(struct http_conn *c);  /* closes and ends the request, unsent */
void http_conn_flush(
	struct http_conn *c); /* sends what is pending; ends the request when all is out */
void http_conn_finish(struct http_conn *c, bool sent); /* the request is over */
/* BYTES more are held until then (a negative number is none); false: that is too much. */
bool http_conn_charge(struct http_conn *c, int64_t bytes);
void http_conn_settle(struct http_conn *c); /* after a call from outside the pump; may free C */
void http_conn_drain(struct http_conn *c);  /* closes C when it is idle; may free C */

/* begin.c: from a complete head to the app. */
void http_conn_begin(struct http_conn *c);
void http_conn_refuse(struct http_conn *c, const struct http_refusal *r);

/* body.c */
void http_body_start(struct http_conn *c);
bool http_body_step(struct http_conn *c);   /* true when something moved */
bool http_body_stream(struct http_conn *c); /* the same for a streamed body */
ssize_t http_conn_fill(
	struct http_conn *c, void *p, size_t n); /* recv that remembers an empty socket */

/* io.c: > 0 bytes, 0 end, -1 would block, -2 lost. */
ssize_t http_io_recv(struct http_conn *c, void *p, size_t n);
ssize_t http_io_send(struct http_conn *c, struct iovec *iov, int n);
ssize_t http_io_sendfile(struct http_conn *c, int fd, int64_t *off, size_t n);
int http_tls_new(const struct http_limits *limits, SSL_CTX **ret_tls, struct mo_err *err);

#endif
