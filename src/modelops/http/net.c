/* Addresses and sockets of listeners and upstream connections. */
#include "modelops/http/net.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int parse_tcp(const char *text, struct http_addr *a, struct mo_err *err)
{
	const char *host = text + 4;
	const char *colon = strrchr(host, ':');
	uint64_t port;
	char name[64];

	if (!colon || mo_parse_u64(colon + 1, strlen(colon + 1), &port) < 0 || port > 65535)
		return mo_fail(err, MO_EINVAL, "address '%s' is not tcp:HOST:PORT", text);
	size_t n = (size_t)(colon - host);
	if (n >= 2 && host[0] == '[' && host[n - 1] == ']')
		host++, n -= 2;
	if (n >= sizeof(name))
		return mo_fail(err, MO_EINVAL, "host of address '%s' is too long", text);
	memcpy(name, host, n);
	name[n] = '\0';
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, mo_streq(name, "localhost") ? "127.0.0.1" : name,
		    &a->u.in.sin_addr) == 1) {
		a->u.in.sin_family = AF_INET;
		a->u.in.sin_port = htons((uint16_t)port);
		a->len = sizeof(a->u.in);
	} else if (inet_pton(AF_INET6, name, &a->u.in6.sin6_addr) == 1) {
		a->u.in6.sin6_family = AF_INET6;
		a->u.in6.sin6_port = htons((uint16_t)port);
		a->len = sizeof(a->u.in6);
	} else {
		return mo_fail(
			err, MO_EINVAL, "host of address '%s' is not a literal address", text);
	}
	return 0;
}

int http_addr_parse(const char *text, struct http_addr *ret_addr, struct mo_err *err)
{
	struct http_addr a = { .is_unix = true };

	if (!strncmp(text, "tcp:", 4)) {
		if (parse_tcp(text, &a, err) < 0)
			return -1;
	} else if (strncmp(text, "unix:", 5) || text[5] == '\0') {
		return mo_fail(err, MO_EINVAL,
			"address '%s' is neither tcp:HOST:PORT nor unix:/path", text);
	}
	*ret_addr = a;
	return 0;
}

void http_addr_peer(const struct http_addr *addr, char out[46])
{
	if (addr->is_unix)
		memcpy(out, "unix", 5);
	else if (addr->u.sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &addr->u.in.sin_addr, out, 46);
	else
		inet_ntop(AF_INET6, &addr->u.in6.sin6_addr, out, 46);
}

bool http_addr_local(const struct http_addr *addr)
{
	if (addr->is_unix)
		return true;
	if (addr->u.sa.sa_family == AF_INET)
		return (ntohl(addr->u.in.sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&addr->u.in6.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&addr->u.in6.sin6_addr) &&
		       addr->u.in6.sin6_addr.s6_addr[12] == 127);
}

