/* Presigned objects: whoever holds the link may get that one key, or put the bytes it names there,
 * until it expires. */
#include "handlers.h"

#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/objstore/objstore.h"

#include "transfer.h"

#include <string.h>

/* The body will have the length that the link is for. */
static int check_length(const struct http_head *head, const char *size, struct mo_err *err)
{
	int64_t want = -1;
	if (mo_parse_i64(size, strlen(size), &want) < 0 || want < 0)
		return mo_fail_field(err, "size", "'%.24s' is no size", size);
	if (head->framing == HTTP_BODY_CHUNKED)
		return mo_fail_field(err, "Content-Length",
			"the link is for a body of %lld bytes that says its length, not a chunked "
			"one",
			(long long)want);
	int64_t sent = head->framing == HTTP_BODY_LENGTH ? (int64_t)head->length : 0;
	if (sent != want)
		return mo_fail_field(err, "Content-Length",
			"the link is for a body of %lld bytes, not %lld", (long long)want,
			(long long)sent);
	return 0;
}

int blob_verify(struct api_req *r, struct mo_err *err)
{
	const struct http_head *head = r->http->head;
	bool put = head->method == HTTP_PUT;
	const struct objstore_link link = {
		.expires = query_text(&r->query, "expires"),
		.method = query_text(&r->query, "method"),
		.size = put ? query_text(&r->query, "size") : NULL,
		.sha256 = put ? query_text(&r->query, "sha256") : NULL,
		.sig = query_text(&r->query, "sig"),
	};
	if (objstore_verify(r->api->objects, http_method_name(head->method), req_param(r, "key"),
		    &link, mo_now(), err) < 0)
		return -1;
	return put ? check_length(head, link.size, err) : 0;
}

int blob_get(struct api_req *r, struct mo_err *err)
{
	return transfer_out(r, req_param(r, "key"), "application/octet-stream", err);
}

int blob_put(struct api_req *r, struct mo_err *err)
{
	struct objstore_put *put = NULL;
	if (objstore_put_begin(r->api->objects, req_param(r, "key"), &put, err) < 0)
		return -1;
	if (transfer_in(r, put, err) < 0) {
		objstore_put_abort(put);
		return -1;
	}
	if (objstore_put_commit(put, query_text(&r->query, "sha256"), -1, NULL, err) < 0)
		return -1;
	return req_answer_none(r);
}
