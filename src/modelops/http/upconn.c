/* One upstream connection: writes a request, reads the reply strictly, becomes idle or closes. */
#include "modelops/http/upconn.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/http/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { IN_EXTRA = 16384, INTERIM_MAX = 8, OUT_KEEP = 65536 };

static void on_event(struct http_watch *watch, uint32_t events);

void http_upconn_close(struct http_upconn *conn)
{
	struct http_upstream *u = conn->upstream;

	http_watch_remove(u->loop, &conn->watch);
	http_timer_clear(u->loop, &conn->timer);
	close(conn->watch.fd);
	mo_list_remove(&conn->node);
	mo_list_remove(&conn->idle_node);
	u->nconns--;
	mo_buf_free(&conn->out);
	mo_buf_free(&conn->body);
	free(conn);
}

/* The connection failed: the call is retried when nothing of a reply came and a second try is safe.
 */
static void lost(struct http_upconn *conn, enum mo_code code, const char *slug, const char *why)
{
	struct http_upstream *u = conn->upstream;
	struct http_call *call = conn->call;
	bool retry = conn->reused && !conn->answering && code == MO_EUNAVAIL && call &&
		     (conn->written == 0 || call->idempotent);
	struct mo_err err = { 0 };

	mo_fail(&err, code, "upstream %s: %s", u->address, why);
	mo_advise(&err, slug, NULL);
	http_upconn_close(conn);
	if (call)
		http_upstream_lost(u, call, &err, retry);
	http_upstream_next(u);
}

static void on_timer(struct http_timer *timer)
{
	struct http_upconn *conn =
		(struct http_upconn *)(void *)((char *)timer - offsetof(struct http_upconn, timer));

	lost(conn, MO_ETIMEOUT, NULL,
		conn->connecting ? "the connection was not made in time"
				 : "no whole reply came in time");
}

struct http_upconn *http_upconn_new(struct http_upstream *u, struct mo_err *err)
{
	size_t cap = (size_t)u->limits->upstream_head + IN_EXTRA;
	bool now;
	int fd;

	if (http_connect(u->address, &fd, &now, err) < 0)
		return NULL;
	struct http_upconn *conn = mo_fault("http.upconn") ? NULL : malloc(sizeof(*conn) + cap);
	if (!conn) {
		close(fd);
		mo_fail(err, MO_ENOMEM, "connection to %s", u->address);
		return NULL;
	}
	memset(conn, 0, sizeof(*conn));
	conn->upstream = u;
	conn->in_cap = cap;
	conn->connecting = !now;
	conn->watch.fn = on_event;
	conn->timer.fn = on_timer;
	mo_list_init(&conn->idle_node);
	mo_buf_init(&conn->out, 1 << 20);
	mo_buf_init(&conn->body, 0);
	if (http_watch_add(u->loop, &conn->watch, fd, now ? EPOLLIN : EPOLLIN | EPOLLOUT, err) <
		0) {
		close(fd);
		free(conn);
		return NULL;
	}
	mo_list_push(&u->conns, &conn->node);
	u->nconns++;
	return conn;
}

static int compose(struct http_upconn *conn, const struct http_call *call)
{
	struct mo_buf *b = &conn->out;
	bool body = call->body.n > 0 || call->method == HTTP_POST || call->method == HTTP_PUT ||
		    call->method == HTTP_PATCH;
	char length[48];

	mo_buf_reset(b);
	mo_buf_puts(b, http_method_name(call->method));
	mo_buf_putc(b, ' ');
	mo_buf_append(b, call->path.p, call->path.n);
	mo_buf_append(b, " HTTP/1.1\r\nHost: modelops\r\n", 27);
	if (body) {
		int n = snprintf(length, sizeof(length), "Content-Length: %zu\r\n", call->body.n);
		mo_buf_append(b, length, (size_t)n);
	}
	if (call->headers.n)
		mo_buf_append(b, call->headers.p, call->headers.n);
	mo_buf_append(b, "\r\n", 2);
	conn->total = b->len + call->body.n;
	return b->failed ? -1 : 0;
}

