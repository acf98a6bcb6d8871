/* Fuzzes the message parser: whole, byte by byte and in random pieces give the same verdict, the
 * same head and the same body, for requests and for responses. */
#include "modelops/base/check.h"
#include "modelops/http/message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 1 << 16 };

struct verdict {
	enum http_parse head, body;
	int status, reply;
	const char *reason;
	size_t used, fields, body_len;
	enum http_framing framing;
	uint64_t length;
	uint32_t sum; /* of the names, values and body bytes */
};

/* Next size of a piece: all, one, or by a small generator. */
static size_t piece(unsigned how, uint32_t *seed, size_t left)
{
	size_t n = left;

	if (how == 1)
		n = 1;
	if (how >= 2) {
		*seed = *seed * 1664525 + 1013904223;
		n = 1 + (*seed >> 16) % 40;
	}
	return n < left ? n : left;
}

static uint32_t mix(uint32_t sum, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (uint8_t)p[i]) * 16777619;
	return sum * 31 + (uint32_t)n;
}

static void read_body(struct verdict *v, const struct http_limits *l, const char *buf, size_t size,
	unsigned how, uint32_t *seed)
{
	struct http_chunked d;
	size_t at = v->used, upto = at;
	uint32_t sum = 1;

	http_chunked_init(&d, l);
	v->body = HTTP_MORE;
	while (v->body == HTTP_MORE && at < size) {
		if (upto == at)
			upto += piece(how, seed, size - at);
		struct mo_str got;
		size_t used;
		v->body = http_chunked_next(&d, buf + at, upto - at, &used, &got);
		if (v->body == HTTP_REFUSED)
			break;
		MO_ASSERT(used <= upto - at &&
			  (got.n == 0 || (got.p >= buf + at && got.p + got.n <= buf + upto)));
		MO_ASSERT(used > 0);
		at += used;
		for (size_t i = 0; i < got.n; i++)
			sum = (sum ^ (uint8_t)got.p[i]) * 16777619;
		v->body_len += got.n;
	}
	v->sum ^= sum;
	if (v->body == HTTP_REFUSED)
		v->reason = d.refusal.reason;
}

static struct verdict parse(const char *buf, size_t size, const struct http_limits *l,
	bool response, unsigned how, uint32_t seed)
{
	static struct http_head head;
	struct http_parser p;
	struct verdict v = { .head = HTTP_MORE, .sum = 7 };

	if (response)
		http_parser_response(&p, l, &head, false);
	else
		http_parser_request(&p, l, &head);
	for (size_t n = 0; v.head == HTTP_MORE && n < size;) {
		n += piece(how, &seed, size - n);
		v.head = http_parse_head(&p, buf, n, &v.used);
	}
	if (v.head == HTTP_REFUSED) {
		v.status = p.refusal.status;
		v.reason = p.refusal.reason;
		MO_ASSERT(v.status >= 400 && v.reason && p.refusal.detail);
	}
	if (v.head != HTTP_DONE)
		return v;
	MO_ASSERT(
		v.used <= size && head.nfields <= l->max_headers && (int64_t)v.used <= l->max_head);
	v.fields = head.nfields;
	v.framing = head.framing;
	v.length = head.length;
	v.reply = head.status;
	for (unsigned i = 0; i < head.nfields; i++)
		v.sum = mix(mix(v.sum, head.fields[i].name.p, head.fields[i].name.n),
			head.fields[i].value.p, head.fields[i].value.n);
	v.sum = mix(mix(mix(v.sum, head.path.p, head.path.n), head.query.p, head.query.n),
		head.host.p, head.host.n);
	if (head.framing == HTTP_BODY_CHUNKED)
		read_body(&v, l, buf, size, how, &seed);
	return v;
}

static void same(const struct verdict *a, const struct verdict *b)
{
	MO_ASSERT(a->head == b->head && a->status == b->status && a->reply == b->reply);
	MO_ASSERT(mo_streq(a->reason, b->reason));
	MO_ASSERT(a->body == b->body && a->sum == b->sum);
	MO_ASSERT(a->head != HTTP_DONE ||
		  (a->used == b->used && a->fields == b->fields && a->framing == b->framing &&
			  a->length == b->length));
	MO_ASSERT(a->body == HTTP_REFUSED || a->body_len == b->body_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_limits l;

	if (size == 0 || size > BODY_MAX)
		return 0;
	http_limits_default(&l);
	l.max_head = l.upstream_head = 600; /* small, so that short inputs reach them */
	l.max_target = 200;
	l.max_headers = 8;
	l.max_chunk_line = 32;
	l.max_trailers = 64;
	char *buf = malloc(size); /* exactly: a byte too far is seen */
	MO_ASSERT(buf);
	memcpy(buf, data, size);
	for (int response = 0; response < 2; response++) {
		struct verdict whole = parse(buf, size, &l, response, 0, 0);
		struct verdict bytes = parse(buf, size, &l, response, 1, 0);
		same(&whole, &bytes);
		for (unsigned i = 2; i < 5; i++) {
			struct verdict random =
				parse(buf, size, &l, response, i, (uint32_t)(size * i + data[0]));
			same(&whole, &random);
		}
	}
	free(buf);
	return 0;
}
