/* Every limit of the HTTP core is a setting: struct http_limits and the rows a program adds to its
 * table. */
#ifndef MODELOPS_HTTP_LIMITS_H
#define MODELOPS_HTTP_LIMITS_H

#include "modelops/base/config.h"

/* Sizes in bytes, times in microseconds. Filled by mo_cfg_load or http_limits_default; read-only
 * afterwards. */
struct http_limits {
	int64_t max_head, max_target, max_headers, max_chunk_line, max_trailers;
	int64_t max_body, arena_max, stream_buffer;
	int64_t idle_timeout, head_timeout, body_timeout, write_timeout, linger_timeout;
	int64_t min_rate; /* bytes a second */
	int64_t max_conns, max_conns_per_addr, max_pipeline, backlog;
	int64_t max_buffered, max_buffered_per_addr;
	int64_t upstream_conns, upstream_waiting, upstream_head, upstream_idle;
	int64_t drain_timeout;
	const char *tls_cert, *tls_key;
	const char *hosts;
};

#define HTTP_CFG_(base, name_, type_, field_, def_, lo_, hi_, help_) \
	{ .name = (name_), \
		.type = (type_), \
		.offset = (base) + offsetof(struct http_limits, field_), \
		.def = (def_), \
		.help = (help_), \
		.min = (lo_), \
		.max = (hi_) }

/* Rows for a program's settings table; BASE is the offset of its struct http_limits:
 *   static const struct mo_cfg settings[] = { ..., HTTP_SETTINGS(offsetof(struct cfg, http)), ...
 * };  */
