/* Heads of requests and responses: lines, fields and the framing decision. */
#include "modelops/http/message.h"

#include "modelops/http/lex.h"

#include <string.h>

static void start(struct http_parser *p, const struct http_limits *limits, struct http_head *head)
{
	*p = (struct http_parser){ .limits = limits, .head = head };
	memset(head, 0, offsetof(struct http_head, fields));
}

void http_parser_request(
	struct http_parser *p, const struct http_limits *limits, struct http_head *head)
{
	start(p, limits, head);
}

void http_parser_response(struct http_parser *p, const struct http_limits *limits,
	struct http_head *head, bool to_head)
{
	start(p, limits, head);
	p->response = true;
	p->to_head = to_head;
}

static enum http_parse refuse(
	struct http_parser *p, int status, const char *reason, const char *detail)
{
	return http_refuse(&p->refusal, status, reason, detail);
}

static enum http_parse once(
	struct http_parser *p, unsigned bit, const char *reason, const char *detail)
{
	if (p->seen & bit)
		return refuse(p, 400, reason, detail);
	p->seen |= bit;
	return HTTP_DONE;
}

static enum http_parse field_host(struct http_parser *p, struct mo_str v)
{
	if (p->response)
		return HTTP_DONE;
	if (once(p, HTTP_SEEN_HOST, "duplicate_host", "there is more than one Host field") ==
		HTTP_REFUSED)
		return HTTP_REFUSED;
	if (!http_host_valid(v))
		return refuse(
			p, 400, "bad_host", "Host is empty or not a host with an optional port");
	if (!(p->seen & HTTP_SEEN_ABSOLUTE)) {
		p->head->host = v;
		return HTTP_DONE;
	}
	if (v.n != p->head->host.n || strncasecmp(v.p, p->head->host.p, v.n))
		return refuse(p, 400, "host_mismatch", "the target's host differs from Host");
	return HTTP_DONE;
}

static enum http_parse field_length(struct http_parser *p, struct mo_str v)
{
	if (once(p, HTTP_SEEN_LENGTH, "duplicate_length",
		    "there is more than one Content-Length field") == HTTP_REFUSED)
		return HTTP_REFUSED;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return refuse(p, 400, "bad_length",
				"Content-Length is not a plain decimal number");
	if (mo_parse_u64(v.p, v.n, &p->head->length) < 0 || p->head->length > INT64_MAX)
		return refuse(p, 400, "bad_length", "Content-Length is empty or out of range");
	return HTTP_DONE;
}

/* Exactly `chunked` is served. Another coding under a final chunked is framed well but not
 * implemented: 501. */
static enum http_parse field_coding(struct http_parser *p, struct mo_str v)
{
	if (once(p, HTTP_SEEN_CODING, "duplicate_coding",
		    "there is more than one Transfer-Encoding field") == HTTP_REFUSED)
		return HTTP_REFUSED;
	if (mo_str_ieq(v, "chunked"))
		return HTTP_DONE;
	const char *comma = v.n ? memrchr(v.p, ',', v.n) : NULL;
	if (comma) {
		struct mo_str last = http_lex_trim(
			(struct mo_str){ comma + 1, (size_t)(v.p + v.n - comma - 1) });
		if (mo_str_ieq(last, "chunked") &&
			http_lex_all(
				(struct mo_str){ v.p, (size_t)(comma - v.p) }, HTTP_LEX_TOKEN) &&
			!mo_str_ieq((struct mo_str){ v.p, (size_t)(comma - v.p) }, "chunked"))
			return refuse(
				p, 501, "coding", "no transfer coding but chunked is implemented");
	}
	return refuse(p, 400, "bad_coding", "Transfer-Encoding is not exactly `chunked`");
}

static enum http_parse field_connection(struct http_parser *p, struct mo_str v)
{
	while (v.n) {
		const char *comma = memchr(v.p, ',', v.n);
		size_t n = comma ? (size_t)(comma - v.p) : v.n;
		struct mo_str token = http_lex_trim((struct mo_str){ v.p, n });
		if (token.n && !http_lex_all(token, HTTP_LEX_TOKEN))
			return refuse(
				p, 400, "bad_connection", "Connection is not a list of tokens");
		if (mo_str_ieq(token, "close"))
			p->seen |= HTTP_SEEN_CLOSE;
		else if (mo_str_ieq(token, "keep-alive"))
			p->seen |= HTTP_SEEN_KEEP;
		n += comma ? 1 : 0;
		v = (struct mo_str){ v.p + n, v.n - n };
	}
	return HTTP_DONE;
}

static enum http_parse field_expect(struct http_parser *p, struct mo_str v)
{
	if (p->response || p->head->minor == 0)
		return HTTP_DONE;
	if (!mo_str_ieq(v, "100-continue"))
		return refuse(p, 417, "expectation", "no expectation but 100-continue is met");
	p->head->expect_continue = true;
	return HTTP_DONE;
}

static const struct {
	const char *name;
	size_t len;
	enum http_parse (*fn)(struct http_parser *p, struct mo_str value);
} special[] = {
	{ "Host", 4, field_host },
	{ "Content-Length", 14, field_length },
	{ "Transfer-Encoding", 17, field_coding },
	{ "Connection", 10, field_connection },
	{ "Expect", 6, field_expect },
};

