/* One row per route: the table that the server, OpenAPI, the authorisation matrix and docs/API.md
 * read. */
#ifndef MODELOPS_API_ROUTE_H
#define MODELOPS_API_ROUTE_H

#include "modelops/auth/perm.h"
#include "modelops/http/message.h"
#include "modelops/wire/schema.h"

#include <stddef.h>

struct api_req;

enum route_where {
	ON_LOOP,   /* never blocks: cached state, forwarding */
	ON_READ,   /* one primary-key read: on the loop with SQLite, on a worker otherwise */
	ON_WRITE,  /* SQL writes and nothing slow: inside the store's batch with SQLite, on a worker
		      otherwise */
	ON_WORKER, /* SQL and files */
	ON_STREAM, /* artifact bytes: a worker of the stream pool owns the transfer */
};

enum route_auth {
	AUTH_PUBLIC,  /* nobody needed */
	AUTH_ACTOR,   /* API key, or X-Actor in demo mode */
	AUTH_ATTEMPT, /* token of a live attempt */
	AUTH_SIGNED,  /* the URL's own signature */
};

enum {
	RF_IDEMPOTENT = 1, /* takes Idempotency-Key */
	RF_PROJECT = 2,    /* the handler keeps a project-scoped key inside its project */
	RF_DEMO = 4,       /* exists in demo mode only */
	RF_PAGE = 8,       /* answers {"items":[out...],"next":cursor}; takes limit and cursor */
	RF_MATCH = 16,     /* takes If-Match */
	RF_TENANT = 32,    /* takes tenant_id: which tenant a platform admin means */
	RF_YAML = 64,      /* the body may be application/yaml */
	RF_FORWARD = 128,  /* a serving instance reads query and body; here they are for OpenAPI */
};

enum query_type { Q_TEXT, Q_INT, Q_TIME, Q_ENUM, Q_BOOL };

/* One query parameter. CHOICES: words separated by blanks for Q_ENUM. */
struct query_field {
	const char *name;
	enum query_type type;
	bool required;
	const char *help, *choices;
};

struct route {
	enum http_method method;
	const char *path;
	enum route_auth auth;
	enum auth_perm perm;
	size_t max_body; /* bytes; 0 = no body */
	enum route_where where;
	int (*handle)(struct api_req *r, struct mo_err *err);
	const struct query_field *query; /* ends with a NULL name; or NULL */
	struct wire_body in, out;        /* noun NULL: no JSON body */
	const char *in_type, *out_type;  /* media type when it is not JSON */
	int status;                      /* on success */
	unsigned flags;
	const char *tag, *id, *summary; /* id: OpenAPI operationId */
};

extern const struct route api_routes[];
extern const size_t api_route_count;

#endif
