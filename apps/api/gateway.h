/* The gateway of one loop: predict and explain are forwarded to a serving instance without leaving
 * the loop. */
#ifndef MODELOPS_API_GATEWAY_H
#define MODELOPS_API_GATEWAY_H

#include "endpoint.h"
#include "modelops/crypto/workload.h"
#include "modelops/http/req.h"
#include "modelops/http/workers.h"

struct store;

/* Declared once per process, shared by its loops. */
struct gateway_metrics {
	struct obs_family *requests, *seconds, *inflight;
	struct obs_series *retries, *ejections, *load_errors;
};

int gateway_metrics_declare(struct obs *obs, struct gateway_metrics *ret, struct mo_err *err);

struct gateway_cfg {
	struct store *store;          /* borrowed, like all pointers here */
	struct http_workers *workers; /* for loads */
	struct usage_map *usage;
	const struct gateway_metrics *metrics;
	const struct http_limits *limits;
	const struct workload_key *key; /* derives instance secrets */
	int64_t deadline_us;            /* GATEWAY_DEADLINE: longest wait for an answer */
	int64_t stale_max_us; /* AUTH_STALE_MAX: how long the cache serves while the store does not
				 answer */
	int64_t max_reply;    /* largest reply body accepted from an instance, bytes */
};

/* Who asks, as the authentication step found out. */
struct gateway_caller {
	const char *tenant;  /* id; NULL = platform admin, any tenant */
	const char *project; /* id the key is limited to, or NULL */
};

struct gateway;

/* One per loop; LOOP is not running yet or runs the caller. */
int gateway_new(const struct gateway_cfg *cfg, struct http_loop *loop, struct gateway **ret,
	struct mo_err *err);

/* Answers REQ, whose body is complete, from an instance of DEPLOYMENT: now, or later on the loop.
 */
void gateway_forward(struct gateway *g, struct http_req *req, const struct gateway_caller *who,
	enum endpoint_kind kind, const char *deployment);

/* After the loop has stopped and the workers have ended. Accepts NULL. */
void gateway_free(struct gateway *g);

/* Declarations of the gateway's metrics, for docs. */
extern const struct obs_decl gateway_metrics_decls[];
extern const size_t gateway_metrics_count;

/* On a worker: what the store says of DEPLOYMENT now. An absent deployment is success with
 * ret->found false. */
int gateway_load_view(struct store *store, const char *deployment, const struct workload_key *key,
	struct endpoint_view *ret, struct mo_err *err);

enum { GATEWAY_CHANGES_MAX = 256 };

/* Deployments that changed. */
struct gateway_changes {
	unsigned n; /* ids filled */
	bool all;   /* too many to name, or some were missed: reload everything */
	char ids[GATEWAY_CHANGES_MAX][MO_ID_MAX];
};

void gateway_changes_add(struct gateway_changes *c, const char *deployment);

/* The store answered just now, and these changed (perhaps none). Any thread. */
void gateway_tell(struct gateway *g, const struct gateway_changes *changes);

#endif
