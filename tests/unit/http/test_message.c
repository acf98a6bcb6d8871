/* The parser on whole buffers and split at every byte: requests, responses, chunked bodies. */
#include "modelops/base/check.h"
#include "modelops/base/err.h"
#include "modelops/http/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit.h"

#define H "Host: t\r\n"

struct row {
	const char *text;
	bool response, to_head;
	const char *reason; /* of the refusal; NULL: parsed */
	int status;
	enum http_framing framing;
	bool keep;
};

static const struct row rows[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", .keep = true },
	{ "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n" },
	{ "GET / HTTP/1.0\r\n\r\n" },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", .keep = true },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 7\r\n\r\n", .framing = HTTP_BODY_LENGTH,
		.keep = true },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
		.framing = HTTP_BODY_CHUNKED, .keep = true },
	{ "GET / HTTP/1.1\n" H "\r\n", .reason = "bare_lf", .status = 400 },
	{ "GET / HTTP/1.1\r\n" H " x: y\r\n\r\n", .reason = "obs_fold", .status = 400 },
	{ "GET / HTTP/1.1\r\n" H H "\r\n", .reason = "duplicate_host", .status = 400 },
	{ "GET / HTTP/2.0\r\n" H "\r\n", .reason = "version", .status = 505 },
	{ "GET / HTTP/1.1\r\n\r\n", .reason = "no_host", .status = 400 },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		.reason = "length_and_coding", .status = 400 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .response = true,
		.framing = HTTP_BODY_LENGTH, .keep = true },
	{ "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", .response = true,
		.framing = HTTP_BODY_LENGTH, .keep = true },
	{ "HTTP/1.1 200 OK\r\n\r\n", .response = true, .framing = HTTP_BODY_TO_CLOSE },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .response = true, .to_head = true,
		.keep = true },
	{ "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", .response = true, .keep = true },
	{ "HTTP/1.1 204 X\r\n\r\n", .response = true, .keep = true },
	{ "HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", .response = true,
		.reason = "body_without_body", .status = 502 },
	{ "HTTP/1.1 100 X\r\nTransfer-Encoding: chunked\r\n\r\n", .response = true,
		.reason = "body_without_body", .status = 502 },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", .response = true, .reason = "bad_status", .status = 502 },
	{ "HTTP/1.1 200\r\n\r\n", .response = true, .reason = "bad_status_line", .status = 502 },
	{ "HTTP/1.1 600 X\r\n\r\n", .response = true, .reason = "bad_status", .status = 502 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .response = true,
		.reason = "duplicate_length", .status = 400 },
};

static enum http_parse parse(const struct row *row, const char *buf, size_t len, size_t first,
	struct http_head *head, struct http_refusal *why)
{
	struct http_limits l;
	struct http_parser p;
	size_t used = 0;

	http_limits_default(&l);
	if (row->response)
		http_parser_response(&p, &l, head, row->to_head);
	else
		http_parser_request(&p, &l, head);
	enum http_parse r = http_parse_head(&p, buf, first, &used);
	if (r == HTTP_MORE)
		r = http_parse_head(&p, buf, len, &used);
	if (r == HTTP_DONE)
		assert_int_equal(used, len);
	*why = p.refusal;
	return r;
}

static void test_rows_at_every_split(void **state)
{
	for (size_t i = 0; i < MO_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		size_t len = strlen(row->text);
		for (size_t split = 0; split <= len; split++) {
			struct http_head head;
			struct http_refusal why;
			enum http_parse r = parse(row, row->text, len, split, &head, &why);
			if (row->reason) {
				assert_int_equal(r, HTTP_REFUSED);
				assert_string_equal(why.reason, row->reason);
				assert_int_equal(why.status, row->status);
				continue;
			}
			assert_int_equal(r, HTTP_DONE);
			assert_int_equal(head.framing, row->framing);
			assert_int_equal(head.keep_alive, row->keep);
		}
	}
}

