/* Addresses and sockets: "tcp:HOST:PORT" and "unix:/path", for listeners and connections. */
#ifndef MODELOPS_HTTP_NET_H
#define MODELOPS_HTTP_NET_H

#include "modelops/base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct http_addr {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u;
	bool is_unix;
};

enum { HTTP_ADDR_TEXT = 256 };

/* Reads "tcp:HOST:PORT" with a literal address ("tcp:[::1]:80"; "tcp:localhost:80" is 127.0.0.1) or
 * "unix:/path". */
int http_addr_parse(const char *text, struct http_addr *ret_addr, struct mo_err *err);

/* "127.0.0.1", "::1" or "unix". */
void http_addr_peer(const struct http_addr *addr, char out[46]);
bool http_addr_local(const struct http_addr *addr);

/* Bytes that tell one client from another: the address without its port; of IPv6 its /64, which is
 * what one client is given. Returns their number. */
size_t http_addr_key(const struct http_addr *addr, char out[16]);

/* A bound, listening, non-blocking socket; *ret_bound (cap >= HTTP_ADDR_TEXT) gets the address in
 * TEXT's form. */
int http_listen(const char *text, int backlog, char *ret_bound, size_t cap, int *ret_fd,
	struct mo_err *err);

/* A non-blocking socket whose connect has been started: *ret_now says whether it is connected
 * already. */
int http_connect(const char *text, int *ret_fd, bool *ret_now, struct mo_err *err);

#endif
