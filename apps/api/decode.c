/* Bodies: JSON (or YAML where the route says so) into the struct of the route's table. */
#include "decode.h"

#include "modelops/wire/schema.h"

int decode_body(struct api_req *r, struct mo_err *err)
{
	const struct wire_body *in = &r->route->in;
	if (!in->noun || in->shape == WIRE_PATCH || r->route->flags & (RF_YAML | RF_FORWARD))
		return 0;
	r->in = mo_arena_zalloc(r->arena, in->noun->size);
	if (!r->in)
		return mo_fail(err, MO_ENOMEM, "body of %zu bytes", r->http->body.n);
	return wire_parse(r->http->body.p, r->http->body.n, in->noun, in->shape, r->arena, r->in,
		&r->in_set, err);
}

int req_patch(struct api_req *r, void *obj, uint64_t *ret_set, struct mo_err *err)
{
	const struct wire_body *in = &r->route->in;
	return wire_parse(
		r->http->body.p, r->http->body.n, in->noun, in->shape, r->arena, obj, ret_set, err);
}
