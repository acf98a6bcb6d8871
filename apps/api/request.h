/* One request on its way through the steps, and what handlers use to answer it. */
#ifndef MODELOPS_API_REQUEST_H
#define MODELOPS_API_REQUEST_H

#include "modelops/auth/actor.h"
#include "modelops/base/buf.h"
#include "modelops/http/req.h"
#include "modelops/http/workers.h"
#include "modelops/store/store.h"

#include "api.h"
#include "query.h"
#include "route.h"

struct store_tx;

/* Lives in the request's arena. Handlers read it; the members under "answer" they set by the
 * functions below. */
struct api_req {
	struct api *api;
	struct http_req *http;
	const struct route *route;
	struct mo_arena *arena;
	struct query query;
	struct auth_actor actor;
	const char *tenant; /* store scope: a tenant's id, or NULL = all tenants (platform admin) */
	const char *attempt; /* AUTH_ATTEMPT: the attempt's id */
	void *in;            /* decoded CREATE body: the struct of route->in */
	uint64_t in_set;     /* the fields that were in it: wire_bit */
	bool authenticated;

	char body_sha256[65]; /* of a streamed body, once it was read */

	/* answer */
	struct http_reply reply;
	int64_t etag;          /* version of the object in the reply; 0: none */
	const char *secret;    /* the API key that the reply shows; NULL: none */
	bool replayed;         /* the reply was given before */
	const char *drop_keys; /* on success the cached callers of this tenant are out of date */
	bool stored;           /* this request, not one before it, wrote the row */
	bool *later; /* set by a handler that answers by itself: R may be gone after that */

	/* private */
	struct http_job job;
	struct store_job write_job;
	struct mo_err err;
	bool on_worker;
};

/* Value of path parameter NAME; our bug when the route has none. */
const char *req_param(const struct api_req *r, const char *name);

/* Value of request header NAME in the arena, or NULL. */
const char *req_header(const struct api_req *r, const char *name);

/* Decodes a PATCH body over OBJ, the row as it is. */
int req_patch(struct api_req *r, void *obj, uint64_t *ret_set, struct mo_err *err);

/* Answers OBJ by the route's out table with the route's status. */
int req_answer(struct api_req *r, const void *obj, struct mo_err *err);

/* Answers one page: N structs of the route's noun at ITEMS, NEXT = cursor or NULL. */
int req_answer_page(
	struct api_req *r, const void *items, size_t n, const char *next, struct mo_err *err);

/* Answers bytes that live in the arena or are constant. */
int req_answer_text(struct api_req *r, const char *type, struct mo_str text);

/* Answers without a body (204). */
int req_answer_none(struct api_req *r);

/* Adds the header fields that depend on the answer: once, when no handler runs again. */
int req_reply_headers(struct api_req *r, struct mo_err *err);

/* The ETag of an object's version. */
void req_etag_text(int64_t version, char ret_text[32]);

/* The actor may touch PROJECT_ID: always true but for keys limited to another project (404 like an
 * absent one). NOUN and ID name the thing in the error. */
int req_in_project(const struct api_req *r, const char *project_id, const char *noun,
	const char *id, struct mo_err *err);

#endif
