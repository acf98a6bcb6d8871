/* One client connection: reads, parses, hands over, sends, goes on. */
#include "modelops/http/conn.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/time.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int64_t now(const struct http_conn *c)
{
	return http_loop_now(c->shard->loop);
}

static void arm(struct http_conn *c, int64_t after)
{
	http_timer_set(c->shard->loop, &c->timer, now(c) + after);
}

static void conn_free(struct http_conn *c)
{
	mo_list_remove(&c->node);
	free(c);
}

static void task_run(struct http_task *task)
{
	struct http_conn *c =
		(struct http_conn *)(void *)((char *)task - offsetof(struct http_conn, task));

	http_conn_pump(c);
}

/* A refused connection is in nobody's way: it counts neither for the server nor for its address. */
static void count(struct http_conn *c, int change)
{
	struct http_server *s = c->shard->server;

	if (c->refusing) {
		atomic_fetch_add(&s->refusing, (unsigned)change);
		return;
	}
	if (change > 0)
		c->counted = http_peers_enter(&s->peers, &c->addr);
	else if (c->counted)
		http_peers_leave(&s->peers, &c->addr);
	atomic_fetch_add_explicit(&s->conns, (unsigned)change, memory_order_relaxed);
	http_metrics_conns(s->metrics, change);
}

/* Gives the descriptor back. The struct stays until its request is over. */
static void shut(struct http_conn *c)
{
	if (c->state == HTTP_C_CLOSED)
		return;
	c->state = HTTP_C_CLOSED;
	http_watch_remove(c->shard->loop, &c->watch);
	http_timer_clear(c->shard->loop, &c->timer);
	if (c->ssl)
		SSL_free(c->ssl);
	c->ssl = NULL;
	close(c->watch.fd);
	count(c, -1);
}

static void drop_xchg(struct http_conn *c)
{
	if (!c->x || c->x->active)
		return;
	http_xchg_put(c->shard, c->x);
	c->x = NULL;
}

void http_conn_settle(struct http_conn *c)
{
	uint32_t in = EPOLLIN | EPOLLRDHUP;

	switch (c->state) {
	case HTTP_C_CLOSED:
		drop_xchg(c);
		if (!c->x && !atomic_load_explicit(&c->task.posted, memory_order_acquire))
			conn_free(c);
		return;
	case HTTP_C_RUN:
		if (!c->x->stream)
			return; /* as it is: a byte that comes meanwhile is met in on_event */
		in = http_stream_events(c->x) | (c->peer_eof ? 0 : EPOLLRDHUP);
		break;
	case HTTP_C_SEND:
		in = EPOLLOUT;
		break;
	default:
		break;
	}
	if (c->want_write)
		in |= EPOLLOUT;
	http_watch_change(c->shard->loop, &c->watch, in);
}

void http_conn_finish(struct http_conn *c, bool sent)
{
	struct http_xchg *x = c->x;
	struct http_server *s = c->shard->server;
	bool unread = !x->body_whole || x->end > x->pos;
	bool keep = sent && !x->close_after && !c->shard->draining && x->body_whole;

	http_metrics_request(s->metrics, x, mo_mono() - x->req.started);
	http_metrics_inflight(s->metrics, -1);
	if (s->app.done)
		s->app.done(&x->req, x->status, x->sent_bytes, sent);
	atomic_fetch_sub_explicit(&s->inflight, 1, memory_order_relaxed);
	if (x->charged)
		http_peers_release(&s->peers, &c->addr, x->charged);
	x->charged = 0;
	http_xchg_clean(x);
	if (c->state == HTTP_C_CLOSED)
		return;
	if (keep) {
		http_parser_request(&x->parser, s->limits, &x->head);
		c->state = HTTP_C_HEAD;
		arm(c, s->limits->idle_timeout);
	} else if (sent && unread) {
		if (c->ssl)
			SSL_shutdown(c->ssl);
		shutdown(c->watch.fd, SHUT_WR);
		c->state = HTTP_C_LINGER;
		c->readable = true;
		arm(c, s->limits->linger_timeout);
	} else {
		if (sent && c->ssl)
			SSL_shutdown(c->ssl);
		shut(c);
	}
}

void http_conn_lost(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	bool app_waits = c->state == HTTP_C_RUN;

	if (c->state == HTTP_C_CLOSED)
		return;
	shut(c);
	if (!x || !x->active)
		return;
	if (!app_waits) {
		http_conn_finish(c, false);
		return;
	}
	atomic_store(&x->gone, true);
	atomic_store(&x->lost, true);
	http_stream_gone(x);
	if (atomic_load(&x->suspended) || http_stream_ending(x) || !c->shard->server->app.event)
		return;
	bool before = c->pumping;
	c->pumping = true; /* the app may end its request here, but C stays */
	c->shard->server->app.event(&x->req, HTTP_EV_GONE);
	c->pumping = before;
}

void http_conn_cut(struct http_conn *c)
{
	shut(c);
	if (c->x && c->x->active)
		http_conn_finish(c, false);
}

