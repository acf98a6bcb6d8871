/* HTTP client on libcurl's easy interface: one handle, kept for its connections. */
#include "modelops/httpc/httpc.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLY_DEFAULT = 1 << 20, HEADERS_MAX = 65536 };

struct httpc {
	CURL *curl;
	struct httpc_cfg cfg;
	char *texts[4]; /* copies of the cfg's strings */
	char error[CURL_ERROR_SIZE];
};

/* One call while it runs. */
struct call {
	const struct httpc_request *req;
	struct httpc *client;
	struct httpc_reply reply;
	struct mo_err err; /* of the sink or of a limit */
	struct curl_slist *headers;
	int64_t body_at;         /* of body_fd or body */
	int64_t moved, moved_at; /* bytes so far, and when that last changed */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
	MO_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static int keep(struct httpc *c, int i, const char **text, struct mo_err *err)
{
	if (!*text)
		return 0;
	c->texts[i] = strdup(*text);
	*text = c->texts[i];
	return *text ? 0 : mo_fail(err, MO_ENOMEM, "HTTP client");
}

int httpc_new(const struct httpc_cfg *cfg, struct httpc **ret_client, struct mo_err *err)
{
	struct httpc *c = calloc(1, sizeof(*c));

	pthread_once(&once, init_curl);
	if (!c)
		return mo_fail(err, MO_ENOMEM, "HTTP client");
	if (cfg)
		c->cfg = *cfg;
	c->curl = curl_easy_init();
	if (!c->curl || keep(c, 0, &c->cfg.ca_file, err) < 0 ||
		keep(c, 1, &c->cfg.cert_file, err) < 0 || keep(c, 2, &c->cfg.key_file, err) < 0 ||
		keep(c, 3, &c->cfg.user_agent, err) < 0) {
		httpc_free(c);
		return mo_fail(err, MO_ENOMEM, "HTTP client");
	}
	*ret_client = c;
	return 0;
}

void httpc_free(struct httpc *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	for (size_t i = 0; i < MO_COUNT(client->texts); i++)
		free(client->texts[i]);
	free(client);
}

static int status_of(const struct call *k)
{
	long status = 0;

	curl_easy_getinfo(k->client->curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
	struct call *k = arg;
	size_t n = size * count;
	int status = status_of(k);

	k->reply.body_bytes += (int64_t)n;
	if (k->req->sink && status >= 200 && status < 300)
		return k->req->sink(k->req->ctx, p, n, &k->err) < 0 ? 0 : n;
	if (mo_buf_append(&k->reply.body, p, n) == 0)
		return n;
	if (k->reply.body.len + n > k->reply.body.max)
		mo_fail(&k->err, MO_ETOOBIG, "the reply is larger than %zu bytes",
			k->reply.body.max);
	else
		mo_fail(&k->err, MO_ENOMEM, "reply body");
	return 0;
}

/* A status line starts anew: after an interim reply only the last head counts. */
static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
	struct call *k = arg;
	size_t n = size * count, len = n;

	while (len && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	if (len > 5 && !memcmp(p, "HTTP/", 5)) {
		mo_buf_reset(&k->reply.headers);
		return n;
	}
	const char *colon = memchr(p, ':', len);
	for (size_t i = 0; colon && p + i < colon; i++)
		p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 32) : p[i];
	if (colon && (mo_buf_append(&k->reply.headers, p, len) < 0 ||
			     mo_buf_putc(&k->reply.headers, '\n') < 0)) {
		mo_fail(&k->err, MO_ETOOBIG, "the reply's headers are larger than %d bytes",
			HEADERS_MAX);
		return 0;
	}
	return n;
}

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
	struct call *k = arg;
	int64_t total = k->req->has_body_fd ? k->req->body_len : (int64_t)k->req->body.n;
	size_t n = size * count;

	if ((int64_t)n > total - k->body_at)
		n = (size_t)(total - k->body_at);
	if (n == 0)
		return 0;
	if (!k->req->has_body_fd) {
		memcpy(out, k->req->body.p + k->body_at, n);
	} else {
		ssize_t got = pread(k->req->body_fd, out, n, k->req->body_off + k->body_at);
		if (got <= 0) {
			mo_fail_errno(&k->err, got < 0 ? errno : EIO, "read the request body");
			return CURL_READFUNC_ABORT;
		}
		n = (size_t)got;
	}
	k->body_at += (int64_t)n;
	return n;
}