/* Sends what is left of the request. False when the connection is lost (and CONN gone). */
static bool push(struct http_upconn *conn)
{
	const struct http_call *call = conn->call;

	while (conn->written < conn->total) {
		size_t head = conn->written < conn->out.len ? conn->out.len - conn->written : 0;
		size_t body = call->body.n -
			      (conn->written > conn->out.len ? conn->written - conn->out.len : 0);
		struct iovec iov[2] = { { conn->out.data + conn->written, head },
			{ (void *)(uintptr_t)(call->body.p + (call->body.n - body)), body } };
		struct msghdr m = { .msg_iov = head ? iov : iov + 1,
			.msg_iovlen = head && body ? 2 : 1 };
		ssize_t put = sendmsg(conn->watch.fd, &m, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			http_watch_change(conn->upstream->loop, &conn->watch, EPOLLIN | EPOLLOUT);
			return true;
		}
		if (put < 0 && conn->starting)
			return true; /* comes again as an event */
		if (put < 0) {
			lost(conn, MO_EUNAVAIL, NULL,
				"it closed the connection while the request was sent");
			return false;
		}
		conn->written += (size_t)put;
	}
	http_watch_change(conn->upstream->loop, &conn->watch, EPOLLIN);
	return true;
}

void http_upconn_send(struct http_upconn *conn, struct http_call *call)
{
	struct http_upstream *u = conn->upstream;

	conn->call = call;
	call->conn = conn;
	conn->written = 0;
	conn->answering = conn->have_head = false;
	conn->interim = 0;
	conn->pos = conn->end = 0;
	http_timer_set(u->loop, &conn->timer, call->deadline);
	http_parser_response(&conn->parser, u->limits, &conn->head, call->method == HTTP_HEAD);
	if (compose(conn, call) < 0) {
		http_timer_set(u->loop, &conn->timer, 0); /* never from within http_call_start */
		return;
	}
	if (conn->connecting)
		return;
	conn->starting = true;
	push(conn);
	conn->starting = false;
}

/* The reply is whole: DONE, then the connection serves the next call or waits. */
static void complete(struct http_upconn *conn, struct mo_str body)
{
	struct http_upstream *u = conn->upstream;
	struct http_call *call = conn->call;
	bool keep = conn->head.keep_alive && conn->written == conn->total && conn->pos == conn->end;

	call->status = conn->head.status;
	call->head = &conn->head;
	call->body_in = body;
	conn->call = NULL;
	http_upstream_done(u, call);
	if (conn->body.cap > OUT_KEEP)
		mo_buf_free(&conn->body);
	if (!keep || u->retired) {
		http_upconn_close(conn);
	} else {
		conn->reused = true;
		mo_list_push_front(&u->idle, &conn->idle_node);
		http_timer_set(
			u->loop, &conn->timer, http_loop_now(u->loop) + u->limits->upstream_idle);
	}
	http_upstream_next(u);
}

static void refuse(struct http_upconn *conn, const struct http_refusal *r)
{
	lost(conn, MO_EINTERNAL, "bad_upstream", r->detail);
}

static void start_body(struct http_upconn *conn)
{
	conn->left = conn->head.length;
	mo_buf_reset(&conn->body);
	conn->body.max = conn->call->max_body;
	http_chunked_init(&conn->chunked, conn->upstream->limits);
}

/* True when the head is there. */
static bool parse_head(struct http_upconn *conn)
{
	static const struct http_refusal interim = { 502, "interim",
		"it sends nothing but interim replies" };
	static const struct http_refusal switching = { 502, "switching", "it switches protocols" };
	static const struct http_refusal too_big = { 502, "reply_too_big",
		"the reply is larger than allowed" };

	for (;;) {
		size_t used;
		enum http_parse r = http_parse_head(
			&conn->parser, conn->in + conn->pos, conn->end - conn->pos, &used);
		if (r == HTTP_MORE)
			return false;
		if (r == HTTP_REFUSED) {
			refuse(conn, &conn->parser.refusal);
			return false;
		}
		conn->pos += used;
		if (conn->head.status >= 200)
			break;
		if (conn->head.status == 101 || ++conn->interim > INTERIM_MAX) {
			refuse(conn, conn->head.status == 101 ? &switching : &interim);
			return false;
		}
		http_parser_response(&conn->parser, conn->upstream->limits, &conn->head,
			conn->call->method == HTTP_HEAD);
	}
	conn->have_head = true;
	conn->body_at = conn->pos;
	start_body(conn);
	if (conn->head.framing == HTTP_BODY_LENGTH && conn->head.length > conn->call->max_body) {
		refuse(conn, &too_big);
		return false;
	}
	return true;
}

