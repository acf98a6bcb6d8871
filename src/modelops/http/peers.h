/* What each client address holds: connections and buffered bytes, against the limits of one address
 * and, for bytes, of all. Any thread. */
#ifndef MODELOPS_HTTP_PEERS_H
#define MODELOPS_HTTP_PEERS_H

#include "modelops/base/map.h"
#include "modelops/http/limits.h"
#include "modelops/http/net.h"

#include <pthread.h>

struct http_peers {
	const struct http_limits *limits;
	pthread_mutex_t lock;
	struct mo_map map; /* address -> struct http_peer */
	int64_t bytes;     /* of all */
};

/* At most MAX addresses. LIMITS is borrowed. */
void http_peers_init(struct http_peers *p, const struct http_limits *limits, size_t max);
void http_peers_free(struct http_peers *p);

/* The address has as many connections as it may. */
bool http_peers_full(struct http_peers *p, const struct http_addr *addr);

/* One connection more; false when memory is out (then it does not count). */
bool http_peers_enter(struct http_peers *p, const struct http_addr *addr);
void http_peers_leave(struct http_peers *p, const struct http_addr *addr);

/* N bytes more, of an address that has a connection; false, and nothing changes, when that is more
 * than it or all together may. Unix sockets, which are our own gateway's, share the limit of all.
 */
bool http_peers_charge(struct http_peers *p, const struct http_addr *addr, int64_t n);
void http_peers_release(struct http_peers *p, const struct http_addr *addr, int64_t n);

#endif
