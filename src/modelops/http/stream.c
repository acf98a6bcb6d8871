/* Streamed bodies both ways: a bounded ring each, between the loop and the thread that owns the
 * request. */
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/time.h"
#include "modelops/http/conn.h"
#include "modelops/http/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define LAST_CHUNK "0\r\n\r\n"

struct http_stream {
	pthread_mutex_t lock; /* all below but for the loop's own */
	pthread_cond_t cond;
	struct http_xchg *x;
	struct http_task task;     /* wakes the loop */
	struct http_task end_task; /* the last word of another thread */
	struct http_ring in, out;
	bool body;   /* the request body is streamed */
	bool in_end; /* all of it is in the ring, or BAD says why not */
	const struct http_refusal *bad;
	struct http_refusal bad_copy;
	bool out_open, out_end, ok, gone;
	bool ending;  /* owner's: http_stream_end was called */
	bool discard; /* the reply has no body (HEAD) */
	bool chunked;
	int64_t out_left; /* of an announced length; -1 for none */
	bool in_wanted;   /* the app met an empty ring: tell it */
	bool out_wanted;  /* the app met a full ring: tell it */
	bool blocked;     /* loop only: the socket is full */
};

static const struct http_limits *limits_of(const struct http_xchg *x)
{
	return x->conn->shard->server->limits;
}

/* From any thread: the loop is to look at the rings. Never at once, so that no call of the app ends
 * its request. */
static void kick(struct http_stream *s)
{
	http_loop_post(s->x->conn->shard->loop, &s->task);
}

static void destroy(struct http_stream *s)
{
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->cond);
	http_ring_free(&s->in);
	http_ring_free(&s->out);
	free(s);
}

static void on_task(struct http_task *task)
{
	struct http_stream *s =
		(struct http_stream *)(void *)((char *)task - offsetof(struct http_stream, task));

	if (!s->x)
		destroy(s);
	else if (s->x->conn->state == HTTP_C_RUN)
		http_conn_pump(s->x->conn);
}

/* The last word was said: what is still in the ring goes out, then the request is over. */
static void on_end(struct http_task *task)
{
	struct http_stream *s =
		(struct http_stream *)(void *)((char *)task -
					       offsetof(struct http_stream, end_task));
	struct http_conn *c = s->x->conn;

	atomic_store_explicit(&s->x->suspended, false, memory_order_relaxed);
	pthread_mutex_lock(&s->lock);
	s->out_end = true;
	pthread_mutex_unlock(&s->lock);
	if (c->state == HTTP_C_CLOSED)
		http_conn_finish(c, false);
	http_conn_pump(c);
}

bool http_stream_ending(const struct http_xchg *x)
{
	const struct http_stream *s = x->stream;

	return s && s->ending;
}

static struct http_stream *stream_get(struct http_xchg *x)
{
	if (x->stream)
		return x->stream;
	struct http_stream *s = mo_fault("http.stream") ? NULL : calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	pthread_cond_init(&s->cond, NULL);
	pthread_mutex_init(&s->lock, NULL);
	s->x = x;
	s->task.fn = on_task;
	s->end_task.fn = on_end;
	s->in_end = true;
	return s;
}

void http_stream_free(struct http_xchg *x)
{
	struct http_stream *s = x->stream;

	if (!s)
		return;
	x->stream = NULL;
	s->x = NULL;
	if (!atomic_load(&s->task.posted)) /* else the task does it */
		destroy(s);
}

int http_stream_open_body(struct http_xchg *x)
{
	struct http_stream *s = stream_get(x);

	if (!s)
		return -1;
	x->stream = s;
	s->body = true;
	s->in_end = false;
	return http_ring_new(&s->in, (size_t)limits_of(x)->stream_buffer);
}

