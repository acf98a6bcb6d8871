/* HTTP server: listeners and connections on one or more loops, one program behind them. */
#ifndef MODELOPS_HTTP_SERVER_H
#define MODELOPS_HTTP_SERVER_H

#include "modelops/http/req.h"
#include "modelops/obs/obs.h"

/* What a program does with requests. All run on the request's loop thread. */
struct http_app {
	void *ctx;
	/* The head is complete and its route found; no body byte was read, no 100 Continue sent.
	 * May answer at once (refuse), and sets req->max_body and req->stream_body from its route's
	 * row. NULL: no bodies. */
	void (*head)(struct http_req *req);
	/* The body is there (or streams). Answers now, suspends, or keeps REQ and answers later on
	 * the loop. */
	void (*request)(struct http_req *req);
	/* The reply was sent or the client is lost (then SENT is false). STATUS as answered, BYTES
	 * of body sent. Also called for requests answered in `head`. Last use of REQ; may be NULL.
	 */
	void (*done)(struct http_req *req, int status, uint64_t bytes, bool sent);
	/* Bits of enum http_req_event for streams on the loop; may be NULL. Not called while REQ is
	 * suspended. */
	void (*event)(struct http_req *req, unsigned events);
};

struct http_server_cfg {
	const struct http_limits *limits; /* borrowed */
	const struct http_router
		*router; /* borrowed; answers 404, 405, 501 and OPTIONS before the app is asked */
	const struct http_app *app; /* borrowed */
	struct obs *obs;            /* may be NULL: no metrics */
	const char *const
		*route_names; /* label per row, row 0 first; NULL-terminated; may be NULL */
	const char *name;     /* value of the metrics' label `server`: "main", "ops" */
	bool plain;           /* ignore tls_cert and tls_key */
};

struct http_server;

/* Reads certificate and key when set. The server is shared by its loops; all of it but
 * listen/attach/free is thread-safe. */
int http_server_new(
	const struct http_server_cfg *cfg, struct http_server **ret_server, struct mo_err *err);

/* Opens a listener: "tcp:127.0.0.1:8000", "tcp:[::1]:0", "unix:/path/s" (an old socket nobody
 * answers on is replaced; long paths work). *ret_bound (>= 256 bytes) gets the real address in the
 * same form. Before attach. At most 8. */
int http_server_listen(struct http_server *server, const char *address, char *ret_bound, size_t cap,
	struct mo_err *err);

/* The same for this machine's own programs, on a loopback or unix address: in the clear although
 * the server has TLS, and under any host name although it has HTTP_HOSTS. */
int http_server_listen_inside(struct http_server *server, const char *address, char *ret_bound,
	size_t cap, struct mo_err *err);

/* Serves all listeners on LOOP too. Call once per loop, before it runs. */
int http_server_attach(struct http_server *server, struct http_loop *loop, struct mo_err *err);

/* Graceful stop, any thread: closes listeners and idle connections, finishes requests in flight
 * with Connection: close; what is left after drain_timeout is cut. FN (may be NULL) is called once,
 * on a loop's thread, when no connection is left. */
void http_server_drain(struct http_server *server, void (*fn)(void *ctx), void *ctx);

/* After its loops have stopped. Requests still suspended must have been resumed (stop the workers
 * first). Unlinks unix sockets. */
void http_server_free(struct http_server *server);

/* Declarations of the http metrics, for docs. */
extern const struct obs_decl http_metrics_decls[];
extern const size_t http_metrics_count;

#endif
