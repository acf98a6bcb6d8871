/* Character classes and small lexers shared by the message parser's files. */
#ifndef MODELOPS_HTTP_LEX_H
#define MODELOPS_HTTP_LEX_H

#include "modelops/base/str.h"
#include "modelops/http/message.h"

enum {
	HTTP_LEX_TOKEN = 1,  /* RFC 9110 tchar */
	HTTP_LEX_TARGET = 2, /* RFC 3986 path and query bytes, '%' included */
	HTTP_LEX_HEX = 4,
	HTTP_LEX_HOST = 8, /* letters, digits, '.', '-', '_' */
	HTTP_LEX_V6 = 16,  /* inside brackets */
};

extern const uint8_t http_lex[256];

static inline bool http_lex_is(char c, unsigned classes)
{
	return http_lex[(uint8_t)c] & classes;
}

/* All bytes of S are in CLASSES, and S is not empty. */
bool http_lex_all(struct mo_str s, unsigned classes);

/* Index of the first byte of BUF[FROM..LEN) below 0x20 but for tab, or 0x7f; LEN when none. */
size_t http_lex_control(const char *buf, size_t from, size_t len);

/* S without blanks and tabs at both ends. */
struct mo_str http_lex_trim(struct mo_str s);

/* Fills the refusal and returns HTTP_REFUSED. REASON and DETAIL are string constants. */
enum http_parse http_refuse(
	struct http_refusal *r, int status, const char *reason, const char *detail);

/* First line of a request or of a response into p->head: HTTP_DONE or HTTP_REFUSED. */
enum http_parse http_parse_request_line(struct http_parser *p, struct mo_str line);
enum http_parse http_parse_status_line(struct http_parser *p, struct mo_str line);

/* Host [":" port] as RFC 9110 allows it, not empty. */
bool http_host_valid(struct mo_str host);

/* Bits of http_parser.seen. */
enum {
	HTTP_SEEN_HOST = 1,
	HTTP_SEEN_LENGTH = 2,
	HTTP_SEEN_CODING = 4,
	HTTP_SEEN_CLOSE = 8,
	HTTP_SEEN_KEEP = 16,
	HTTP_SEEN_ABSOLUTE = 32
};

#endif
