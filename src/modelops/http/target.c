/* The first line of a message: method, target and version, or version and status. */
#include "modelops/http/lex.h"

#include <string.h>

static enum http_parse refuse(
	struct http_parser *p, int status, const char *reason, const char *detail)
{
	return http_refuse(&p->refusal, status, reason, detail);
}

/* "HTTP/1.0" or "HTTP/1.1"; 505 for another version that is written as one. */
static enum http_parse parse_version(struct http_parser *p, struct mo_str v)
{
	if (v.n != 8 || memcmp(v.p, "HTTP/", 5) || v.p[6] != '.' || v.p[5] < '0' || v.p[5] > '9' ||
		v.p[7] < '0' || v.p[7] > '9')
		return refuse(
			p, 400, "bad_version", "the first line does not name an HTTP version");
	if (v.p[5] != '1' || v.p[7] > '1')
		return refuse(p, 505, "version", "only HTTP/1.0 and HTTP/1.1 are served");
	p->head->minor = v.p[7] - '0';
	p->head->keep_alive = p->head->minor == 1;
	return HTTP_DONE;
}

static bool port_valid(struct mo_str port)
{
	uint64_t n;

	return port.n <= 5 && mo_parse_u64(port.p, port.n, &n) == 0 && n <= 65535;
}

bool http_host_valid(struct mo_str host)
{
	const char *end = host.p + host.n;
	const char *colon;

	if (host.n == 0 || host.n > 262)
		return false;
	if (host.p[0] == '[') {
		const char *close = memchr(host.p, ']', host.n);
		if (!close ||
			!http_lex_all((struct mo_str){ host.p + 1, (size_t)(close - host.p - 1) },
				HTTP_LEX_V6))
			return false;
		colon = close + 1 < end ? close + 1 : NULL;
		if (colon && *colon != ':')
			return false;
	} else {
		colon = memchr(host.p, ':', host.n);
		size_t name = colon ? (size_t)(colon - host.p) : host.n;
		if (!http_lex_all((struct mo_str){ host.p, name }, HTTP_LEX_HOST))
			return false;
	}
	return !colon || port_valid((struct mo_str){ colon + 1, (size_t)(end - colon - 1) });
}

static bool escapes_valid(struct mo_str t)
{
	const char *end = t.p + t.n;

	for (const char *c = t.p; c < end && (c = memchr(c, '%', (size_t)(end - c))); c += 3) {
		if (end - c < 3 || !http_lex_is(c[1], HTTP_LEX_HEX) ||
			!http_lex_is(c[2], HTTP_LEX_HEX))
			return false;
		if (c[1] == '0' && c[2] == '0')
			return false;
	}
	return true;
}

/* "http://host[:port]/path": remembers the host, which must then equal Host. Returns the rest, p
 * NULL when bad. */
static struct mo_str absolute_path(struct http_parser *p, struct mo_str t)
{
	size_t scheme = t.n > 7 && !strncasecmp(t.p, "http://", 7)    ? 7
			: t.n > 8 && !strncasecmp(t.p, "https://", 8) ? 8
								      : 0;
	size_t i = scheme;

	while (i < t.n && t.p[i] != '/' && t.p[i] != '?')
		i++;
	p->head->host = (struct mo_str){ t.p + scheme, i - scheme };
	if (scheme == 0 || !http_host_valid(p->head->host))
		return (struct mo_str){ NULL, 0 };
	p->seen |= HTTP_SEEN_ABSOLUTE;
	return (struct mo_str){ t.p + i, t.n - i };
}

static enum http_parse parse_target(struct http_parser *p, struct mo_str t)
{
	struct http_head *h = p->head;

	if (t.n == 0 || !http_lex_all(t, HTTP_LEX_TARGET))
		return refuse(p, 400, "bad_target",
			"the target is empty or holds bytes a URL must percent-encode");
	if (!escapes_valid(t))
		return refuse(p, 400, "bad_escape",
			"a percent escape of the target is malformed or encodes NUL");
	h->target = t;
	if (h->method == HTTP_UNKNOWN)
		return HTTP_DONE; /* 501 whatever the target */
	if (t.n == 1 && t.p[0] == '*' && h->method == HTTP_OPTIONS) {
		h->path = t;
		return HTTP_DONE;
	}
	if (t.p[0] != '/') {
		t = absolute_path(p, t);
		if (!t.p)
			return refuse(p, 400, "bad_target",
				"the target is neither a path nor an http URL");
	}
	const char *q = t.n ? memchr(t.p, '?', t.n) : NULL;
	h->path = (struct mo_str){ t.p, q ? (size_t)(q - t.p) : t.n };
	if (q)
		h->query = (struct mo_str){ q + 1, (size_t)(t.p + t.n - q - 1) };
	if (h->path.n == 0)
		h->path = MO_STR("/");
	return HTTP_DONE;
}

enum http_parse http_parse_request_line(struct http_parser *p, struct mo_str line)
{
	struct http_head *h = p->head;
	const char *end = line.p + line.n;
	const char *sp = memchr(line.p, ' ', line.n);
	const char *sp2 = sp ? memchr(sp + 1, ' ', (size_t)(end - sp - 1)) : NULL;

	if (!sp2)
		return refuse(p, 400, "bad_request_line",
			"the request line is not METHOD TARGET VERSION");
	h->method_text = (struct mo_str){ line.p, (size_t)(sp - line.p) };
	struct mo_str target = { sp + 1, (size_t)(sp2 - sp - 1) };
	if (!http_lex_all(h->method_text, HTTP_LEX_TOKEN) || h->method_text.n > 32)
		return refuse(
			p, 400, "bad_method", "the method is not a token of at most 32 bytes");
	if ((int64_t)target.n > p->limits->max_target)
		return refuse(
			p, 414, "target_too_long", "the target is longer than HTTP_MAX_TARGET");
	if (parse_version(p, (struct mo_str){ sp2 + 1, (size_t)(end - sp2 - 1) }) == HTTP_REFUSED)
		return HTTP_REFUSED;
	h->method = http_method_of(h->method_text);
	return parse_target(p, target);
}

enum http_parse http_parse_status_line(struct http_parser *p, struct mo_str line)
{
	struct http_head *h = p->head;

	if (line.n < 13 || line.p[8] != ' ' || line.p[12] != ' ')
		return refuse(
			p, 502, "bad_status_line", "the status line is not VERSION STATUS REASON");
	if (parse_version(p, (struct mo_str){ line.p, 8 }) == HTTP_REFUSED)
		return HTTP_REFUSED;
	for (int i = 9; i < 12; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return refuse(p, 502, "bad_status", "the status is not three digits");
		h->status = h->status * 10 + (line.p[i] - '0');
	}
	if (h->status < 100 || h->status > 599)
		return refuse(p, 502, "bad_status", "the status is not between 100 and 599");
	return HTTP_DONE;
}
