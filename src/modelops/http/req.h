/* One request and its reply, as a program's handlers see them. */
#ifndef MODELOPS_HTTP_REQ_H
#define MODELOPS_HTTP_REQ_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/base/str.h"
#include "modelops/http/loop.h"
#include "modelops/http/message.h"
#include "modelops/http/router.h"

#include <sys/types.h>

enum http_req_event {
	HTTP_EV_BODY =
		1, /* streamed body: http_body_read has bytes, the end, or an error for you */
	HTTP_EV_ROOM = 2, /* streamed reply: there is room again after a write that did not fit */
	HTTP_EV_GONE = 4, /* the client went away while the request was suspended or streaming */
};

/* Made by the server, valid from app->head to the return of app->done. Read-only but for the marked
 * members. A request belongs to its loop's thread until http_req_suspend, then to the thread it was
 * handed to until http_req_resume or http_stream_end. */
struct http_req {
	const struct http_head *head;
	const struct http_match *match; /* row and parameters */
	struct mo_str body;             /* whole body, when buffered */
	const char *id;          /* request id: the client's X-Request-Id when sane, else made */
	const char *traceparent; /* as received when well formed, else "" */
	const char *peer;        /* "127.0.0.1", "::1", "unix" */
	bool peer_local;         /* loopback address or unix socket */
	int64_t started;         /* mo_mono() when the head was complete */
	struct http_loop *loop;
	struct mo_arena *arena; /* memory of this request: reset after app->done */
	void *ctx;              /* of struct http_app */

	void *user;       /* yours; NULL at the start */
	int64_t max_body; /* app->head may set: bytes allowed; 0 (the default) = a body is refused
			     with 413 */
	bool stream_body; /* app->head may set: app->request is called before the body; read it with
			     http_body_read */
};

struct http_reply {
	int status;
	const char *content_type; /* NULL for none */
	struct mo_str body;
	bool stable; /* body lives in req->arena or is constant; else what the socket does not take
			at once is copied */
	int fd;      /* with file_len >= 0 and status set: the body is file_len bytes of FD from
			file_off; closed by the server */
	int64_t file_off, file_len;
	bool has_fd;
	bool close; /* close the connection afterwards */
};

/* Adds a header field to the coming reply. Thread that owns the request. MO_EINTERNAL for a bad
 * name or value (control bytes), MO_ENOMEM. Not for Content-Length, Transfer-Encoding, Connection,
 * Date, Content-Type, X-Request-Id: the server makes those. */
int http_req_header(struct http_req *req, const char *name, const char *value, struct mo_err *err);

/* Answers, on the loop. Each request is answered exactly once (a second answer aborts: our bug).
 * May be called from app->head (the body is then not read), app->request or later. A HEAD request
 * gets the head only. The request must not be touched after it returns. */
void http_req_reply(struct http_req *req, const struct http_reply *reply);

/* Answers with application/problem+json made from ERR: type title status code detail field? hint?
 * request_id. Loop. 429 and 503 carry Retry-After: 1 unless you added one. */
void http_req_problem(struct http_req *req, const struct mo_err *err);

/* Same with another status than the code's own (502, 408, 405, 501 ...). */
void http_req_problem_status(struct http_req *req, int status, const struct mo_err *err);

/* Before handing REQ to another thread (loop only): reading is paused, the connection is kept. The
 * other thread then owns REQ and its arena. In app->head too: no body byte is read then until
 * http_req_read_body. */
void http_req_suspend(struct http_req *req);

/* On the loop, resumed after a suspension in app->head: goes on as if app->head had returned. */
void http_req_read_body(struct http_req *req);

/* The owner thread hands REQ back with its reply, sent by the loop. REPLY is copied; its body must
 * be stable or NULL. Never blocks or fails. */
void http_req_resume(struct http_req *req, const struct http_reply *reply);
void http_req_resume_problem(struct http_req *req, const struct mo_err *err);

/* The owner thread hands REQ back without a reply: FN runs on the loop and answers (or suspends
 * again). */
void http_req_resume_fn(struct http_req *req, void (*fn)(struct http_req *req));

/* True when the client closed its side. Any thread that owns REQ. It is a hint to stop work; a
 * reply is still legal and needed. */
bool http_req_gone(const struct http_req *req);

/* --- Streamed bodies. Owner thread: the loop (WAIT = false) or, while suspended, another thread. A
 * wait ends: the server gives up a client that is too slow (HTTP_MIN_RATE). --- */

/* Bytes of a streamed request body: > 0; 0 at its end; -1 with ERR: MO_ESLOW when the client was
 * too slow, MO_EUNAVAIL when it went away, MO_EINVAL bad framing, MO_ETOOBIG past max_body; without
 * WAIT MO_ETIMEOUT when nothing is here yet (wait for HTTP_EV_BODY). */
ssize_t http_body_read(struct http_req *req, void *p, size_t n, bool wait, struct mo_err *err);

/* Starts a reply whose body is written piece by piece. LENGTH >= 0 is sent as Content-Length, -1
 * means chunked (to HTTP/1.0: until close). status, content_type and close are taken from REPLY;
 * headers were added before. */
int http_stream_start(
	struct http_req *req, const struct http_reply *reply, int64_t length, struct mo_err *err);

/* Queues N bytes, all or nothing. -1: MO_EUNAVAIL when the client is gone or too slow, MO_ETOOBIG
 * when N exceeds the stream buffer or the announced length; without WAIT MO_ETIMEOUT when there is
 * no room (wait for HTTP_EV_ROOM). */
int http_stream_write(struct http_req *req, const void *p, size_t n, bool wait, struct mo_err *err);

/* Ends the reply and hands REQ back. OK = false, or fewer bytes than announced, cuts the connection
 * so that the client sees a broken body. */
void http_stream_end(struct http_req *req, bool ok);

#endif
