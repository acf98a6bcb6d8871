/* Inside of the server: an exchange is one request and its reply. */
#ifndef MODELOPS_HTTP_XCHG_H
#define MODELOPS_HTTP_XCHG_H

#include "modelops/base/buf.h"
#include "modelops/http/pace.h"
#include "modelops/http/req.h"

#include <stdatomic.h>

enum { HTTP_ID_MAX = 128, HTTP_IN_EXTRA = 8192, HTTP_XCHG_KEEP = 64, HTTP_BODY_KEEP = 262144 };

struct http_conn;
struct http_shard;
struct http_stream;

/* One request and its reply. Recycled through the shard, so that a warm server allocates nothing.
 */
struct http_xchg {
	struct http_req req; /* first: a request is its exchange */
	struct http_conn *conn;
	struct http_xchg *next_free;
	struct http_head head;
	struct http_match match;
	struct http_parser parser;
	struct mo_arena arena;
	char *in; /* in_cap bytes from the socket */
	size_t in_cap, begin,
		end;          /* the current message starts at begin; bytes are valid up to end */
	size_t head_end, pos; /* end of the head; end of what head and body have used so far */
	int64_t since;        /* when the first byte of an unfinished head came; 0 for none */
	uint64_t body_left;   /* of a body with a length */
	struct http_chunked chunked;
	bool body_whole;     /* nothing of the body is left on the socket */
	bool active;         /* between the head's end and app->done */
	struct mo_buf body;  /* body that does not fit into IN */
	int64_t charged;     /* bytes held against HTTP_MAX_BUFFERED */
	struct mo_buf extra; /* header lines added by the app */
	bool retry_after;    /* ... among them Retry-After */
	struct mo_buf out;   /* head of the reply, and what the socket did not take */
	size_t out_sent;
	struct mo_str rest; /* stable body bytes after OUT */
	int file;           /* body from a file after those, -1 for none */
	int64_t file_off, file_left;
	int status;
	uint64_t sent_bytes;
	struct http_pace in_pace, out_pace; /* of a streamed body, and of any reply */
	bool close_after;
	struct http_reply pending; /* from another thread */
	void (*resume)(struct http_req *req);
	struct http_task task;
	_Atomic bool suspended;
	_Atomic bool gone;                    /* the peer closed its side */
	_Atomic bool lost;                    /* the connection is closed */
	_Atomic(struct http_stream *) stream; /* set by the owner thread, read by the loop */
	int64_t stream_max;                   /* bytes of a streamed body still allowed */
	char id[HTTP_ID_MAX + 1], traceparent[56];
};

static inline struct http_xchg *http_xchg_of(const struct http_req *req)
{
	return (struct http_xchg *)(void *)(uintptr_t)req;
}

/* xchg.c */
struct http_xchg *http_xchg_get(struct http_shard *shard); /* NULL when memory is out */
void http_xchg_put(struct http_shard *shard, struct http_xchg *x);
void http_xchg_clean(struct http_xchg *x); /* after a request: keeps what IN holds after it */
void http_xchg_free(struct http_xchg *x);

/* head_out.c */
int http_head_write(struct http_xchg *x, struct mo_buf *out, const struct http_reply *reply,
	int64_t length, const char *date);
const char *http_shard_date(struct http_shard *shard);
void http_date_format(int64_t t, char out[40]);

/* stream.c */
void http_stream_loop(
	struct http_conn *c); /* moves bytes between socket and buffers; may end the request */
size_t http_stream_room(
	struct http_xchg *x); /* for body bytes; 0 pauses reading until the app took some */
void http_stream_take(struct http_xchg *x, struct mo_str data);
void http_stream_body_end(
	struct http_xchg *x, const struct http_refusal *bad); /* NULL: a good end */
int http_stream_open_body(struct http_xchg *x);
uint32_t http_stream_events(struct http_xchg *x); /* what to wait for */
bool http_stream_timeout(struct http_conn *c);    /* false: the connection is to be given up */
void http_stream_gone(struct http_xchg *x);
bool http_stream_ending(const struct http_xchg *x); /* the app has said its last word */
void http_stream_free(struct http_xchg *x);

#endif