#define HTTP_SETTINGS(base) \
	HTTP_CFG_(base, "HTTP_MAX_HEAD", MO_CFG_SIZE, max_head, "16k", 1024, 262144, \
		"Largest request head (request line and headers); past it 431."), \
		HTTP_CFG_(base, "HTTP_MAX_TARGET", MO_CFG_SIZE, max_target, "8k", 64, 131072, \
			"Longest request target; past it 414."), \
		HTTP_CFG_(base, "HTTP_MAX_HEADERS", MO_CFG_INT, max_headers, "64", 4, 128, \
			"Most header fields in a request; past it 431."), \
		HTTP_CFG_(base, "HTTP_MAX_CHUNK_LINE", MO_CFG_SIZE, max_chunk_line, "256", 16, \
			4096, "Longest chunk-size line with its extensions."), \
		HTTP_CFG_(base, "HTTP_MAX_TRAILERS", MO_CFG_SIZE, max_trailers, "4k", 2, 65536, \
			"Most bytes of trailers after a chunked body."), \
		HTTP_CFG_(base, "HTTP_MAX_BODY", MO_CFG_SIZE, max_body, "16m", 1024, \
			INT64_C(1) << 40, \
			"Largest buffered request body, whatever a route allows; past it 413."), \
		HTTP_CFG_(base, "HTTP_ARENA_MAX", MO_CFG_SIZE, arena_max, "64m", 65536, \
			INT64_C(1) << 40, "Most memory one request may use besides its body."), \
		HTTP_CFG_(base, "HTTP_STREAM_BUFFER", MO_CFG_SIZE, stream_buffer, "256k", 4096, \
			67108864, \
			"Buffer between the socket and the worker of a streamed body, each way."), \
		HTTP_CFG_(base, "HTTP_IDLE_TIMEOUT", MO_CFG_DURATION, idle_timeout, "60s", 1000, \
			INT64_C(86400000000), \
			"A keep-alive connection without a request is closed after this."), \
		HTTP_CFG_(base, "HTTP_HEAD_TIMEOUT", MO_CFG_DURATION, head_timeout, "10s", 1000, \
			INT64_C(86400000000), \
			"A request head must be complete this long after its first byte (408)."), \
		HTTP_CFG_(base, "HTTP_BODY_TIMEOUT", MO_CFG_DURATION, body_timeout, "30s", 1000, \
			INT64_C(86400000000), \
			"A buffered body must be complete this long after its head; a streamed " \
			"body may pause this long (408 too_slow)."), \
		HTTP_CFG_(base, "HTTP_WRITE_TIMEOUT", MO_CFG_DURATION, write_timeout, "30s", 1000, \
			INT64_C(86400000000), \
			"The client may pause this long in taking a reply; then the connection " \
			"closes."), \
		HTTP_CFG_(base, "HTTP_MIN_RATE", MO_CFG_SIZE, min_rate, "1k", 0, 1 << 30, \
			"Bytes a second that a client must move on average, in a streamed body " \
			"and in taking a reply: they earn back the time of its pauses. 0: any " \
			"byte " \
			"does."), \
		HTTP_CFG_(base, "HTTP_LINGER_TIMEOUT", MO_CFG_DURATION, linger_timeout, "2s", \
			1000, INT64_C(60000000), \
			"After a refusal, unread bytes are discarded this long so that the " \
			"client sees the reply."), \
		HTTP_CFG_(base, "HTTP_MAX_CONNS", MO_CFG_INT, max_conns, "10000", 1, 1000000, \
			"Most open client connections; one more is answered 503 and closed."), \
		HTTP_CFG_(base, "HTTP_MAX_CONNS_PER_ADDR", MO_CFG_INT, max_conns_per_addr, "256", \
			1, 1000000, \
			"Most open connections from one address (IPv6: one /64); one more is " \
			"answered 429 and closed."), \
		HTTP_CFG_(base, "HTTP_MAX_BUFFERED", MO_CFG_SIZE, max_buffered, "512m", 65536, \
			INT64_C(1) << 40, \
			"Most bytes of request bodies and of replies not yet taken that are held " \
			"at once; past it 503."), \
		HTTP_CFG_(base, "HTTP_MAX_BUFFERED_PER_ADDR", MO_CFG_SIZE, max_buffered_per_addr, \
			"128m", 65536, INT64_C(1) << 40, \
			"The same for one address; past it 503. Raise it behind a proxy."), \
		HTTP_CFG_(base, "HTTP_MAX_PIPELINE", MO_CFG_INT, max_pipeline, "64", 1, 4096, \
			"Pipelined requests answered before other connections get their turn."), \
		HTTP_CFG_(base, "HTTP_BACKLOG", MO_CFG_INT, backlog, "1024", 1, 65535, \
			"Listen backlog."), \
		HTTP_CFG_(base, "HTTP_UPSTREAM_CONNS", MO_CFG_INT, upstream_conns, "64", 1, 4096, \
			"Most connections to one upstream address."), \
		HTTP_CFG_(base, "HTTP_UPSTREAM_WAITING", MO_CFG_INT, upstream_waiting, "256", 0, \
			65536, \
			"Most calls waiting for a connection to one upstream; past it 503."), \
		HTTP_CFG_(base, "HTTP_UPSTREAM_MAX_HEAD", MO_CFG_SIZE, upstream_head, "16k", 1024, \
			262144, "Largest head accepted from an upstream; past it 502."), \
		HTTP_CFG_(base, "HTTP_UPSTREAM_IDLE", MO_CFG_DURATION, upstream_idle, "45s", 1000, \
			INT64_C(86400000000), \
			"An idle upstream connection is closed after this (less than the " \
			"upstream's own)."), \
		HTTP_CFG_(base, "HTTP_DRAIN_TIMEOUT", MO_CFG_DURATION, drain_timeout, "20s", 0, \
			INT64_C(3600000000), \
			"At a graceful stop, requests in flight may finish for this long."), \
		HTTP_CFG_(base, "HTTP_TLS_CERT", MO_CFG_STR, tls_cert, NULL, 0, 0, \
			"PEM file with the certificate chain; with HTTP_TLS_KEY it turns TLS " \
			"on."), \
		HTTP_CFG_(base, "HTTP_TLS_KEY", MO_CFG_STR, tls_key, NULL, 0, 0, \
			"PEM file with the private key."), \
		HTTP_CFG_(base, "HTTP_HOSTS", MO_CFG_STR, hosts, NULL, 0, 0, \
			"Host names answered, space-separated, without ports; others get 421. " \
			"Unset: any.")

/* Raises the soft limit of descriptors to the hard one. When L->max_conns and RESERVE others do not
 * fit under it, max_conns becomes what does; true then. Before the server is made. */
bool http_limits_fit(struct http_limits *l, int64_t reserve);

/* The defaults above. */
void http_limits_default(struct http_limits *limits);

#endif