/* The connection was lost before the body counted: curl starts again. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct call *k = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	k->body_at = offset;
	return CURL_SEEKFUNC_OK;
}

static int on_progress(
	void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	struct call *k = arg;
	int64_t now = mo_mono();

	(void)dltotal;
	(void)ultotal;
	if (dlnow + ulnow != k->moved || !k->moved_at) {
		k->moved = dlnow + ulnow;
		k->moved_at = now;
	}
	if (k->req->progress)
		k->req->progress(k->req->progress_ctx, ulnow, dlnow);
	if (k->req->stall <= 0 || now - k->moved_at < k->req->stall)
		return 0;
	mo_fail(&k->err, MO_ETIMEOUT, "no byte moved for %lld ms",
		(long long)(k->req->stall / 1000));
	return 1;
}

bool httpc_is_loopback(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;
	bool yes =
		u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		(!strcmp(host, "localhost") || !strcmp(host, "[::1]") ||
			(!strncmp(host, "127.", 4) && strspn(host, "0123456789.") == strlen(host)));

	curl_free(host);
	curl_url_cleanup(u);
	return yes;
}

static int add_headers(struct call *k)
{
	static const char *const none[] = { NULL };
	const char *const *h = k->req->headers ? k->req->headers : none;

	/* No "Expect: 100-continue" and no form type by curl's own choice. */
	for (int i = -2; i < 0 || h[i]; i++) {
		const char *line = i == -2 ? "Expect:" : i == -1 ? "Content-Type:" : h[i];
		struct curl_slist *more = curl_slist_append(k->headers, line);
		if (!more)
			return mo_fail(&k->err, MO_ENOMEM, "request headers");
		k->headers = more;
	}
	return 0;
}

static void set_method(struct call *k, CURL *c)
{
	const struct httpc_request *r = k->req;
	const char *method = r->method ? r->method : "GET";
	int64_t length = r->has_body_fd ? r->body_len : (int64_t)r->body.n;

	if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (!strcmp(method, "POST")) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
	} else if (!strcmp(method, "PUT") || length > 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)length);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
}

static void set_tls(const struct httpc *client, CURL *c)
{
	if (client->cfg.ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, client->cfg.ca_file);
	if (client->cfg.cert_file)
		curl_easy_setopt(c, CURLOPT_SSLCERT, client->cfg.cert_file);
	if (client->cfg.key_file)
		curl_easy_setopt(c, CURLOPT_SSLKEY, client->cfg.key_file);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, client->cfg.insecure ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, client->cfg.insecure ? 0L : 2L);
}

static void set_callbacks(struct call *k, CURL *c)
{
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, k);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, k);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, k);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, k);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, k);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, k->req->stall > 0 || k->req->progress ? 0L : 1L);
}

static long milliseconds(int64_t us)
{
	return us <= 0 ? 0 : us < 1000 ? 1 : (long)(us / 1000);
}

static void set_options(struct call *k)
{
	const struct httpc_request *r = k->req;
	struct httpc *client = k->client;
	CURL *c = client->curl;
	int64_t total = r->timeout            ? r->timeout
			: client->cfg.timeout ? client->cfg.timeout
					      : 60 * MO_SECOND;

	curl_easy_reset(c); /* keeps the connections */
	client->error[0] = '\0';
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 65536L);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 65536L);
	curl_easy_setopt(c, CURLOPT_USERAGENT,
		client->cfg.user_agent ? client->cfg.user_agent : "modelops/" MO_VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
		milliseconds(
			client->cfg.connect_timeout ? client->cfg.connect_timeout : 5 * MO_SECOND));
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, milliseconds(total));
	if (r->unix_path)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, r->unix_path);
	set_tls(client, c);
	set_callbacks(k, c);
	set_method(k, c);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, k->headers);
}

static enum mo_code code_of(CURLcode rc)
{
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		return MO_ETIMEOUT;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return MO_EINVAL;
	case CURLE_OUT_OF_MEMORY:
		return MO_ENOMEM;
	default:
		return MO_EUNAVAIL;
	}
}

/* The URL without its query: signatures stand there. */
static int failed(struct call *k, CURLcode rc, struct mo_err *err)
{
	const struct httpc_request *r = k->req;
	const char *why = k->client->error[0] ? k->client->error : curl_easy_strerror(rc);

	if (k->err.code != MO_OK) {
		if (err)
			*err = k->err;
		return -1;
	}
	return mo_fail(err, code_of(rc), "%s %.*s: %s", r->method ? r->method : "GET",
		(int)strcspn(r->url, "?"), r->url, why);
}

static void note_reply(struct call *k)
{
	char *type = NULL;

	k->reply.status = status_of(k);
	if (curl_easy_getinfo(k->client->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
		mo_str_copy(k->reply.content_type, sizeof(k->reply.content_type), type);
}

int httpc_do(struct httpc *client, const struct httpc_request *request,
	struct httpc_reply *ret_reply, struct mo_err *err)
{
	struct call k = { .req = request, .client = client };
	CURLcode rc = CURLE_OK;

	mo_buf_init(&k.reply.body, request->max_reply ? request->max_reply : REPLY_DEFAULT);
	mo_buf_init(&k.reply.headers, HEADERS_MAX);
	if (add_headers(&k) == 0) {
		set_options(&k);
		rc = curl_easy_perform(client->curl);
	}
	int result = rc != CURLE_OK || k.err.code != MO_OK ? failed(&k, rc, err) : 0;
	curl_slist_free_all(k.headers);
	if (result < 0) {
		httpc_reply_free(&k.reply);
		return -1;
	}
	note_reply(&k);
	*ret_reply = k.reply;
	return 0;
}

void httpc_reply_free(struct httpc_reply *reply)
{
	mo_buf_free(&reply->body);
	mo_buf_free(&reply->headers);
}