bool http_conn_charge(struct http_conn *c, int64_t bytes)
{
	if (bytes > 0 && !http_peers_charge(&c->shard->server->peers, &c->addr, bytes))
		return false;
	c->x->charged += bytes > 0 ? bytes : 0;
	return true;
}

static void sent_some(struct http_xchg *x, size_t n)
{
	size_t head = x->out.len - x->out_sent;

	if (head > n)
		head = n;
	x->out_sent += head;
	x->rest.p += n - head;
	x->rest.n -= n - head;
}

/* 1 all is out, 0 the socket is full, -1 lost. */
static int send_pending(struct http_conn *c)
{
	struct http_xchg *x = c->x;

	for (;;) {
		struct iovec iov[2];
		int n = 0;
		if (x->out.len > x->out_sent)
			iov[n++] = (struct iovec){ x->out.data + x->out_sent,
				x->out.len - x->out_sent };
		if (x->rest.n)
			iov[n++] = (struct iovec){ (void *)(uintptr_t)x->rest.p, x->rest.n };
		ssize_t put;
		if (n > 0)
			put = http_io_send(c, iov, n);
		else if (x->file_left > 0)
			put = http_io_sendfile(c, x->file, &x->file_off, (size_t)x->file_left);
		else
			return 1;
		if (put < 0)
			return put == -1 ? 0 : -1;
		if (n > 0)
			sent_some(x, (size_t)put);
		else
			x->file_left -= put;
		http_pace_moved(
			&x->out_pace, now(c), (size_t)put, c->shard->server->limits->min_rate);
	}
}

void http_conn_flush(struct http_conn *c)
{
	c->state = HTTP_C_SEND;
	int r = send_pending(c);
	if (r > 0) {
		http_conn_finish(c, true);
	} else if (r == 0) {
		http_timer_set(c->shard->loop, &c->timer, http_pace_wait(&c->x->out_pace, now(c)));
	} else {
		http_conn_lost(c);
	}
}

ssize_t http_conn_fill(struct http_conn *c, void *p, size_t n)
{
	if (!c->readable)
		return -1;
	ssize_t got = http_io_recv(c, p, n);
	if (got == -1 || (got > 0 && (size_t)got < n && !c->ssl))
		c->readable = false;
	return got;
}

static bool parse_head(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	size_t used;

	switch (http_parse_head(&x->parser, x->in + x->begin, x->end - x->begin, &used)) {
	case HTTP_REFUSED:
		x->pos = x->end;
		http_conn_refuse(c, &x->parser.refusal);
		return true;
	case HTTP_MORE:
		break;
	case HTTP_DONE:
		x->head_end = x->pos = x->begin + used;
		bool whole =
			x->head.framing == HTTP_BODY_NONE ||
			(x->head.framing == HTTP_BODY_LENGTH && x->head.length <= x->end - x->pos);
		if (x->begin == 0 || whole) {
			http_conn_begin(c);
			return true;
		}
		break; /* the body needs room behind the head: move both to the front first */
	}
	if (x->begin > 0) {
		memmove(x->in, x->in + x->begin, x->end - x->begin);
		x->end -= x->begin;
		x->begin = 0;
		http_parser_request(&x->parser, c->shard->server->limits, &x->head);
		return parse_head(c);
	}
	return false;
}

static bool read_head(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	const struct http_limits *l = c->shard->server->limits;
	bool empty = x->end == x->begin;
	ssize_t got = http_conn_fill(c, x->in + x->end, x->in_cap - x->end);

	if (got > 0) {
		x->end += (size_t)got;
		return true;
	}
	if (got == -1) {
		if (empty)
			drop_xchg(c);
		else if (!x->since) {
			x->since = now(c);
			arm(c, l->head_timeout);
		}
		return false;
	}
	shut(c);
	return false;
}

static bool step_head(struct http_conn *c, unsigned *budget)
{
	if (!c->x) {
		if (!c->readable)
			return false;
		c->x = http_xchg_get(c->shard);
		if (!c->x) {
			shut(c);
			return false;
		}
		c->x->conn = c;
		http_parser_request(&c->x->parser, c->shard->server->limits, &c->x->head);
	}
	if (c->x->end > c->x->begin) {
		if (*budget == 0) {
			http_loop_post(c->shard->loop, &c->task);
			return false;
		}
		if (parse_head(c)) {
			--*budget;
			return true;
		}
	}
	return read_head(c);
}

static bool step_linger(struct http_conn *c)
{
	char waste[8192];
	ssize_t got = recv(c->watch.fd, waste, sizeof(waste), MSG_DONTWAIT);

	if (got == (ssize_t)sizeof(waste))
		return c->readable;
	if (got == 0 || (got < 0 && http_loop_now(c->shard->loop) >= c->timer.at))
		shut(c);
	return false;
}

