/* What handlers use of a request: parameters, headers, answers. */
#include "request.h"

#include "modelops/base/check.h"
#include "modelops/json/jw.h"
#include "modelops/wire/schema.h"

#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 32 << 20 };

const char *req_param(const struct api_req *r, const char *name)
{
	const struct http_match *m = r->http->match;
	for (unsigned i = 0; i < m->nparams; i++)
		if (!strcmp(m->names[i], name))
			return m->params[i].p;
	MO_ASSERT(!"a handler asks for a path parameter that its route has not got");
	return NULL;
}

const char *req_header(const struct api_req *r, const char *name)
{
	struct mo_str value;
	return http_head_get(r->http->head, name, &value)
		       ? mo_arena_memdup(r->arena, value.p, value.n)
		       : NULL;
}

int req_answer_text(struct api_req *r, const char *type, struct mo_str text)
{
	r->reply = (struct http_reply){
		.status = r->route->status, .content_type = type, .body = text, .stable = true
	};
	return 0;
}

int req_answer_none(struct api_req *r)
{
	r->reply = (struct http_reply){ .status = r->route->status, .stable = true };
	return 0;
}

void req_etag_text(int64_t version, char ret_text[32])
{
	snprintf(ret_text, 32, "\"%lld\"", (long long)version);
}

int req_reply_headers(struct api_req *r, struct mo_err *err)
{
	char text[32];
	req_etag_text(r->etag, text);
	if (r->etag && http_req_header(r->http, "ETag", text, err) < 0)
		return -1;
	return r->replayed ? http_req_header(r->http, "Idempotency-Replayed", "true", err) : 0;
}

/* The text goes to the arena, where it may stay until the socket has taken it. */
static int answer_json(struct api_req *r, struct jw *w, struct mo_buf *out, struct mo_err *err)
{
	if (jw_done(w) < 0)
		return out->failed == MO_BUF_NOMEM
			       ? mo_fail(err, MO_ENOMEM, "reply")
			       : mo_fail(err, MO_ETOOBIG, "the reply is larger than %zu bytes",
					 out->max);
	char *text = mo_arena_memdup(r->arena, out->data, out->len);
	if (!text)
		return mo_fail(err, MO_ENOMEM, "reply of %zu bytes", out->len);
	return req_answer_text(r, "application/json", (struct mo_str){ text, out->len });
}

int req_answer(struct api_req *r, const void *obj, struct mo_err *err)
{
	mo_autobuf struct mo_buf out;
	struct jw w;
	mo_buf_init(&out, REPLY_MAX);
	jw_init(&w, &out);
	wire_encode(&w, r->route->out.noun, obj);
	return answer_json(r, &w, &out, err);
}

int req_answer_page(
	struct api_req *r, const void *items, size_t n, const char *next, struct mo_err *err)
{
	mo_autobuf struct mo_buf out;
	struct jw w;
	mo_buf_init(&out, REPLY_MAX);
	jw_init(&w, &out);
	wire_encode_page(&w, r->route->out.noun, items, n, next);
	return answer_json(r, &w, &out, err);
}
