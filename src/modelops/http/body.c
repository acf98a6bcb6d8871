/* Request bodies: in place, buffered, or piece by piece to a stream. */
#include "modelops/http/conn.h"

#include "modelops/base/check.h"

#include <string.h>

static const struct http_refusal too_big = { 413, "body_too_big",
	"the body is larger than this route allows" };
static const struct http_refusal no_memory = { 503, "no_memory",
	"there is no memory for the body" };
static const struct http_refusal buffers_full = { 503, "buffers_full",
	"too many bytes are held for this address, or for all, at the moment" };
static const struct http_refusal cut_off = { 400, "body_cut_off",
	"the connection ended in the middle of the body" };

static void to_app(struct http_conn *c)
{
	c->state = HTTP_C_RUN;
	c->shard->server->app.request(&c->x->req);
}

/* The client waits for a word before it sends the body. */
static bool say_continue(struct http_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec iov = { (void *)(uintptr_t)text, sizeof(text) - 1 };

	if (!c->x->head.expect_continue || c->x->end > c->x->pos)
		return true;
	if (http_io_send(c, &iov, 1) == (ssize_t)sizeof(text) - 1)
		return true;
	http_conn_lost(c);
	return false;
}

void http_body_start(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	const struct http_limits *l = c->shard->server->limits;
	bool chunked = x->head.framing == HTTP_BODY_CHUNKED;
	int64_t max = x->req.max_body;

	if (x->head.framing == HTTP_BODY_NONE) {
		if (x->req.stream_body && http_stream_open_body(x) < 0) {
			http_conn_refuse(c, &no_memory);
			return;
		}
		if (x->req.stream_body)
			http_stream_body_end(x, NULL);
		to_app(c);
		return;
	}
	if (!x->req.stream_body && max > l->max_body)
		max = l->max_body;
	if (max <= 0 || (!chunked && x->head.length > (uint64_t)max)) {
		http_conn_refuse(c, &too_big);
		return;
	}
	x->req.max_body = x->stream_max = max;
	x->body_left = x->head.length;
	http_chunked_init(&x->chunked, l);
	x->body.max = (size_t)max;
	if (x->req.stream_body && http_stream_open_body(x) < 0) {
		http_conn_refuse(c, &no_memory);
		return;
	}
	if (!say_continue(c))
		return;
	if (x->req.stream_body) { /* http_stream_loop keeps its time */
		to_app(c);
		return;
	}
	c->state = HTTP_C_BODY;
	if (chunked || x->body_left > x->end - x->pos)
		http_timer_set(c->shard->loop, &c->timer, x->req.started + l->body_timeout);
}

void http_req_read_body(struct http_req *req)
{
	struct http_xchg *x = http_xchg_of(req);
	struct http_conn *c = x->conn;

	MO_ASSERT(x->active && x->status == 0 && !atomic_load(&x->suspended));
	if (c->state == HTTP_C_CLOSED) {
		http_conn_finish(c, false);
	} else {
		c->state = HTTP_C_ROUTE;
		c->pumping = true; /* the app may end its request here, but C stays */
		http_body_start(c);
		c->pumping = false;
	}
	http_conn_pump(c);
}

static bool complete(struct http_conn *c, const char *p, size_t n)
{
	c->x->req.body = (struct mo_str){ p, n };
	c->x->body_whole = true;
	to_app(c);
	return true;
}

/* Result of http_conn_fill that is no progress. */
static bool stalled(struct http_conn *c, ssize_t got)
{
	if (got == -1)
		return false;
	if (got == 0)
		http_conn_refuse(c, &cut_off);
	else
		http_conn_lost(c);
	return true;
}

static bool step_in_place(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	size_t want = x->head_end + (size_t)x->head.length;

	if (x->end >= want) {
		x->pos = want;
		return complete(c, x->in + x->head_end, (size_t)x->head.length);
	}
	ssize_t got = http_conn_fill(c, x->in + x->end, x->in_cap - x->end);
	if (got <= 0)
		return stalled(c, got);
	x->end += (size_t)got;
	return true;
}

/* Room for N bytes more of the body. False: it was refused. */
static bool body_room(struct http_conn *c, size_t n)
{
	struct http_xchg *x = c->x;

	if (mo_buf_reserve(&x->body, n) < 0)
		http_conn_refuse(c, &no_memory);
	else if (!http_conn_charge(c, (int64_t)x->body.cap - x->charged))
		http_conn_refuse(c, &buffers_full);
	else
		return true;
	return false;
}

