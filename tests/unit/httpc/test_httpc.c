/* The client against our own server on a thread: bodies both ways, limits, sinks, statuses,
 * timeouts, no redirects. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/server.h"
#include "modelops/httpc/httpc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit.h"

static struct {
	struct http_limits limits;
	struct http_router *router;
	struct http_server *server;
	struct http_loop *loop;
	pthread_t thread;
	char base[300];
} up;

enum { ECHO, SHOW, MOVED, PROBLEM, SLOW, ROUTES };
static const struct {
	enum http_method method;
	const char *path;
} routes[] = { { HTTP_PUT, "/echo" }, { HTTP_GET, "/show" }, { HTTP_GET, "/moved" },
	{ HTTP_GET, "/problem" }, { HTTP_GET, "/slow" } };

static void on_head(struct http_req *req)
{
	req->max_body = 1 << 24;
}

static void on_request(struct http_req *req)
{
	struct http_reply r = { .status = 200, .content_type = "text/plain", .body = req->body };
	struct mo_err err = { 0 };

	switch (req->match->row) {
	case SHOW:
		http_head_get(req->head, "X-Test", &r.body);
		http_req_header(req, "X-Answer", " forty two ", NULL);
		break;
	case MOVED:
		r.status = 302;
		http_req_header(req, "Location", "/show", NULL);
		break;
	case PROBLEM:
		mo_fail_field(&err, "a.b", "value \"x\" is wrong");
		http_req_problem(req, &err);
		return;
	case SLOW:
		return; /* never answered */
	}
	http_req_reply(req, &r);
}

static void *run(void *arg)
{
	http_loop_run(up.loop, NULL);
	return NULL;
}

static int start(void **state)
{
	static const struct http_app app = { .head = on_head, .request = on_request };
	char bound[256];

	http_limits_default(&up.limits);
	assert_int_equal(http_router_new(&up.router, NULL), 0);
	for (int i = 0; i < ROUTES; i++)
		assert_int_equal(
			http_router_add(up.router, routes[i].method, routes[i].path, i, NULL), 0);
	const struct http_server_cfg cfg = {
		.limits = &up.limits, .router = up.router, .app = &app
	};
	assert_int_equal(http_server_new(&cfg, &up.server, NULL), 0);
	assert_int_equal(
		http_server_listen(up.server, "tcp:127.0.0.1:0", bound, sizeof(bound), NULL), 0);
	assert_int_equal(http_loop_new(&up.loop, NULL), 0);
	assert_int_equal(http_server_attach(up.server, up.loop, NULL), 0);
	assert_int_equal(pthread_create(&up.thread, NULL, run, NULL), 0);
	snprintf(up.base, sizeof(up.base), "http://%s", bound + 4);
	return 0;
}

static int stop(void **state)
{
	http_loop_stop(up.loop);
	pthread_join(up.thread, NULL);
	http_server_free(up.server);
	http_loop_free(up.loop);
	http_router_free(up.router);
	return 0;
}

static char *url(const char *path)
{
	static char out[400];

	snprintf(out, sizeof(out), "%s%s", up.base, path);
	return out;
}

static struct httpc *client(void)
{
	struct httpc *c;

	assert_int_equal(httpc_new(NULL, &c, NULL), 0);
	return c;
}

struct seen {
	int64_t sent, received;
	int calls;
};

static void on_progress(void *ctx, int64_t sent, int64_t received)
{
	struct seen *seen = ctx;

	assert_true(sent >= seen->sent && received >= seen->received);
	*seen = (struct seen){ sent, received, seen->calls + 1 };
}

static void test_progress(void **state)
{
	struct httpc *c = client();
	struct seen seen = { 0 };
	char *big = calloc(1, 3000000);
	struct httpc_reply reply;
	struct httpc_request request = { .method = "PUT",
		.url = url("/echo"),
		.body = { big, 3000000 },
		.max_reply = 4000000,
		.progress = on_progress,
		.progress_ctx = &seen };

	assert_int_equal(httpc_do(c, &request, &reply, NULL), 0);
	assert_int_equal(seen.sent, 3000000);
	assert_int_equal(seen.received, 3000000);
	assert_true(seen.calls > 2);
	httpc_reply_free(&reply);
	free(big);
	httpc_free(c);
}

static void test_bodies(void **state)
{
	struct httpc *c = client();
	size_t sizes[] = { 0, 1, 100000, 3000000 };

	for (size_t i = 0; i < MO_COUNT(sizes); i++) {
		mo_autofree char *body = calloc(1, sizes[i] + 1);
		struct httpc_reply r;
		memset(body, 'x', sizes[i]);
		struct httpc_request q = { .method = "PUT",
			.url = url("/echo"),
			.body = { body, sizes[i] },
			.max_reply = 4 << 20 };
		assert_int_equal(httpc_do(c, &q, &r, NULL), 0);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.body.len, sizes[i]);
		if (sizes[i])
			assert_memory_equal(r.body.data, body, sizes[i]);
		httpc_reply_free(&r);
	}
	httpc_free(c);
}

