/* Inside the gateway: its cache of endpoints (endpoint_cache.c), hops (hop.c) and what it
 * was told of changes (gateway.c). One loop's thread. */
#ifndef MODELOPS_API_GATEWAY_INT_H
#define MODELOPS_API_GATEWAY_INT_H

#include "gateway.h"
#include "modelops/base/map.h"

#include <pthread.h>

enum {
	GATEWAY_ENDPOINTS_MAX = 65536,
	GATEWAY_WAITING_MAX = 4096, /* hops that wait for a load, over all endpoints */
};

/* What other threads told this loop and it has not looked at yet. */
struct told {
	pthread_mutex_t lock;
	struct http_task task;
	struct gateway_changes changes;
	int64_t at; /* mo_mono() */
};

struct gateway {
	struct gateway_cfg cfg;
	struct http_loop *loop;
	struct mo_map endpoints; /* deployment id -> struct endpoint */
	unsigned waiting, loads;
	int64_t fresh_at;               /* mo_mono() of the last successful look at the store */
	struct gateway_changes changes; /* being looked at */
	struct http_timer timer;
	struct told told;
};

/* One request on its way through the gateway; lives in the request's arena. */
struct hop {
	struct http_call call;
	struct mo_list node;     /* in endpoint->waiting */
	struct http_timer timer; /* to the deadline, while it waits there */
	struct gateway *gateway;
	struct http_req *req;
	struct endpoint *endpoint;
	struct gateway_caller who;
	enum endpoint_kind kind;
	unsigned tries, looks;    /* instances tried, fresh looks at the store waited for */
	char instance[MO_ID_MAX]; /* tried last */
	int64_t sent_at;          /* to it */
};

/* The endpoint of DEPLOYMENT, made when it is not there yet (then not loaded, to be loaded at the
 * cost of the tenant ASKER or, NULL, of the process). NULL with ERR. */
struct endpoint *endpoint_for(
	struct gateway *g, const char *deployment, const char *asker, struct mo_err *err);

/* Starts a look at the store, or asks for another one after the one that runs. Hops that wait in E
 * go on when it is there. */
void endpoint_load(struct gateway *g, struct endpoint *e);

/* Takes E out of the cache; it is freed when no hop and no load holds it. */
void endpoint_drop(struct gateway *g, struct endpoint *e);

/* A hop lets E go. */
void endpoint_release(struct endpoint *e);

/* The endpoint of HOP was looked up and HOP is out of its list: check who asks, then send. */
void hop_go(struct hop *hop);

/* Answers with ERR and lets the endpoint go; 502 for an instance that broke the protocol. */
void hop_problem(struct hop *hop, const struct mo_err *err);

#endif
