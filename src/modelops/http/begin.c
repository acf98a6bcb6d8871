/* From a complete head to the app: request id, host, route, body plan, refusals. */
#include "modelops/http/conn.h"
#include "modelops/http/lex.h"

#include <stdio.h>
#include <string.h>

static bool id_sane(struct mo_str v)
{
	if (v.n == 0 || v.n > HTTP_ID_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!http_lex_is(v.p[i], HTTP_LEX_HOST)) /* letters, digits, '.', '-', '_' */
			return false;
	return true;
}

static void make_id(struct http_shard *shard, char *out)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t n = shard->id_next++;

	memcpy(out, shard->id_prefix, 16);
	for (int i = 25; i >= 16; i--, n >>= 4)
		out[i] = hex[n & 15];
	out[26] = '\0';
}

/* RFC "Trace Context" version 00, lower-case hex, ids not all zero. */
static bool traceparent_sane(struct mo_str v)
{
	static const unsigned char dash[] = { 2, 35, 52 };

	if (v.n != 55 || memcmp(v.p, "00-", 3))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool sep = i == dash[0] || i == dash[1] || i == dash[2];
		char c = v.p[i];
		if (sep ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return memcmp(v.p + 3, "00000000000000000000000000000000", 32) &&
	       memcmp(v.p + 36, "0000000000000000", 16);
}

static void note_ids(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	bool id = false;

	x->traceparent[0] = '\0';
	for (unsigned i = 0; i < x->head.nfields; i++) {
		const struct http_field *f = &x->head.fields[i];
		if (f->name.n == 12 && mo_str_ieq(f->name, "X-Request-Id") && !id &&
			id_sane(f->value)) {
			memcpy(x->id, f->value.p, f->value.n);
			x->id[f->value.n] = '\0';
			id = true;
		} else if (f->name.n == 11 && mo_str_ieq(f->name, "traceparent") &&
			   traceparent_sane(f->value)) {
			memcpy(x->traceparent, f->value.p, 55);
			x->traceparent[55] = '\0';
		}
	}
	if (!id)
		make_id(c->shard, x->id);
}

static void prepare(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	struct http_server *s = c->shard->server;

	x->active = true;
	x->status = 0;
	x->close_after = !x->head.keep_alive || c->shard->draining;
	x->body_whole = x->head.framing == HTTP_BODY_NONE;
	x->match.row = -1;
	x->match.nparams = 0;
	http_pace_start(&x->in_pace, s->limits->body_timeout);
	http_pace_start(&x->out_pace, s->limits->write_timeout);
	atomic_store_explicit(&x->gone, false, memory_order_relaxed);
	atomic_store_explicit(&x->lost, false, memory_order_relaxed);
	x->req = (struct http_req){ .head = &x->head,
		.match = &x->match,
		.body = { "", 0 },
		.id = x->id,
		.traceparent = x->traceparent,
		.peer = c->peer,
		.peer_local = http_addr_local(&c->addr),
		.started = http_loop_now(c->shard->loop),
		.loop = c->shard->loop,
		.arena = &x->arena,
		.ctx = s->app.ctx };
	http_metrics_inflight(s->metrics, 1);
	atomic_fetch_add_explicit(&s->inflight, 1, memory_order_relaxed);
}

void http_conn_refuse(struct http_conn *c, const struct http_refusal *r)
{
	struct http_xchg *x = c->x;
	struct mo_err err = { .slug = r->reason };

	if (!x->active) {
		note_ids(c);
		x->head.method = x->head.method == HTTP_HEAD ? HTTP_HEAD : HTTP_UNKNOWN;
		prepare(c);
		x->body_whole = false;
	}
	http_metrics_refused(c->shard->server->metrics, r->reason);
	err.code = r->status == 413 ? MO_ETOOBIG : MO_EINVAL;
	snprintf(err.msg, sizeof(err.msg), "%s", r->detail);
	x->close_after = true;
	c->state = HTTP_C_RUN;
	http_req_problem_status(&x->req, r->status, &err);
}

static bool host_served(const char *hosts, struct mo_str host)
{
	char end = host.n && host.p[0] == '[' ? ']' : ':';
	const char *at_end = host.n ? memchr(host.p, end, host.n) : NULL;
	size_t n = at_end ? (size_t)(at_end - host.p) + (end == ']') : host.n;

	if (!hosts || host.n == 0)
		return true;
	for (const char *at = hosts; *at;) {
		size_t len = strcspn(at, " ");
		if (len == n && !strncasecmp(at, host.p, n))
			return true;
		at += len;
		at += strspn(at, " ");
	}
	return false;
}

static void problem(
	struct http_conn *c, int status, enum mo_code code, const char *slug, const char *text)
{
	struct mo_err err = { .code = code, .slug = slug };

	snprintf(err.msg, sizeof(err.msg), "%s", text);
	http_req_problem_status(&c->x->req, status, &err);
}

static void allow(struct http_xchg *x, unsigned bits)
{
	char text[64];

	http_req_header(&x->req, "Allow", http_allow_text(bits, text), NULL);
}

/* True when the router answered by itself. */
static bool route(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	struct http_server *s = c->shard->server;
	char text[256];

	if (x->head.method == HTTP_OPTIONS && x->head.path.n == 1 && x->head.path.p[0] == '*') {
		allow(x, ~0U);
		http_req_reply(&x->req, &(struct http_reply){ .status = 204 });
		return true;
	}
	enum http_found found = http_router_match(
		s->cfg.router, x->head.method, x->head.path, &x->arena, &x->match);
	if (found == HTTP_FOUND)
		return false;
	snprintf(text, sizeof(text), "%s %.*s", http_method_name(x->head.method),
		(int)(x->head.path.n < 200 ? x->head.path.n : 200), x->head.path.p);
	switch (found) {
	case HTTP_FOUND: /* is gone already */
		break;
	case HTTP_NO_PATH:
		problem(c, 404, MO_ENOTFOUND, "no_route", text);
		break;
	case HTTP_BAD_PATH:
		problem(c, 400, MO_EINVAL, "bad_path", text);
		break;
	case HTTP_NO_ROOM:
		problem(c, 503, MO_ENOMEM, NULL, "memory of the request is used up");
		break;
	case HTTP_NO_METHOD:
		allow(x, x->match.allow);
		if (x->head.method == HTTP_OPTIONS)
			http_req_reply(&x->req, &(struct http_reply){ .status = 204 });
		else
			problem(c, 405, MO_EINVAL, "method_not_allowed", text);
		break;
	}
	return true;
}

void http_conn_begin(struct http_conn *c)
{
	struct http_xchg *x = c->x;
	struct http_server *s = c->shard->server;

	note_ids(c);
	prepare(c);
	c->state = HTTP_C_ROUTE;
	if (x->head.method == HTTP_UNKNOWN) {
		problem(c, 501, MO_EINVAL, "method_unknown", "the method is not implemented");
		return;
	}
	if (!c->inside && !host_served(s->limits->hosts, x->head.host)) {
		problem(c, 421, MO_EMISDIRECTED, NULL, "this server does not answer for that host");
		return;
	}
	if (route(c))
		return;
	if (s->app.head) {
		s->app.head(&x->req);
		if (c->state != HTTP_C_ROUTE)
			return;
	}
	http_body_start(c);
}
