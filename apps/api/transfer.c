/* Streaming both ways on a worker of the stream pool. */
#include "transfer.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/objstore/objstore.h"

#include <stdlib.h>

enum { CHUNK = 64 * 1024 };

int transfer_in(struct api_req *r, struct objstore_put *put, struct mo_err *err)
{
	mo_autofree char *buf = malloc(CHUNK);
	if (!buf)
		return mo_fail(err, MO_ENOMEM, "transfer buffer");
	for (;;) {
		ssize_t n = http_body_read(r->http, buf, CHUNK, true, err);
		if (n <= 0)
			return (int)n;
		if (objstore_put_write(put, buf, (size_t)n, err) < 0)
			return -1;
	}
}

/* The status line is out: a failure can only be logged and the connection cut. */
static void pump(struct api_req *r, struct objstore_get *get, char *buf)
{
	struct mo_err err = { 0 };
	bool ok = false;
	for (;;) {
		size_t n = 0;
		if (objstore_get_read(get, buf, CHUNK, &n, &err) < 0)
			break;
		ok = n == 0;
		if (ok || http_stream_write(r->http, buf, n, true, &err) < 0)
			break;
	}
	if (!ok)
		mo_log(err.code == MO_EUNAVAIL ? MO_LOG_INFO : MO_LOG_ERROR, "download cut",
			"request_id", r->http->id, "error", err.msg, NULL);
	http_stream_end(r->http, ok);
}

int transfer_out(struct api_req *r, const char *key, const char *type, struct mo_err *err)
{
	struct objstore_get *get = NULL;
	struct objstore_info info = { 0 };
	mo_autofree char *buf = malloc(CHUNK);
	if (!buf)
		return mo_fail(err, MO_ENOMEM, "transfer buffer");
	if (objstore_get_open(r->api->objects, key, 0, -1, &get, &info, err) < 0)
		return -1;
	struct http_reply reply = { .status = r->route->status, .content_type = type };
	int rc = http_stream_start(r->http, &reply, info.size, err);
	if (rc == 0) {
		*r->later = true;
		if (r->http->head->method == HTTP_HEAD) /* nothing of it would be sent */
			http_stream_end(r->http, true);
		else
			pump(r, get, buf);
	}
	objstore_get_close(get);
	return rc;
}