static bool step_length(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	size_t have = x->end - x->pos;

	if (have > 0) { /* all of it: the body is larger than IN */
		if (!body_room(c, have))
			return true;
		mo_buf_append(&x->body, x->in + x->pos, have);
		x->body_left -= have;
		x->pos = x->end;
	}
	if (x->body_left == 0)
		return complete(c, x->body.data, x->body.len);
	size_t want = x->body_left < HTTP_BODY_KEEP ? (size_t)x->body_left : HTTP_BODY_KEEP;
	if (!body_room(c, want))
		return true;
	ssize_t got = http_conn_fill(c, x->body.data + x->body.len, want);
	if (got <= 0)
		return stalled(c, got);
	x->body.len += (size_t)got;
	x->body_left -= (uint64_t)got;
	return true;
}

/* Room behind the head for more of the body. */
static ssize_t refill(struct http_conn *c)
{
	struct http_xchg *x = c->x;

	if (x->pos == x->end)
		x->pos = x->end = x->head_end;
	ssize_t got = http_conn_fill(c, x->in + x->end, x->in_cap - x->end);
	if (got > 0)
		x->end += (size_t)got;
	return got;
}

static bool step_chunked(struct http_conn *c)
{
	struct http_xchg *x = c->x;

	while (x->pos < x->end) {
		struct mo_str data;
		size_t used;
		enum http_parse r = http_chunked_next(
			&x->chunked, x->in + x->pos, x->end - x->pos, &used, &data);
		x->pos += used;
		if (r == HTTP_REFUSED) {
			http_conn_refuse(c, &x->chunked.refusal);
			return true;
		}
		if (data.n > x->body.max - x->body.len) {
			http_conn_refuse(c, &too_big);
			return true;
		}
		if (data.n && !body_room(c, data.n))
			return true;
		if (data.n)
			mo_buf_append(&x->body, data.p, data.n);
		if (r == HTTP_DONE)
			return complete(c, mo_buf_str(&x->body), x->body.len);
	}
	ssize_t got = refill(c);
	return got <= 0 ? stalled(c, got) : true;
}

bool http_body_step(struct http_conn *c)
{
	struct http_xchg *x = c->x;

	if (x->head.framing == HTTP_BODY_CHUNKED)
		return step_chunked(c);
	if (x->head.length <= x->in_cap - x->head_end)
		return step_in_place(c);
	return step_length(c);
}

/* Moves one piece from IN to the stream. */
static void stream_piece(struct http_conn *c, size_t room)
{
	struct http_xchg *x = c->x;
	size_t have = x->end - x->pos, used = have < room ? have : room;
	struct mo_str data;
	enum http_parse r = HTTP_MORE;

	if (x->head.framing == HTTP_BODY_CHUNKED) {
		r = http_chunked_next(&x->chunked, x->in + x->pos, used, &used, &data);
	} else {
		used = x->body_left < used ? (size_t)x->body_left : used;
		data = (struct mo_str){ x->in + x->pos, used };
		x->body_left -= used;
		r = x->body_left ? HTTP_MORE : HTTP_DONE;
	}
	x->pos += used;
	x->stream_max -= (int64_t)data.n;
	if (r == HTTP_REFUSED || x->stream_max < 0) {
		http_stream_body_end(x, r == HTTP_REFUSED ? &x->chunked.refusal : &too_big);
		return;
	}
	if (data.n)
		http_stream_take(x, data);
	if (r == HTTP_DONE) {
		x->body_whole = true;
		http_stream_body_end(x, NULL);
	}
}

bool http_body_stream(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	size_t room = http_stream_room(x);

	if (room == 0)
		return false;
	if (x->pos < x->end) {
		stream_piece(c, room);
		return true;
	}
	ssize_t got = refill(c);
	if (got > 0) {
		http_pace_moved(&x->in_pace, http_loop_now(c->shard->loop), (size_t)got,
			c->shard->server->limits->min_rate);
		return true;
	}
	if (got == 0)
		http_stream_body_end(x, &cut_off);
	else if (got < -1)
		http_conn_lost(c);
	return false;
}
