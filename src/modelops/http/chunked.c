/* Decoder of chunked bodies. */
#include "modelops/http/lex.h"
#include "modelops/http/message.h"

enum {
	SIZE,
	SIZE_DIGITS,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	END
};

void http_chunked_init(struct http_chunked *d, const struct http_limits *limits)
{
	*d = (struct http_chunked){ .limits = limits, .state = SIZE };
}

static enum http_parse refuse(struct http_chunked *d, const char *reason, const char *detail)
{
	return http_refuse(&d->refusal, 400, reason, detail);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 32) - 'a' + 10;
}

static bool control(char c)
{
	return ((uint8_t)c < 0x20 && c != '\t') || c == 0x7f;
}

/* The size line up to its CR. */
static enum http_parse size_byte(struct http_chunked *d, char c)
{
	if ((int64_t)++d->line > d->limits->max_chunk_line)
		return refuse(d, "chunk_line_too_long",
			"a chunk-size line is longer than HTTP_MAX_CHUNK_LINE");
	if (d->state != EXTENSION && http_lex_is(c, HTTP_LEX_HEX)) {
		if (d->left >> 56)
			return refuse(d, "bad_chunk_size", "a chunk size is out of range");
		d->left = d->left << 4 | (uint64_t)hex_value(c);
		d->state = SIZE_DIGITS;
	} else if (d->state == SIZE) {
		return refuse(d, "bad_chunk_size", "a chunk size is not hexadecimal");
	} else if (c == '\r') {
		d->state = SIZE_LF;
	} else if (c == ';' && d->state == SIZE_DIGITS) {
		d->state = EXTENSION;
	} else if (d->state == SIZE_DIGITS || control(c)) {
		return refuse(d, "bad_chunk_size",
			"a chunk-size line holds what is neither size nor extension");
	}
	return HTTP_MORE;
}

/* Trailer fields are checked like header fields and dropped. */
static enum http_parse trailer_byte(struct http_chunked *d, char c)
{
	if ((int64_t)++d->trailers > d->limits->max_trailers)
		return http_refuse(&d->refusal, 431, "trailers_too_long",
			"the trailers are longer than HTTP_MAX_TRAILERS");
	if (d->state == TRAILER && c == '\r')
		d->state = END_LF;
	else if (d->state == TRAILER_VALUE && c == '\r')
		d->state = TRAILER_LF;
	else if (d->state == TRAILER_NAME && c == ':')
		d->state = TRAILER_VALUE;
	else if (d->state != TRAILER_VALUE && http_lex_is(c, HTTP_LEX_TOKEN))
		d->state = TRAILER_NAME;
	else if (d->state != TRAILER_VALUE || control(c))
		return refuse(
			d, "bad_trailer", "a trailer line is not a name, a colon and a value");
	return HTTP_MORE;
}

static enum http_parse expect_byte(struct http_chunked *d, char c, char want, int next)
{
	if (c != want)
		return refuse(d, "bad_chunk_end", "a chunk or its size line does not end in CRLF");
	d->state = next;
	return HTTP_MORE;
}

static enum http_parse one_byte(struct http_chunked *d, char c)
{
	switch (d->state) {
	case SIZE:
	case SIZE_DIGITS:
	case EXTENSION:
		return size_byte(d, c);
	case SIZE_LF:
		d->line = 0;
		return expect_byte(d, c, '\n', d->left ? DATA : TRAILER);
	case DATA_CR:
		return expect_byte(d, c, '\r', DATA_LF);
	case DATA_LF:
		return expect_byte(d, c, '\n', SIZE);
	case TRAILER_LF:
		d->trailers++;
		return expect_byte(d, c, '\n', TRAILER);
	case END_LF:
		return expect_byte(d, c, '\n', END);
	default:
		return trailer_byte(d, c);
	}
}

enum http_parse http_chunked_next(
	struct http_chunked *d, const char *in, size_t n, size_t *ret_used, struct mo_str *ret_data)
{
	size_t i = 0;

	*ret_used = 0;
	*ret_data = (struct mo_str){ in, 0 };
	if (d->state == END)
		return HTTP_DONE;
	while (i < n) {
		if (d->state == DATA) {
			size_t take = d->left < n - i ? (size_t)d->left : n - i;
			d->left -= take;
			if (d->left == 0)
				d->state = DATA_CR;
			*ret_data = (struct mo_str){ in + i, take };
			*ret_used = i + take;
			return HTTP_MORE;
		}
		enum http_parse r = one_byte(d, in[i++]);
		if (r == HTTP_REFUSED)
			return r;
		if (d->state == END) {
			*ret_used = i;
			return HTTP_DONE;
		}
	}
	*ret_used = i;
	return HTTP_MORE;
}
