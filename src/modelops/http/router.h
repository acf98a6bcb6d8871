/* Routes: path templates compiled to a trie; a match gives the row's index and the decoded
 * parameters. */
#ifndef MODELOPS_HTTP_ROUTER_H
#define MODELOPS_HTTP_ROUTER_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/base/str.h"
#include "modelops/http/message.h"

enum { HTTP_PARAMS_MAX = 8 };

struct http_router;

struct http_match {
	int row;        /* as given to http_router_add */
	unsigned allow; /* bit per enum http_method that the path has (with HEAD and OPTIONS) */
	unsigned nparams;
	struct mo_str params[HTTP_PARAMS_MAX]; /* decoded, in template order; NUL-terminated */
	const char *const *names;              /* of the parameters; borrowed from the router */
};

enum http_found {
	HTTP_FOUND,
	HTTP_NO_PATH,   /* 404 */
	HTTP_NO_METHOD, /* 405; allow is filled */
	HTTP_BAD_PATH,  /* 400: percent escape that is malformed, %00, or not UTF-8 */
	HTTP_NO_ROOM,   /* the arena is full */
};

int http_router_new(struct http_router **ret_router, struct mo_err *err);
void http_router_free(struct http_router *router);

/* TEMPLATE is like "/v1/runs/{id}/steps"; a last "{key...}" takes the rest with its slashes (at
 * least one byte). Literal segments win over parameters. ROW >= 0 comes back in a match. Borrowed:
 * TEMPLATE. MO_ECONFLICT for the same method and shape twice. */
int http_router_add(struct http_router *router, enum http_method method, const char *template,
	int row, struct mo_err *err);

/* Matches a raw path. HEAD finds GET's row when it has none of its own. Read-only: any number of
 * threads. Decoded parameters live in ARENA (no copy when nothing was encoded is NOT promised). "."
 * and ".." segments are HTTP_BAD_PATH. */
enum http_found http_router_match(const struct http_router *router, enum http_method method,
	struct mo_str path, struct mo_arena *arena, struct http_match *ret_match);

/* "GET, HEAD, OPTIONS" of a bit set, into OUT (>= 64 bytes). Returns OUT. */
char *http_allow_text(unsigned allow, char out[64]);

/* Query parameter NAME of a raw query, decoded ('+' is a blank) into ARENA, NUL-terminated. 1
 * found, 0 absent, -1 malformed or given twice (MO_EINVAL, field = NAME). */
int http_query_get(struct mo_str query, const char *name, struct mo_arena *arena,
	struct mo_str *ret_value, struct mo_err *err);

/* Fails with MO_EINVAL naming the first query parameter that is not one of NAMES (space-separated).
 */
int http_query_only(
	struct mo_str query, const char *names, struct mo_arena *arena, struct mo_err *err);

/* Percent-decodes RAW into ARENA. -1 on bad escapes, %00, or bytes that are no UTF-8; -2 when the
 * arena is full. */
int http_decode(
	struct mo_str raw, bool plus_is_blank, struct mo_arena *arena, struct mo_str *ret_text);

#endif
