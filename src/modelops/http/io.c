/* Bytes in and out of a connection, in the clear or through TLS. */
#include "modelops/base/check.h"
#include "modelops/http/conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { WOULD_BLOCK = -1, LOST = -2 };

static ssize_t plain_result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EWOULDBLOCK ? WOULD_BLOCK : LOST;
}

static ssize_t tls_result(struct http_conn *c, int n, bool writing)
{
	if (n > 0)
		return n;
	int why = SSL_get_error(c->ssl, n);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_WRITE) {
		c->want_write = true;
		return WOULD_BLOCK;
	}
	if (why == SSL_ERROR_WANT_READ)
		return WOULD_BLOCK;
	return why == SSL_ERROR_ZERO_RETURN && !writing ? 0 : LOST;
}

ssize_t http_io_recv(struct http_conn *c, void *p, size_t n)
{
	ssize_t got;

	if (c->ssl) {
		c->want_write = false;
		return tls_result(c, SSL_read(c->ssl, p, n > 1 << 20 ? 1 << 20 : (int)n), false);
	}
	do
		got = recv(c->watch.fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	return plain_result(got);
}

ssize_t http_io_send(struct http_conn *c, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t put;

	if (c->ssl) {
		c->want_write = false;
		while (n > 1 && iov->iov_len == 0)
			iov++, n--;
		int len = iov->iov_len > 1 << 20 ? 1 << 20 : (int)iov->iov_len;
		return tls_result(c, SSL_write(c->ssl, iov->iov_base, len), true);
	}
	do
		put = n == 1 ? send(c->watch.fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
			     : sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return plain_result(put);
}

ssize_t http_io_sendfile(struct http_conn *c, int fd, int64_t *off, size_t n)
{
	char block[16384];
	ssize_t put;

	if (!c->ssl) {
		off_t at = *off;
		do
			put = sendfile(c->watch.fd, fd, &at, n > 1 << 20 ? 1 << 20 : n);
		while (put < 0 && errno == EINTR);
		*off = at;
		return put == 0 ? LOST : plain_result(put); /* the file is shorter than announced */
	}
	ssize_t got = pread(fd, block, n < sizeof(block) ? n : sizeof(block), *off);
	if (got <= 0)
		return LOST;
	c->want_write = false;
	put = tls_result(c, SSL_write(c->ssl, block, (int)got), true);
	if (put > 0)
		*off += put;
	return put;
}

int http_tls_new(const struct http_limits *limits, SSL_CTX **ret_tls, struct mo_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return mo_fail(err, MO_ENOMEM, "TLS context");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx,
		SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_certificate_chain_file(ctx, limits->tls_cert) != 1) {
		SSL_CTX_free(ctx);
		return mo_fail(err, MO_EINVAL,
			"HTTP_TLS_CERT '%s' is not a readable PEM certificate chain",
			limits->tls_cert);
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, limits->tls_key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1) {
		SSL_CTX_free(ctx);
		return mo_fail(err, MO_EINVAL, "HTTP_TLS_KEY '%s' is not the certificate's PEM key",
			limits->tls_key);
	}
	*ret_tls = ctx;
	return 0;
}