static void test_slices(void **state)
{
	static const char text[] = "PATCH /a%20b/c?x=1&y HTTP/1.1\r\nHost: h:1\r\nX-A:  v w "
				   "\t\r\nx-a:\r\nContent-Length: 12\r\n\r\n";
	const struct row row = { .text = text };
	struct http_head h;
	struct http_refusal why;
	struct mo_str v;

	assert_int_equal(parse(&row, text, sizeof(text) - 1, 10, &h, &why), HTTP_DONE);
	assert_int_equal(h.method, HTTP_PATCH);
	assert_true(mo_str_eq(h.path, "/a%20b/c") && mo_str_eq(h.query, "x=1&y") &&
		    mo_str_eq(h.host, "h:1"));
	assert_int_equal(h.length, 12);
	assert_int_equal(h.nfields, 4);
	assert_true(http_head_get(&h, "X-a", &v) && mo_str_eq(v, "v w"));
	assert_int_equal(http_head_count(&h, "x-A"), 2);
	assert_false(http_head_get(&h, "X-B", &v));
}

static void test_limits_are_exact(void **state)
{
	struct http_limits l;
	struct http_head head;
	struct http_parser p;
	char buf[4096];
	size_t used;

	http_limits_default(&l);
	l.max_head = 1024;
	for (int extra = -1; extra <= 1; extra++) {
		int n = snprintf(buf, sizeof(buf), "GET / HTTP/1.1\r\n" H "X: ");
		int pad = 1024 + extra - n - 4;
		memset(buf + n, 'a', (size_t)pad);
		memcpy(buf + n + pad, "\r\n\r\n", 4);
		http_parser_request(&p, &l, &head);
		assert_int_equal(http_parse_head(&p, buf, (size_t)(n + pad + 4), &used),
			extra > 0 ? HTTP_REFUSED : HTTP_DONE);
		assert_int_equal(p.refusal.status, extra > 0 ? 431 : 0);
	}
}

/* Control bytes are met at every distance from a 16-byte block. */
static void test_control_bytes_everywhere(void **state)
{
	char buf[128];
	struct http_limits l;
	struct http_head head;
	struct http_parser p;
	size_t used;

	http_limits_default(&l);
	for (size_t at = 3; at < 60; at++) {
		for (int c = 0; c < 256; c++) {
			int n = snprintf(
				buf, sizeof(buf), "GET / HTTP/1.1\r\n" H "X: %060d\r\n\r\n", 0);
			size_t value = (size_t)n - 64;
			buf[value + at] = (char)c;
			http_parser_request(&p, &l, &head);
			bool bad = (c < 32 && c != '\t') || c == 127;
			assert_int_equal(http_parse_head(&p, buf, (size_t)n, &used),
				bad ? HTTP_REFUSED : HTTP_DONE);
		}
	}
}

static enum http_parse decode(const char *in, size_t n, size_t step, char *out, size_t *ret_len)
{
	struct http_limits l;
	struct http_chunked d;
	enum http_parse r = HTTP_MORE;
	size_t at = 0, len = 0;

	http_limits_default(&l);
	http_chunked_init(&d, &l);
	while (r == HTTP_MORE && at < n) {
		struct mo_str got;
		size_t used;
		r = http_chunked_next(&d, in + at, n - at < step ? n - at : step, &used, &got);
		if (got.n)
			memcpy(out + len, got.p, got.n);
		len += got.n;
		at += used;
	}
	*ret_len = len;
	return r;
}

static void test_chunked(void **state)
{
	static const char good[] = "3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
	char out[64];
	size_t n;

	for (size_t step = 1; step < sizeof(good); step++) {
		assert_int_equal(decode(good, sizeof(good) - 1, step, out, &n), HTTP_DONE);
		assert_int_equal(n, 13);
		assert_memory_equal(out, "abc0123456789", 13);
	}
	assert_int_equal(decode("3\r\nabcd\r\n", 9, 9, out, &n), HTTP_REFUSED);
	assert_int_equal(
		decode("0\r\n\r\nX", 6, 6, out, &n), HTTP_DONE); /* what follows is not touched */
}

static void test_names(void **state)
{
	for (int m = HTTP_GET; m < HTTP_METHOD_COUNT; m++)
		assert_int_equal(http_method_of(mo_str(http_method_name((enum http_method)m))), m);
	assert_int_equal(http_method_of(MO_STR("get")), HTTP_UNKNOWN);
	for (enum mo_code c = MO_OK; c < MO_CODE_COUNT; c++)
		assert_true(http_status_phrase(mo_code_status(c))[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_at_every_split),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_limits_are_exact),
		cmocka_unit_test(test_control_bytes_everywhere),
		cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_names),
	};

	return RUN_TESTS(tests);
}