static void test_files_both_ways(void **state)
{
	struct httpc *c = client();
	char in[] = "/tmp/httpc-in-XXXXXX", out[] = "/tmp/httpc-out-XXXXXX", back[16] = { 0 };
	mo_autoclose int from = mkstemp(in);
	mo_autoclose int to = mkstemp(out);
	struct httpc_reply r;

	assert_int_equal(write(from, "skip-this-payload", 17), 17);
	struct httpc_request q = { .method = "PUT",
		.url = url("/echo"),
		.has_body_fd = true,
		.body_fd = from,
		.body_off = 10,
		.body_len = 7,
		.sink = httpc_sink_fd,
		.ctx = &to };
	assert_int_equal(httpc_do(c, &q, &r, NULL), 0);
	assert_int_equal(r.body_bytes, 7);
	assert_int_equal(r.body.len, 0);
	assert_int_equal(pread(to, back, sizeof(back), 0), 7);
	assert_string_equal(back, "payload");
	httpc_reply_free(&r);
	unlink(in);
	unlink(out);
	httpc_free(c);
}

static void test_headers(void **state)
{
	static const char *const headers[] = { "X-Test: abc", NULL };
	struct httpc *c = client();
	struct httpc_reply r;
	struct mo_arena a;

	mo_arena_init(&a, 65536, 4096);
	assert_int_equal(
		httpc_do(c, &(struct httpc_request){ .url = url("/show"), .headers = headers }, &r,
			NULL),
		0);
	assert_string_equal(mo_buf_str(&r.body), "abc");
	assert_string_equal(r.content_type, "text/plain");
	assert_string_equal(httpc_reply_header(&r, "x-answer", &a), "forty two");
	assert_null(httpc_reply_header(&r, "x-none", &a));
	httpc_reply_free(&r);
	mo_arena_free(&a);
	httpc_free(c);
}

static void test_statuses(void **state)
{
	struct httpc *c = client();
	struct mo_err err = { 0 };
	struct httpc_reply r;

	assert_int_equal(httpc_do(c, &(struct httpc_request){ .url = url("/moved") }, &r, NULL), 0);
	assert_int_equal(r.status, 302); /* not followed */
	assert_int_equal(httpc_check(&r, "move", &err), -1);
	httpc_reply_free(&r);
	assert_int_equal(
		httpc_do(c, &(struct httpc_request){ .url = url("/problem") }, &r, NULL), 0);
	assert_int_equal(httpc_check(&r, "post", &err), -1);
	assert_int_equal(err.code, MO_EFIELD);
	assert_string_equal(err.field, "a.b");
	assert_string_equal(err.msg, "post: value \"x\" is wrong (HTTP 422)");
	httpc_reply_free(&r);
	httpc_free(c);
}

static int refuse_piece(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	return mo_fail(err, MO_EFULL, "disk full");
}

static void test_failures(void **state)
{
	struct httpc *c = client();
	struct httpc_reply r;
	static char big[5000];
	const struct {
		struct httpc_request q;
		enum mo_code code;
	} rows[] = {
		{ { .url = "http://127.0.0.1:1/?secret=1" }, MO_EUNAVAIL },
		{ { .url = "ftp://127.0.0.1/" }, MO_EINVAL },
		{ { .url = "not a url" }, MO_EINVAL },
		{ { .url = strdupa(url("/slow")), .timeout = 100000 }, MO_ETIMEOUT },
		{ { .url = strdupa(url("/slow")), .timeout = -1, .stall = 300000 }, MO_ETIMEOUT },
		{ { .method = "PUT",
			  .url = strdupa(url("/echo")),
			  .body = { big, sizeof(big) },
			  .max_reply = 100 },
			MO_ETOOBIG },
		{ { .method = "PUT",
			  .url = strdupa(url("/echo")),
			  .body = { big, sizeof(big) },
			  .sink = refuse_piece },
			MO_EFULL },
		{ { .url = "http://x/", .unix_path = "/nowhere/s" }, MO_EUNAVAIL },
	};

	for (size_t i = 0; i < MO_COUNT(rows); i++) {
		struct mo_err err = { 0 };
		assert_int_equal(httpc_do(c, &rows[i].q, &r, &err), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_null(strstr(err.msg, "secret"));
	}
	httpc_free(c);
}

static void test_loopback(void **state)
{
	assert_true(httpc_is_loopback("http://127.0.0.1:8000/x") &&
		    httpc_is_loopback("http://localhost") && httpc_is_loopback("https://[::1]:1/"));
	assert_false(httpc_is_loopback("http://127.0.0.1.evil/") ||
		     httpc_is_loopback("http://10.0.0.1/") ||
		     httpc_is_loopback("http://127.0.0.1@evil/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_progress), cmocka_unit_test(test_files_both_ways),
		cmocka_unit_test(test_headers), cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_loopback) };

	return cmocka_run_group_tests(tests, start, stop);
}
