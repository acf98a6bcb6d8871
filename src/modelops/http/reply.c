/* Replies: at once on the loop, or handed back by another thread; problem documents. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/conn.h"
#include "modelops/http/lex.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COPY_MAX = 4096, COPY_MAX_TLS = 16384 };

int http_req_header(struct http_req *req, const char *name, const char *value, struct mo_err *err)
{
	struct http_xchg *x = http_xchg_of(req);
	size_t n = strlen(value);

	if (!http_lex_all((struct mo_str){ name, strlen(name) }, HTTP_LEX_TOKEN) ||
		http_lex_control(value, 0, n) != n)
		return mo_fail(err, MO_EINTERNAL,
			"reply header '%s' holds bytes that cannot be sent", name);
	size_t before = x->extra.len;
	mo_buf_puts(&x->extra, name);
	mo_buf_append(&x->extra, ": ", 2);
	mo_buf_append(&x->extra, value, n);
	if (mo_buf_append(&x->extra, "\r\n", 2) < 0) {
		x->extra.len = before;
		x->extra.failed = 0;
		return mo_fail(err, MO_ENOMEM, "no room for reply header '%s'", name);
	}
	if (!strcasecmp(name, "Retry-After"))
		x->retry_after = true;
	return 0;
}

/* A body that already came whole need not cost the connection when the app answers without reading
 * it. */
static void skip_body(struct http_xchg *x)
{
	if (x->body_whole)
		return;
	if (x->head.framing == HTTP_BODY_LENGTH && !x->req.stream_body && x->pos == x->head_end &&
		x->head.length <= x->end - x->pos) {
		x->pos += (size_t)x->head.length;
		x->body_whole = true;
	} else {
		x->close_after = true;
	}
}

/* Puts head and body where the flush finds them. -1 when memory is out. */
static int compose(struct http_conn *c, const struct http_reply *reply)
{
	struct http_xchg *x = c->x;
	bool no_body = x->head.method == HTTP_HEAD || reply->status == 204 || reply->status == 304;
	int64_t length = reply->has_fd ? reply->file_len : (int64_t)reply->body.n;

	if (http_head_write(x, &x->out, reply, length, http_shard_date(c->shard)) < 0)
		return -1;
	if (no_body)
		return 0;
	x->sent_bytes = (uint64_t)length;
	if (reply->has_fd) {
		x->file = reply->fd;
		x->file_off = reply->file_off;
		x->file_left = reply->file_len;
	} else if (reply->body.n <= (c->ssl ? COPY_MAX_TLS : COPY_MAX)) {
		return reply->body.n ? mo_buf_append(&x->out, reply->body.p, reply->body.n) : 0;
	} else {
		x->rest = reply->body;
	}
	return 0;
}

/* The borrowed rest of a body is copied when the socket did not take it at once. */
static void keep_rest(struct http_conn *c)
{
	struct http_xchg *x = c->x;

	if (c->state != HTTP_C_SEND || x->rest.n == 0)
		return;
	if (mo_buf_append(&x->out, x->rest.p, x->rest.n) < 0)
		http_conn_cut(c);
	else
		x->rest.n = 0;
}

static void answer(struct http_conn *c, const struct http_reply *reply)
{
	struct http_xchg *x = c->x;

	x->close_after = x->close_after || reply->close || c->shard->draining;
	x->sent_bytes = 0;
	skip_body(x);
	if (compose(c, reply) < 0) {
		if (reply->has_fd)
			close(reply->fd);
		http_conn_cut(c);
		return;
	}
	if (reply->has_fd && x->file != reply->fd)
		close(reply->fd);
	http_conn_flush(c);
	if (!reply->stable)
		keep_rest(c);
}

/* A large reply is held until the client has taken it. */
static bool too_much(struct http_conn *c, const struct http_reply *reply)
{
	return c->state != HTTP_C_CLOSED && !reply->has_fd && reply->body.n > HTTP_BODY_KEEP &&
	       !http_conn_charge(c, (int64_t)reply->body.n);
}

static void refuse_reply(struct http_conn *c)
{
	struct mo_err err = { 0 };

	mo_fail(&err, MO_EUNAVAIL,
		"too many bytes are held for this address, or for all, at the moment");
	mo_advise(&err, "buffers_full", "retry after the time in Retry-After");
	http_metrics_refused(c->shard->server->metrics, err.slug);
	mo_buf_reset(&c->x->extra);
	http_req_problem(&c->x->req, &err);
}

