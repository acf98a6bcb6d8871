/* HTTP/1.1 messages, pure: heads of requests and responses, framing, chunked bodies. Refuses, never
 * repairs. */
#ifndef MODELOPS_HTTP_MESSAGE_H
#define MODELOPS_HTTP_MESSAGE_H

#include "modelops/base/err.h"
#include "modelops/base/str.h"
#include "modelops/http/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method {
	HTTP_UNKNOWN, /* a token, but no method we serve: 501 */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_COUNT
};

enum { HTTP_FIELDS_MAX = 128 };

enum http_framing { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_TO_CLOSE };

struct http_field {
	struct mo_str name, value; /* value without outer blanks */
};

/* Slices point into the buffer that was parsed. */
struct http_head {
	enum http_method method;
	struct mo_str method_text, target;
	struct mo_str path, query; /* raw, still percent-encoded; query without '?' */
	struct mo_str host; /* of Host, or of an absolute target; "" on HTTP/1.0 without one */
	int status;         /* responses */
	int minor;          /* 0 or 1 */
	bool keep_alive, expect_continue;
	enum http_framing framing;
	uint64_t length; /* with HTTP_BODY_LENGTH */
	unsigned nfields;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* Why a message is refused. */
struct http_refusal {
	int status;         /* to answer a request with: 400 408 413 414 417 421 431 501 505 */
	const char *reason; /* stable short word, e.g. "bare_lf"; label of a metric and code of the
			       problem */
	const char *detail; /* one sentence */
};

enum http_parse { HTTP_MORE, HTTP_DONE, HTTP_REFUSED };

/* State of one head. Caller owns it; nothing is allocated. */
struct http_parser {
	const struct http_limits *limits;
	struct http_head *head;
	size_t scanned, line;   /* bytes looked at, start of the current line */
	bool response, to_head; /* parsing a response; it answers HEAD */
	unsigned seen;
	struct http_refusal refusal;
};

/* Starts a request head. HEAD and LIMITS are borrowed until the next start. */
void http_parser_request(
	struct http_parser *p, const struct http_limits *limits, struct http_head *head);

/* Starts a response head; TO_HEAD says that it answers a HEAD request. 1xx heads are returned like
 * any other. */
void http_parser_response(struct http_parser *p, const struct http_limits *limits,
	struct http_head *head, bool to_head);

/* Looks at BUF[0..LEN): the same BUF as in earlier calls for this head, with more bytes after those
 * seen. Any split gives the same verdict. HTTP_DONE sets *ret_used to the length of the head with
 * its empty line; HTTP_REFUSED fills p->refusal. */
enum http_parse http_parse_head(
	struct http_parser *p, const char *buf, size_t len, size_t *ret_used);

/* Value of the only field NAME (ASCII case folded); false when absent. Of several it is the first.
 */
bool http_head_get(const struct http_head *head, const char *name, struct mo_str *ret_value);

/* Number of fields called NAME. */
unsigned http_head_count(const struct http_head *head, const char *name);

/* Lowers *us, the longest wait for an answer in microseconds, to what X-Deadline-Ms asks for.
 * MO_EINVAL when that is not a number. */
int http_head_deadline(const struct http_head *head, int64_t *us, struct mo_err *err);

/* NAME of a method, and back (HTTP_UNKNOWN when none). */
const char *http_method_name(enum http_method method);
enum http_method http_method_of(struct mo_str text);

/* Standard phrase, e.g. "Not Found"; "" for an unknown status. */
const char *http_status_phrase(int status);

/* Decoder of a chunked body; pure and incremental. */
struct http_chunked {
	const struct http_limits *limits;
	int state;
	uint64_t left;         /* bytes left of the current chunk */
	size_t line, trailers; /* bytes of the current line, of all trailers */
	struct http_refusal refusal;
};

void http_chunked_init(struct http_chunked *d, const struct http_limits *limits);

/* Consumes from IN and stops after one piece of data, at the end, or when IN is used up. *ret_used
 * bytes were consumed; *ret_data is the piece (a slice of IN, n = 0 for none). HTTP_DONE at the end
 * of the body. */
enum http_parse http_chunked_next(struct http_chunked *d, const char *in, size_t n,
	size_t *ret_used, struct mo_str *ret_data);

#endif