size_t http_addr_key(const struct http_addr *addr, char out[16])
{
	if (addr->is_unix) {
		memcpy(out, "unix:", 5);
		return 5;
	}
	if (addr->u.sa.sa_family == AF_INET) {
		memcpy(out, &addr->u.in.sin_addr, 4);
		return 4;
	}
	const struct in6_addr *in6 = &addr->u.in6.sin6_addr;
	bool mapped = IN6_IS_ADDR_V4MAPPED(in6);
	memcpy(out, in6->s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
	return mapped ? 4 : 8;
}

/* Address of a unix path of any length: past sun_path it goes by way of its folder's descriptor,
 * *ret_dir, which must stay open until bind or connect. */
static int unix_addr(const char *path, struct sockaddr_un *un, int *ret_dir, struct mo_err *err)
{
	char dir[4096];
	const char *slash = strrchr(path, '/');

	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (mo_str_copy(un->sun_path, sizeof(un->sun_path), path) == 0)
		return 0;
	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return mo_fail(
			err, MO_EINVAL, "socket path of %zu bytes is too long", strlen(path));
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	int fd = open(dir[0] ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return mo_fail_errno(err, errno, "folder '%s' of the socket", dir);
	int n = snprintf(un->sun_path, sizeof(un->sun_path), "/proc/self/fd/%d/%s", fd, slash + 1);
	if (n < 0 || (size_t)n >= sizeof(un->sun_path)) {
		close(fd);
		return mo_fail(err, MO_EINVAL, "socket name '%s' is too long", slash + 1);
	}
	*ret_dir = fd;
	return 0;
}

/* Removes a socket file that nobody answers on. */
static int clear_stale(const struct sockaddr_un *un, const char *path, struct mo_err *err)
{
	struct stat st;

	if (lstat(un->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return mo_fail(err, MO_ECONFLICT, "'%s' exists and is no socket", path);
	mo_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0)
		return mo_fail(err, MO_ECONFLICT, "another process listens on '%s'", path);
	if (unlink(un->sun_path) < 0)
		return mo_fail_errno(err, errno, "old socket '%s'", path);
	return 0;
}

static int listen_unix(const char *text, int fd, struct mo_err *err)
{
	struct sockaddr_un un;
	mo_autoclose int dir = -1;

	if (unix_addr(text + 5, &un, &dir, err) < 0 || clear_stale(&un, text + 5, err) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return mo_fail_errno(err, errno, "listen on '%s'", text);
	return 0;
}

static int bound_text(const char *text, const struct http_addr *want, int fd, char *out, size_t cap,
	struct mo_err *err)
{
	struct http_addr a = { .len = sizeof(a.u) };
	char host[46];

	MO_ASSERT(cap >= HTTP_ADDR_TEXT);
	if (want->is_unix)
		return mo_str_copy(out, cap, text) < 0
			       ? mo_fail(err, MO_EINVAL, "address '%s' is too long", text)
			       : 0;
	if (getsockname(fd, &a.u.sa, &a.len) < 0)
		return mo_fail_errno(err, errno, "name of the listener");
	http_addr_peer(&a, host);
	bool six = a.u.sa.sa_family == AF_INET6;
	unsigned port = ntohs(six ? a.u.in6.sin6_port : a.u.in.sin_port);
	snprintf(out, cap, six ? "tcp:[%s]:%u" : "tcp:%s:%u", host, port);
	return 0;
}

/* A socket of the kind that the address TEXT asks for; -1: ERR. */
static int open_socket(const char *text, struct http_addr *a, struct mo_err *err)
{
	if (http_addr_parse(text, a, err) < 0)
		return -1;
	int family = a->is_unix ? AF_UNIX : a->u.sa.sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? mo_fail_errno(err, errno, "socket for '%s'", text) : fd;
}

int http_listen(
	const char *text, int backlog, char *ret_bound, size_t cap, int *ret_fd, struct mo_err *err)
{
	struct http_addr a;
	int one = 1;

	mo_autoclose int fd = open_socket(text, &a, err);
	if (fd < 0)
		return -1;
	if (a.is_unix) {
		if (listen_unix(text, fd, err) < 0)
			return -1;
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		/* Accepted sockets inherit it: one system call less per connection. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (bind(fd, &a.u.sa, a.len) < 0)
			return mo_fail_errno(err, errno, "listen on '%s'", text);
	}
	if (listen(fd, backlog) < 0)
		return mo_fail_errno(err, errno, "listen on '%s'", text);
	if (bound_text(text, &a, fd, ret_bound, cap, err) < 0)
		return -1;
	*ret_fd = MO_TAKE_FD(fd);
	return 0;
}

int http_connect(const char *text, int *ret_fd, bool *ret_now, struct mo_err *err)
{
	struct http_addr a;
	struct sockaddr_un un;
	mo_autoclose int dir = -1;
	int one = 1, rc;

	mo_autoclose int fd = open_socket(text, &a, err);
	if (fd < 0)
		return -1;
	if (a.is_unix) {
		if (unix_addr(text + 5, &un, &dir, err) < 0) {
			if (err) /* whatever is missing: nobody answers there */
				err->code = MO_EUNAVAIL;
			return -1;
		}
		rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		rc = connect(fd, &a.u.sa, a.len);
	}
	if (rc < 0 && errno != EINPROGRESS) {
		mo_fail_errno(err, errno, "connect to '%s'", text);
		if (err)
			err->code = MO_EUNAVAIL;
		return -1;
	}
	*ret_now = rc == 0;
	*ret_fd = MO_TAKE_FD(fd);
	return 0;
}