void http_req_reply(struct http_req *req, const struct http_reply *reply)
{
	struct http_xchg *x = http_xchg_of(req);
	struct http_conn *c = x->conn;

	if (too_much(c, reply)) {
		refuse_reply(c);
		return;
	}

	MO_ASSERT(
		x->active && x->status == 0 && !atomic_load(&x->suspended) && reply->status >= 200);
	x->status = reply->status;
	if (c->state == HTTP_C_CLOSED) {
		if (reply->has_fd)
			close(reply->fd);
		http_conn_finish(c, false);
	} else {
		answer(c, reply);
	}
	if (!c->pumping)
		http_conn_pump(c);
}

static void put_json(struct mo_buf *b, const char *s)
{
	mo_buf_putc(b, '"');
	bool utf8 = mo_utf8_valid(s, strlen(s));
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		if (ch == '"' || ch == '\\')
			mo_buf_printf(b, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			mo_buf_printf(b, "\\u%04x", ch);
		else
			mo_buf_putc(b, ch >= 0x80 && !utf8 ? '?' : (char)ch);
	}
	mo_buf_putc(b, '"');
}

static void put_member(struct mo_buf *b, const char *name, const char *value)
{
	mo_buf_puts(b, name);
	put_json(b, value);
}

/* The document as arena memory; an empty one when the arena is full. */
static struct mo_str problem_text(struct http_req *req, int status, const struct mo_err *err)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 8192);
	put_member(&b, "{\"type\":", "about:blank");
	put_member(&b, ",\"title\":", http_status_phrase(status));
	mo_buf_printf(&b, ",\"status\":%d", status);
	put_member(&b, ",\"code\":", mo_err_slug(err));
	put_member(&b, ",\"detail\":", err->msg);
	if (err->field[0])
		put_member(&b, ",\"field\":", err->field);
	if (err->hint)
		put_member(&b, ",\"hint\":", err->hint);
	put_member(&b, ",\"request_id\":", req->id);
	mo_buf_puts(&b, "}\n");
	char *text = b.failed ? NULL : mo_arena_memdup(req->arena, b.data, b.len);
	return text ? (struct mo_str){ text, b.len } : (struct mo_str){ "", 0 };
}

static struct http_reply problem_reply(struct http_req *req, int status, const struct mo_err *err)
{
	return (struct http_reply){ .status = status,
		.content_type = "application/problem+json",
		.body = problem_text(req, status, err),
		.stable = true };
}

void http_req_problem_status(struct http_req *req, int status, const struct mo_err *err)
{
	struct http_reply r = problem_reply(req, status, err);

	http_req_reply(req, &r);
}

void http_req_problem(struct http_req *req, const struct mo_err *err)
{
	http_req_problem_status(req, mo_code_status(err->code), err);
}

void http_req_suspend(struct http_req *req)
{
	struct http_xchg *x = http_xchg_of(req);

	MO_ASSERT(x->active && x->status == 0);
	if (x->conn->state == HTTP_C_ROUTE)
		x->conn->state = HTTP_C_RUN;
	atomic_store_explicit(&x->suspended, true, memory_order_release);
}

static void send_pending_reply(struct http_req *req)
{
	struct http_reply r = http_xchg_of(req)->pending;

	http_req_reply(req, &r);
}

void http_req_resume_fn(struct http_req *req, void (*fn)(struct http_req *req))
{
	struct http_xchg *x = http_xchg_of(req);

	MO_ASSERT(atomic_load(&x->suspended));
	x->resume = fn;
	http_loop_post(req->loop, &x->task);
}

void http_req_resume(struct http_req *req, const struct http_reply *reply)
{
	http_xchg_of(req)->pending = *reply;
	http_req_resume_fn(req, send_pending_reply);
}

void http_req_resume_problem(struct http_req *req, const struct mo_err *err)
{
	struct http_reply r = problem_reply(req, mo_code_status(err->code), err);

	http_req_resume(req, &r);
}

bool http_req_gone(const struct http_req *req)
{
	return atomic_load_explicit(&http_xchg_of(req)->gone, memory_order_relaxed);
}
