/* Presigned objects: whoever holds the link may get or put that one key until it expires. */
#include "handlers.h"

#include "modelops/base/time.h"
#include "modelops/objstore/objstore.h"

#include "transfer.h"

int blob_verify(struct api_req *r, struct mo_err *err)
{
	return objstore_verify(r->api->objects, http_method_name(r->http->head->method),
		req_param(r, "key"), query_text(&r->query, "expires"),
		query_text(&r->query, "method"), query_text(&r->query, "sig"), mo_now(), err);
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
	if (objstore_put_commit(put, NULL, -1, NULL, err) < 0)
		return -1;
	return req_answer_none(r);
}
