/* The routes of a serving instance and the steps before the gate: who asks, how large, what for. */
#include "modelops/base/check.h"
#include "modelops/crypto/crypto.h"
#include "serving.h"

#include <string.h>

enum route {
	R_PREDICT,
	R_EXPLAIN,
	R_DIRECT_PREDICT,
	R_DIRECT_EXPLAIN,
	R_HEALTHZ,
	R_READYZ,
	R_METRICS,
	R_COUNT
};

static const struct {
	enum http_method method;
	const char *path;
} routes[R_COUNT] = {
	[R_PREDICT] = { HTTP_POST, "/predict" },
	[R_EXPLAIN] = { HTTP_POST, "/explain" },
	[R_DIRECT_PREDICT] = { HTTP_POST, "/v1/deployments/{id}/predict" },
	[R_DIRECT_EXPLAIN] = { HTTP_POST, "/v1/deployments/{id}/explain" },
	[R_HEALTHZ] = { HTTP_GET, "/healthz" },
	[R_READYZ] = { HTTP_GET, "/readyz" },
	[R_METRICS] = { HTTP_GET, "/metrics" },
};

const char *const serving_route_names[] = { "predict", "explain", "predict", "explain", "healthz",
	"readyz", "metrics", NULL };

static bool is_inference(int row)
{
	return row >= 0 && row <= R_DIRECT_EXPLAIN; /* -1: no route was found */
}

static enum serving_kind kind_of(int row)
{
	return row == R_PREDICT || row == R_DIRECT_PREDICT ? SERVING_PREDICT : SERVING_EXPLAIN;
}

static bool header_is(const struct http_head *head, const char *name, const char *expected)
{
	struct mo_str v;
	size_t n = strlen(expected);
	return http_head_get(head, name, &v) && http_head_count(head, name) == 1 && v.n == n &&
	       crypto_equal(v.p, expected, n);
}

/* A reused address must not get another instance's rows. */
static bool meant_for_us(const struct serving *s, const struct http_head *head)
{
	if (!s->cfg.instance_id)
		return true;
	bool id = header_is(head, "X-Instance-Id", s->cfg.instance_id);
	return header_is(head, "X-Instance-Secret", s->cfg.instance_secret) && id;
}

static void on_head(struct http_req *req)
{
	struct serving *s = req->ctx;
	struct mo_err err = { 0 };
	if (!is_inference(req->match->row))
		return;
	req->max_body = s->cfg.max_body;
	if (!meant_for_us(s, req->head)) {
		mo_fail(&err, MO_EMISDIRECTED,
			"X-Instance-Id or X-Instance-Secret is not this instance's");
		http_req_problem(req, &err);
	}
}

static void reply_text(struct http_req *req, int status, const char *text)
{
	http_req_reply(req, &(struct http_reply){ .status = status,
				    .content_type = "text/plain; charset=utf-8",
				    .body = mo_str(text),
				    .stable = true });
}

static void reply_metrics(struct serving *s, struct http_req *req)
{
	mo_autobuf struct mo_buf b;
	struct mo_err err = { 0 };
	mo_buf_init(&b, 4 << 20);
	if (obs_render(s->telemetry.obs, &b, &err) < 0)
		http_req_problem(req, &err);
	else
		http_req_reply(req, &(struct http_reply){ .status = 200,
					    .content_type = OBS_CONTENT_TYPE,
					    .body = { b.data, b.len } });
}

static void on_request(struct http_req *req)
{
	struct serving *s = req->ctx;
	switch (req->match->row) {
	case R_HEALTHZ:
		reply_text(req, 200, "ok\n");
		break;
	case R_READYZ:
		reply_text(req, s->draining ? 503 : 200, s->draining ? "draining\n" : "ready\n");
		break;
	case R_METRICS:
		reply_metrics(s, req);
		break;
	default:
		gate_request(s, req, kind_of(req->match->row));
	}
}

static void on_done(struct http_req *req, int status, uint64_t bytes, bool sent)
{
	struct serving *s = req->ctx;
	(void)bytes;
	(void)sent;
	if (is_inference(req->match->row))
		telemetry_done(&s->telemetry, kind_of(req->match->row), status, req->started);
}

const struct http_app serving_app = { .head = on_head, .request = on_request, .done = on_done };

int routes_init(struct serving *s, struct mo_err *err)
{
	if (http_router_new(&s->router, err) < 0)
		return -1;
	for (int i = 0; i < R_COUNT; i++)
		if (http_router_add(s->router, routes[i].method, routes[i].path, i, err) < 0)
			return -1;
	return 0;
}