size_t http_stream_room(struct http_xchg *x)
{
	struct http_stream *s = x->stream;

	pthread_mutex_lock(&s->lock);
	size_t room = s->in_end ? 0 : http_ring_room(&s->in);
	pthread_mutex_unlock(&s->lock);
	return room;
}

void http_stream_take(struct http_xchg *x, struct mo_str data)
{
	struct http_stream *s = x->stream;

	pthread_mutex_lock(&s->lock);
	http_ring_put(&s->in, data.p, data.n);
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

void http_stream_body_end(struct http_xchg *x, const struct http_refusal *bad)
{
	struct http_stream *s = x->stream;

	pthread_mutex_lock(&s->lock);
	s->in_end = true;
	if (bad) {
		s->bad_copy = *bad;
		s->bad = &s->bad_copy;
	}
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

void http_stream_gone(struct http_xchg *x)
{
	struct http_stream *s = x->stream;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

static int body_failure(const struct http_stream *s, struct mo_err *err)
{
	if (s->gone)
		return mo_fail(err, MO_EUNAVAIL, "the client closed the connection");
	if (!s->bad)
		return 0;
	mo_fail(err,
		s->bad->status == 413   ? MO_ETOOBIG
		: s->bad->status == 408 ? MO_ESLOW
					: MO_EINVAL,
		"%s", s->bad->detail);
	return mo_advise(err, s->bad->reason, NULL);
}

/* Called with the lock. 1 bytes are there, 0 the end, -1 failed. */
static int await_body(struct http_stream *s, bool wait, struct mo_err *err)
{
	while (s->in.len == 0) {
		if (body_failure(s, err) < 0)
			return -1;
		if (s->in_end)
			return 0;
		s->in_wanted = true;
		if (!wait)
			return mo_fail(err, MO_ETIMEOUT, "no byte of the request body is here yet");
		pthread_cond_wait(&s->cond, &s->lock); /* the loop says when that is too long */
	}
	return 1;
}

ssize_t http_body_read(struct http_req *req, void *p, size_t n, bool wait, struct mo_err *err)
{
	struct http_stream *s = http_xchg_of(req)->stream;

	MO_ASSERT(s && s->body && n > 0);
	pthread_mutex_lock(&s->lock);
	int there = await_body(s, wait, err);
	if (there <= 0) {
		pthread_mutex_unlock(&s->lock);
		return there;
	}
	bool was_full = http_ring_room(&s->in) < s->in.cap / 2;
	struct mo_str span = http_ring_span(&s->in);
	size_t got = span.n < n ? span.n : n;
	memcpy(p, span.p, got);
	http_ring_drop(&s->in, got);
	bool paused = was_full && http_ring_room(&s->in) >= s->in.cap / 2 && !s->in_end;
	pthread_mutex_unlock(&s->lock);
	if (paused)
		kick(s);
	return (ssize_t)got;
}

static int start_out(struct http_xchg *x, struct http_stream *s, const struct http_reply *reply,
	int64_t length, struct mo_err *err)
{
	mo_autobuf struct mo_buf head;
	char date[40];

	mo_buf_init(&head, (size_t)limits_of(x)->stream_buffer);
	http_date_format(mo_now(), date);
	s->chunked = length < 0 && x->head.minor == 1;
	s->out_left = length;
	s->discard = x->head.method == HTTP_HEAD || reply->status == 204 || reply->status == 304;
	pthread_mutex_lock(&s->lock);
	bool unread = s->body && (!s->in_end || s->bad);
	pthread_mutex_unlock(&s->lock);
	if (unread || reply->close || (length < 0 && x->head.minor == 0))
		x->close_after = true;
	if (http_head_write(x, &head, reply, length, date) < 0 ||
		http_ring_new(&s->out, (size_t)limits_of(x)->stream_buffer) < 0)
		return mo_fail(err, MO_ENOMEM, "no memory for a streamed reply");
	pthread_mutex_lock(&s->lock);
	http_ring_put(&s->out, head.data, head.len);
	s->out_open = true;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int http_stream_start(
	struct http_req *req, const struct http_reply *reply, int64_t length, struct mo_err *err)
{
	struct http_xchg *x = http_xchg_of(req);
	struct http_stream *s = stream_get(x);

	MO_ASSERT(x->active && x->status == 0);
	if (!s)
		return mo_fail(err, MO_ENOMEM, "no memory for a streamed reply");
	if (start_out(x, s, reply, length, err) < 0) {
		if (!x->stream) {
			x->stream = s;
			http_stream_free(x);
		}
		return -1;
	}
	x->status = reply->status;
	x->sent_bytes = 0;
	x->stream = s; /* from here the loop looks at it */
	if (atomic_load(&x->lost))
		http_stream_gone(x);
	kick(s);
	return 0;
}

/* Called with the lock: 0 when NEED bytes fit. */
static int await_room(struct http_stream *s, size_t need, bool wait, struct mo_err *err)
{
	if (need > s->out.cap)
		return mo_fail(err, MO_ETOOBIG,
			"a piece of %zu bytes is larger than HTTP_STREAM_BUFFER", need);
	while (!s->gone && http_ring_room(&s->out) < need) {
		s->out_wanted = true;
		if (!wait)
			return mo_fail(err, MO_ETIMEOUT, "there is no room for more of the reply");
		pthread_cond_wait(&s->cond, &s->lock);
	}
	if (s->gone)
		return mo_fail(err, MO_EUNAVAIL, "the client closed the connection");
	return 0;
}

static int write_locked(
	struct http_stream *s, const void *p, size_t n, bool wait, struct mo_err *err)
{
	char line[24];
	int k = s->chunked ? snprintf(line, sizeof(line), "%zx\r\n", n) : 0;

	if (s->out_left >= 0 && n > (size_t)s->out_left)
		return mo_fail(err, MO_ETOOBIG, "more bytes than the announced length");
	size_t frame = s->chunked ? (size_t)k + 2 + sizeof(LAST_CHUNK) - 1
				  : 0; /* the end must always fit */
	if (await_room(s, n + frame, wait, err) < 0)
		return -1;
	if (s->out_left >= 0)
		s->out_left -= (int64_t)n;
	if (s->discard)
		return 0;
	http_ring_put(&s->out, line, (size_t)k);
	http_ring_put(&s->out, p, n);
	if (s->chunked)
		http_ring_put(&s->out, "\r\n", 2);
	s->x->sent_bytes += n;
	return 0;
}

int http_stream_write(struct http_req *req, const void *p, size_t n, bool wait, struct mo_err *err)
{
	struct http_stream *s = http_xchg_of(req)->stream;

	MO_ASSERT(s && s->out_open);
	if (n == 0)
		return 0;
	pthread_mutex_lock(&s->lock);
	int rc = write_locked(s, p, n, wait, err);
	pthread_mutex_unlock(&s->lock);
	if (rc == 0)
		kick(s);
	return rc;
}

void http_stream_end(struct http_req *req, bool ok)
{
	struct http_xchg *x = http_xchg_of(req);
	struct http_stream *s = x->stream;

	MO_ASSERT(s && s->out_open && !s->ending);
	s->ending = true;
	pthread_mutex_lock(&s->lock);
	s->ok = ok && (s->out_left <= 0 || s->discard);
	if (s->ok && s->chunked && !s->discard)
		http_ring_put(&s->out, LAST_CHUNK, sizeof(LAST_CHUNK) - 1);
	pthread_mutex_unlock(&s->lock);
	http_loop_post(x->conn->shard->loop, &s->end_task);
}

uint32_t http_stream_events(struct http_xchg *x)
{
	struct http_stream *s = x->stream;
	uint32_t ev = s->blocked ? EPOLLOUT : 0;

	return s->body && http_stream_room(x) > 0 ? ev | EPOLLIN : ev;
}

static bool wants_body(struct http_xchg *x)
{
	return x->stream->body && http_stream_room(x) > 0;
}

bool http_stream_timeout(struct http_conn *c)
{
	static const struct http_refusal slow = { 408, "too_slow",
		"the body came slower than HTTP_MIN_RATE, or paused for HTTP_BODY_TIMEOUT" };
	struct http_xchg *x = c->x;
	int64_t now = http_loop_now(c->shard->loop);

	if (x->stream->blocked && now >= http_pace_wait(&x->out_pace, now))
		return false;
	if (wants_body(x) && now >= http_pace_wait(&x->in_pace, now)) {
		http_metrics_refused(c->shard->server->metrics, slow.reason);
		http_stream_body_end(x, &slow);
	}
	return true;
}

/* One timer for both directions: when the client is too slow; else we look again some time. */
static void set_timer(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	int64_t now = http_loop_now(c->shard->loop), at = now + limits_of(x)->idle_timeout;
	int64_t in = at, out = at;

	if (wants_body(x))
		in = http_pace_wait(&x->in_pace, now);
	else
		http_pace_moved(&x->in_pace, now, 0, 0); /* our turn to read */
	if (x->stream->blocked)
		out = http_pace_wait(&x->out_pace, now);
	at = in < at ? in : at;
	http_timer_set(c->shard->loop, &c->timer, out < at ? out : at);
}

/* Sends from the ring. 1 it is empty, 0 the socket is full, -1 lost. */
static int drain_out(struct http_conn *c, struct http_stream *s)
{
	for (;;) {
		pthread_mutex_lock(&s->lock);
		struct mo_str span = http_ring_span(&s->out);
		pthread_mutex_unlock(&s->lock);
		if (span.n == 0)
			return 1;
		struct iovec iov = { (void *)(uintptr_t)span.p, span.n };
		ssize_t put = http_io_send(c, &iov, 1);
		if (put < 0)
			return put == -1 ? 0 : -1;
		pthread_mutex_lock(&s->lock);
		http_ring_drop(&s->out, (size_t)put);
		pthread_cond_signal(&s->cond);
		pthread_mutex_unlock(&s->lock);
		http_pace_moved(&c->x->out_pace, http_loop_now(c->shard->loop), (size_t)put,
			limits_of(c->x)->min_rate);
	}
}

static unsigned pending_events(struct http_stream *s)
{
	unsigned ev = 0;

	pthread_mutex_lock(&s->lock);
	if (s->in_wanted && (s->in.len || s->in_end)) {
		ev |= HTTP_EV_BODY;
		s->in_wanted = false;
	}
	if (s->out_wanted && s->out.len <= s->out.cap / 2) {
		ev |= HTTP_EV_ROOM;
		s->out_wanted = false;
	}
	pthread_mutex_unlock(&s->lock);
	return ev;
}

/* All was sent: a good end keeps the connection, a bad one cuts it. */
static void finish_out(struct http_conn *c, struct http_stream *s)
{
	if (s->ok)
		http_conn_finish(c, true);
	else
		http_conn_cut(c);
}

void http_stream_loop(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	struct http_stream *s = x->stream;

	if (s->body)
		while (c->state == HTTP_C_RUN && http_body_stream(c))
			;
	if (c->state != HTTP_C_RUN)
		return;
	pthread_mutex_lock(&s->lock);
	bool open = s->out_open, end = s->out_end;
	pthread_mutex_unlock(&s->lock);
	int r = open ? drain_out(c, s) : 1;
	s->blocked = r == 0;
	if (r < 0) {
		http_conn_lost(c);
		return;
	}
	if (r > 0 && end) {
		finish_out(c, s);
		return;
	}
	set_timer(c);
	unsigned ev = atomic_load(&x->suspended) ? 0 : pending_events(s);
	if (ev && c->shard->server->app.event)
		c->shard->server->app.event(&x->req, ev);
}
