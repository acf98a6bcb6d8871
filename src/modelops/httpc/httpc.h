/* HTTP client for everything off the hot path: S3, Kubernetes, OIDC, the API as seen from workloads
 * and the CLI. */
#ifndef MODELOPS_HTTPC_HTTPC_H
#define MODELOPS_HTTPC_HTTPC_H

#include "modelops/base/arena.h"
#include "modelops/base/buf.h"
#include "modelops/base/err.h"
#include "modelops/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* One user of the network: keeps connections alive between calls. One thread at a time. */
struct httpc;

struct httpc_cfg {
	int64_t connect_timeout, timeout; /* microseconds; 0 means 5 s and 60 s */
	const char *ca_file;              /* PEM; NULL means the system's */
	const char *cert_file, *key_file; /* client certificate, or NULL */
	const char *user_agent;           /* NULL means "modelops/VERSION" */
	bool insecure;                    /* do not verify TLS: for tests */
};

int httpc_new(const struct httpc_cfg *cfg, struct httpc **ret_client, struct mo_err *err);
void httpc_free(struct httpc *client);

/* Fill what is needed, leave the rest zero. All borrowed during the call. */
struct httpc_request {
	const char *method;         /* NULL means GET */
	const char *url;            /* http:// or https:// */
	const char *unix_path;      /* connect there instead of to the URL's host; NULL for not */
	const char *const *headers; /* "Name: value" lines, NULL-terminated; may be NULL */
	struct mo_str body;         /* request body in memory */
	int body_fd;                /* with has_body_fd: body_len bytes are read from it */
	int64_t body_off, body_len;
	bool has_body_fd;
	size_t max_reply; /* largest reply body kept in memory; 0 means 1 MiB; past it MO_ETOOBIG */
	int64_t timeout;  /* whole call in microseconds; 0 means the client's */
	int64_t stall; /* fail when no byte moves for this long, microseconds; 0 means off. Use with
			  timeout < 0 (none) for big transfers */
	/* With SINK the body of a 2xx reply is handed over piece by piece instead of kept (hash and
	 * write it there); an error it returns ends the call. Bodies of other replies are kept in
	 * memory. */
	int (*sink)(void *ctx, const void *p, size_t n, struct mo_err *err);
	void *ctx;
	/* Called now and then with the bytes of body sent and received so far; may be NULL. */
	void (*progress)(void *ctx, int64_t sent, int64_t received);
	void *progress_ctx;
};

struct httpc_reply {
	int status;
	char content_type[128];
	struct mo_buf body;    /* NUL-terminated */
	struct mo_buf headers; /* "name: value\n" lines, names in lower case */
	int64_t body_bytes;    /* also counted when a sink took them */
};

/* One request and its reply; redirects are not followed, proxies from the environment are never
 * used. Any status is a success here: 0. -1: MO_EUNAVAIL (cannot connect, connection lost, TLS),
 * MO_ETIMEOUT, MO_ETOOBIG, MO_EINVAL (bad URL), or the sink's error. On success the caller frees
 * *ret_reply with httpc_reply_free. */
int httpc_do(struct httpc *client, const struct httpc_request *request,
	struct httpc_reply *ret_reply, struct mo_err *err);

void httpc_reply_free(struct httpc_reply *reply);

/* Value of reply header NAME (lower case) copied into ARENA, or NULL. */
const char *httpc_reply_header(
	const struct httpc_reply *reply, const char *name, struct mo_arena *arena);

/* Turns a reply that is no 2xx into an error: the code that fits its status, the detail and field
 * of a problem+json body. 0 for 2xx. */
int httpc_check(const struct httpc_reply *reply, const char *what, struct mo_err *err);

/* URL's host is 127.0.0.0/8, ::1 or localhost. */
bool httpc_is_loopback(const char *url);

/* Ready sink: ctx is an int * descriptor; writes all of it. */
int httpc_sink_fd(void *ctx, const void *p, size_t n, struct mo_err *err);

#endif