void http_conn_pump(struct http_conn *c)
{
	unsigned budget = (unsigned)c->shard->server->limits->max_pipeline, rounds = 64;

	if (c->pumping)
		return;
	c->pumping = true;
	for (bool more = true; more;) {
		switch (c->state) {
		case HTTP_C_HEAD:
			more = step_head(c, &budget);
			break;
		case HTTP_C_BODY:
			more = http_body_step(c);
			break;
		case HTTP_C_LINGER:
			more = rounds-- > 0 && step_linger(c);
			break;
		case HTTP_C_RUN:
			if (c->x->stream)
				http_stream_loop(c);
			more = c->state != HTTP_C_RUN;
			break;
		default:
			more = false;
		}
	}
	c->pumping = false;
	http_conn_settle(c);
}

/* Bytes, or the end of the peer's side, while the app works: wait no further for them. */
static void meanwhile(struct http_conn *c, uint32_t events)
{
	if (events & EPOLLRDHUP) {
		c->peer_eof = true;
		atomic_store(&c->x->gone, true);
	}
	if (!c->x->stream)
		http_watch_change(c->shard->loop, &c->watch, c->peer_eof ? 0 : EPOLLRDHUP);
}

static void on_event(struct http_watch *watch, uint32_t events)
{
	struct http_conn *c = (struct http_conn *)(void *)watch;
	bool working = c->state == HTTP_C_RUN || c->state == HTTP_C_SEND;

	c->readable =
		c->readable || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) || c->ssl;
	if (working && (events & (EPOLLHUP | EPOLLERR))) {
		http_conn_lost(c);
		http_conn_settle(c);
		return;
	}
	if (c->state == HTTP_C_RUN && (events & (EPOLLIN | EPOLLRDHUP)))
		meanwhile(c, events);
	if (c->state == HTTP_C_SEND && (events & EPOLLOUT))
		http_conn_flush(c);
	http_conn_pump(c);
}

static void on_timer(struct http_timer *timer)
{
	struct http_conn *c =
		(struct http_conn *)(void *)((char *)timer - offsetof(struct http_conn, timer));
	static const struct http_refusal head = { 408, "head_timeout",
		"the request head took longer than HTTP_HEAD_TIMEOUT" };
	static const struct http_refusal body = { 408, "body_timeout",
		"the request body took longer than HTTP_BODY_TIMEOUT" };

	switch (c->state) {
	case HTTP_C_HEAD:
		if (c->x && c->x->end > c->x->begin) {
			http_conn_refuse(c, &head);
			return;
		}
		break;
	case HTTP_C_BODY:
		http_conn_refuse(c, &body);
		return;
	case HTTP_C_RUN:
		if (!c->x->stream || http_stream_timeout(c)) {
			arm(c, c->shard->server->limits->idle_timeout);
			http_conn_pump(c);
			return;
		}
		http_conn_lost(c);
		http_conn_settle(c);
		return;
	case HTTP_C_SEND:
		http_conn_lost(c);
		http_conn_settle(c);
		return;
	default:
		break;
	}
	shut(c);
	http_conn_settle(c);
}

struct http_conn *http_conn_new(
	struct http_listener *from, int fd, const struct http_addr *addr, bool refusing)
{
	struct http_shard *shard = from->shard;
	struct http_server *s = shard->server;
	struct http_conn *c = mo_fault("http.conn") ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct http_conn){ .watch.fn = on_event,
		.timer.fn = on_timer,
		.task.fn = task_run,
		.shard = shard,
		.inside = s->inside[from->index],
		.refusing = refusing,
		.addr = *addr };
	http_addr_peer(addr, c->peer);
	if (s->tls && !c->inside) {
		c->ssl = SSL_new(s->tls);
		if (!c->ssl || SSL_set_fd(c->ssl, fd) != 1) {
			SSL_free(c->ssl);
			free(c);
			return NULL;
		}
		SSL_set_accept_state(c->ssl);
	}
	if (http_watch_add(shard->loop, &c->watch, fd, EPOLLIN | EPOLLRDHUP, NULL) < 0) {
		SSL_free(c->ssl);
		free(c);
		return NULL;
	}
	mo_list_push(&shard->conns, &c->node);
	count(c, 1);
	arm(c, c->ssl ? s->limits->head_timeout : s->limits->idle_timeout);
	return c;
}

void http_conn_refuse_new(struct http_conn *c, int status, const char *reason, const char *detail)
{
	const struct http_refusal r = { status, reason, detail };

	c->x = c->ssl ? NULL : http_xchg_get(c->shard);
	if (!c->x) {
		shut(c);
		http_conn_settle(c);
		return;
	}
	c->x->conn = c;
	http_parser_request(&c->x->parser, c->shard->server->limits, &c->x->head);
	http_conn_refuse(c, &r);
}

void http_conn_drain(struct http_conn *c)
{
	if (c->state != HTTP_C_HEAD)
		return;
	c->readable = true; /* a request may have arrived just now */
	c->pumping = true;
	unsigned budget = 1;
	bool more = step_head(c, &budget) && step_head(c, &budget);
	(void)more;
	c->pumping = false;
	if (c->state == HTTP_C_HEAD && (!c->x || c->x->end == c->x->begin))
		shut(c);
	http_conn_pump(c);
}
