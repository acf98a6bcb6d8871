/* The ops listener of a program: /metrics, /healthz and /readyz on a loop of their own thread. */
#ifndef MODELOPS_HTTP_OPS_H
#define MODELOPS_HTTP_OPS_H

#include "modelops/base/config.h"
#include "modelops/http/limits.h"
#include "modelops/obs/obs.h"

#include <stdbool.h>

struct http_ops_cfg {
	const char *host;  /* OPS_HOST, default 127.0.0.1 */
	int64_t port;      /* OPS_PORT, default 0 = a free one */
	int64_t max_conns; /* OPS_MAX_CONNS, all together and of one address */
};

/* Rows for a program's settings table; BASE is the offset of its struct http_ops_cfg. */
#define HTTP_OPS_SETTINGS(base) \
	{ .name = "OPS_HOST", \
		.type = MO_CFG_STR, \
		.offset = (base) + offsetof(struct http_ops_cfg, host), \
		.def = "127.0.0.1", \
		.help = "Address of the ops listener (/metrics, /healthz, /readyz)." }, \
		{ .name = "OPS_PORT", \
			.type = MO_CFG_INT, \
			.offset = (base) + offsetof(struct http_ops_cfg, port), \
			.def = "0", \
			.help = "Port of the ops listener; 0 takes a free one. `modelops up` " \
				"gives " \
				"it to the API only.", \
			.min = 0, \
			.max = 65535 }, \
		{ .name = "OPS_MAX_CONNS", \
			.type = MO_CFG_INT, \
			.offset = (base) + offsetof(struct http_ops_cfg, max_conns), \
			.def = "64", \
			.help = "Most open connections of the ops listener; one more is answered " \
				"503.", \
			.min = 1, \
			.max = 100000 }

struct http_ops;

/* Starts the listener on a thread of its own. LIMITS (NULL: the defaults) hold but for the numbers
 * of connections; copied. READY (may be NULL: always ready) is asked for /readyz on that thread; it
 * fills ERR with the reason when it returns false. The bound address
 * ("http://127.0.0.1:4711") is written to ADDRESS_FILE (may be NULL) by rename. */
int http_ops_start(const struct http_ops_cfg *cfg, const struct http_limits *limits,
	struct obs *obs, bool (*ready)(void *ctx, struct mo_err *err), void *ctx,
	const char *address_file, struct http_ops **ret_ops, struct mo_err *err);

/* The bound address. Borrowed. */
const char *http_ops_address(const struct http_ops *ops);

/* Stops the thread, removes ADDRESS_FILE. */
void http_ops_stop(struct http_ops *ops);

/* Writes TEXT to PATH by way of a temporary file and rename: readers see all of it or nothing. */
int http_write_address(const char *path, const char *text, struct mo_err *err);

#endif