/* What IN holds goes to BODY. -1 when the connection was given up. */
static int spill(struct http_upconn *conn, const char *p, size_t n)
{
	static const struct http_refusal too_big = { 502, "reply_too_big",
		"the reply is larger than allowed" };

	if (n == 0 || mo_buf_append(&conn->body, p, n) == 0)
		return 0;
	refuse(conn, &too_big);
	return -1;
}

static void read_chunked(struct http_upconn *conn)
{
	while (conn->pos < conn->end) {
		struct mo_str data;
		size_t used;
		enum http_parse r = http_chunked_next(
			&conn->chunked, conn->in + conn->pos, conn->end - conn->pos, &used, &data);
		conn->pos += used;
		if (r == HTTP_REFUSED) {
			refuse(conn, &conn->chunked.refusal);
			return;
		}
		if (spill(conn, data.p, data.n) < 0)
			return;
		if (r == HTTP_DONE) {
			complete(conn, (struct mo_str){ mo_buf_str(&conn->body), conn->body.len });
			return;
		}
	}
}

static void read_length(struct http_upconn *conn)
{
	size_t have = conn->end - conn->pos;

	if (conn->body.len == 0 && have >= conn->left) { /* in place */
		struct mo_str body = { conn->in + conn->pos, (size_t)conn->left };
		conn->pos += (size_t)conn->left;
		complete(conn, body);
		return;
	}
	if (conn->body.len == 0 && conn->left <= conn->in_cap - conn->pos)
		return;
	size_t n = have < conn->left ? have : (size_t)conn->left;
	if (spill(conn, conn->in + conn->pos, n) < 0)
		return;
	conn->pos += n;
	conn->left -= n;
	if (conn->left == 0)
		complete(conn, (struct mo_str){ conn->body.data, conn->body.len });
}

/* Looks at what has come; may end the call and CONN. */
static void digest(struct http_upconn *conn)
{
	if (!conn->have_head && !parse_head(conn))
		return;
	switch (conn->head.framing) {
	case HTTP_BODY_NONE:
		complete(conn, (struct mo_str){ "", 0 });
		return;
	case HTTP_BODY_LENGTH:
		read_length(conn);
		return;
	case HTTP_BODY_CHUNKED:
		read_chunked(conn);
		return;
	case HTTP_BODY_TO_CLOSE:
		if (spill(conn, conn->in + conn->pos, conn->end - conn->pos) == 0)
			conn->pos = conn->end;
	}
}

/* Where the next bytes go: behind what is kept. Once the head is read and all after it was moved
 * on, its room is kept. */
static void make_room(struct http_upconn *conn)
{
	if (conn->have_head && conn->pos == conn->end && conn->head.framing != HTTP_BODY_LENGTH)
		conn->pos = conn->end = conn->body_at;
	else if (conn->have_head && conn->pos == conn->end && conn->body.len > 0)
		conn->pos = conn->end = conn->body_at;
}

static void on_readable(struct http_upconn *conn)
{
	make_room(conn);
	size_t room = conn->in_cap - conn->end;
	ssize_t got;

	do
		got = recv(conn->watch.fd, conn->in + conn->end, room, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0) {
		conn->answering = true;
		conn->end += (size_t)got;
		digest(conn);
	} else if (got == 0 && conn->have_head && conn->head.framing == HTTP_BODY_TO_CLOSE) {
		complete(conn, (struct mo_str){ mo_buf_str(&conn->body), conn->body.len });
	} else {
		lost(conn, MO_EUNAVAIL, NULL,
			conn->answering ? "it closed the connection in the middle of a reply"
					: "it closed the connection without a reply");
	}
}

static void on_connected(struct http_upconn *conn)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(conn->watch.fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0 || e) {
		lost(conn, MO_EUNAVAIL, NULL, e ? strerrordesc_np(e) : "no connection");
		return;
	}
	conn->connecting = false;
	if (conn->call)
		push(conn);
}

static void on_event(struct http_watch *watch, uint32_t events)
{
	struct http_upconn *conn = (struct http_upconn *)(void *)watch;

	if (conn->connecting) {
		on_connected(conn);
	} else if (!conn->call) { /* idle: nothing but its end can come */
		struct http_upstream *u = conn->upstream;
		http_upconn_close(conn);
		http_upstream_next(u);
	} else {
		if ((events & EPOLLOUT) && conn->written < conn->total && !push(conn))
			return;
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			on_readable(conn);
	}
}