static enum http_parse parse_field(struct http_parser *p, struct mo_str line)
{
	struct http_head *h = p->head;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return refuse(p, 400, "obs_fold", "a header line starts with a blank (folding)");
	size_t n = 0;
	while (n < line.n && http_lex_is(line.p[n], HTTP_LEX_TOKEN))
		n++;
	if (n == 0 || n == line.n || line.p[n] != ':')
		return refuse(p, 400, "bad_field_name",
			"a header line is not a name, a colon and a value");
	if (h->nfields >= HTTP_FIELDS_MAX || h->nfields >= p->limits->max_headers)
		return refuse(
			p, 431, "too_many_fields", "there are more fields than HTTP_MAX_HEADERS");
	struct http_field *f = &h->fields[h->nfields++];
	f->name = (struct mo_str){ line.p, n };
	f->value = http_lex_trim((struct mo_str){ line.p + n + 1, line.n - n - 1 });
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].len == n && !strncasecmp(special[i].name, line.p, n))
			return special[i].fn(p, f->value);
	return HTTP_DONE;
}

static bool bodiless(const struct http_parser *p)
{
	int status = p->head->status;

	return p->response && (p->to_head || status < 200 || status == 204 || status == 304);
}

static enum http_parse finish_framing(struct http_parser *p)
{
	struct http_head *h = p->head;
	unsigned both = HTTP_SEEN_LENGTH | HTTP_SEEN_CODING;

	if ((p->seen & both) == both)
		return refuse(p, 400, "length_and_coding",
			"there is a Content-Length besides Transfer-Encoding");
	if ((p->seen & HTTP_SEEN_CODING) && h->minor == 0)
		return refuse(p, 400, "coding_in_1_0", "Transfer-Encoding is not part of HTTP/1.0");
	if (p->response && (h->status < 200 || h->status == 204) && (p->seen & both) &&
		(h->length || (p->seen & HTTP_SEEN_CODING)))
		return refuse(p, 502, "body_without_body", "a reply without a body announces one");
	if (bodiless(p))
		h->framing = HTTP_BODY_NONE;
	else if (p->seen & HTTP_SEEN_CODING)
		h->framing = HTTP_BODY_CHUNKED;
	else if (p->seen & HTTP_SEEN_LENGTH)
		h->framing = h->length ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
	else
		h->framing = p->response ? HTTP_BODY_TO_CLOSE : HTTP_BODY_NONE;
	return HTTP_DONE;
}

static enum http_parse finish(struct http_parser *p)
{
	struct http_head *h = p->head;

	if (!p->response && h->minor == 1 && !(p->seen & HTTP_SEEN_HOST))
		return refuse(p, 400, "no_host", "there is no Host field");
	if (p->seen & HTTP_SEEN_CLOSE)
		h->keep_alive = false;
	else if (p->seen & HTTP_SEEN_KEEP)
		h->keep_alive = true;
	if (finish_framing(p) == HTTP_REFUSED)
		return HTTP_REFUSED;
	if (h->framing == HTTP_BODY_TO_CLOSE)
		h->keep_alive = false;
	return HTTP_DONE;
}

/* One complete line without its CRLF. */
static enum http_parse parse_line(struct http_parser *p, struct mo_str line)
{
	if (p->line > 0)
		return parse_field(p, line);
	return p->response ? http_parse_status_line(p, line) : http_parse_request_line(p, line);
}

static enum http_parse too_long(struct http_parser *p)
{
	if (p->line == 0 && !p->response)
		return refuse(p, 414, "target_too_long",
			"the request line is longer than the limits allow");
	return refuse(p, 431, "head_too_long", "the head is longer than the limit");
}

static bool past_limit(const struct http_parser *p, size_t end)
{
	int64_t max = p->response ? p->limits->upstream_head : p->limits->max_head;

	if ((int64_t)end > max)
		return true;
	return p->line == 0 && !p->response && (int64_t)end > p->limits->max_target + 48;
}

static enum http_parse bad_control(struct http_parser *p, char c)
{
	if (c == '\r')
		return refuse(p, 400, "bare_cr", "a CR is not followed by LF");
	if (c == '\n')
		return refuse(p, 400, "bare_lf", "a line ends in LF without CR");
	return refuse(p, 400, "control_byte", "the head holds a control byte");
}

enum http_parse http_parse_head(
	struct http_parser *p, const char *buf, size_t len, size_t *ret_used)
{
	for (;;) {
		size_t i = http_lex_control(buf, p->scanned, len);
		p->scanned = i;
		if (past_limit(p, i))
			return too_long(p);
		if (i == len || (buf[i] == '\r' && i + 1 == len))
			return HTTP_MORE;
		if (buf[i] != '\r' || buf[i + 1] != '\n')
			return bad_control(p, buf[i]);
		if (past_limit(p, i + 2))
			return too_long(p);
		if (i == p->line && p->line > 0) {
			*ret_used = i + 2;
			return finish(p);
		}
		if (parse_line(p, (struct mo_str){ buf + p->line, i - p->line }) == HTTP_REFUSED)
			return HTTP_REFUSED;
		p->scanned = p->line = i + 2;
	}
}

bool http_head_get(const struct http_head *head, const char *name, struct mo_str *ret_value)
{
	for (unsigned i = 0; i < head->nfields; i++) {
		if (mo_str_ieq(head->fields[i].name, name)) {
			*ret_value = head->fields[i].value;
			return true;
		}
	}
	return false;
}

int http_head_deadline(const struct http_head *head, int64_t *us, struct mo_err *err)
{
	struct mo_str v;
	uint64_t ms;

	if (!http_head_get(head, "X-Deadline-Ms", &v))
		return 0;
	if (mo_parse_u64(v.p, v.n, &ms) < 0)
		return mo_fail(err, MO_EINVAL, "X-Deadline-Ms: \"%.*s\" is not a number",
			(int)(v.n > 40 ? 40 : v.n), v.p);
	if (ms < (uint64_t)*us / 1000)
		*us = (int64_t)ms * 1000;
	return 0;
}

unsigned http_head_count(const struct http_head *head, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < head->nfields; i++)
		n += mo_str_ieq(head->fields[i].name, name);
	return n;
}
