/* Endpoint of one deployment on one loop: its live instances with their keep-alive connections. */
#ifndef MODELOPS_API_ENDPOINT_H
#define MODELOPS_API_ENDPOINT_H

#include "modelops/base/arena.h"
#include "modelops/base/id.h"
#include "modelops/base/list.h"
#include "modelops/http/upstream.h"
#include "modelops/obs/obs.h"
#include "usage_map.h"

enum { ENDPOINT_TARGETS_MAX = 64, ENDPOINT_ADDRESS_MAX = 256, ENDPOINT_SECRET_HEX = 64 };

enum endpoint_kind { ENDPOINT_PREDICT, ENDPOINT_EXPLAIN, ENDPOINT_KINDS };

/* What the store says of one READY instance. */
struct endpoint_target_view {
	char instance[MO_ID_MAX], address[ENDPOINT_ADDRESS_MAX], secret[ENDPOINT_SECRET_HEX + 1];
	unsigned weight; /* of its revision; > 0 */
};

/* What the store says of a deployment: filled on a worker, applied on the loop. */
struct endpoint_view {
	char deployment[MO_ID_MAX], tenant[MO_ID_MAX], project[MO_ID_MAX];
	bool found; /* false: absent or being deleted */
	unsigned n;
	struct endpoint_target_view targets[ENDPOINT_TARGETS_MAX];
};

struct endpoint_target {
	char instance[MO_ID_MAX], address[ENDPOINT_ADDRESS_MAX];
	char headers[192]; /* ready "X-Instance-Id" and "X-Instance-Secret" lines */
	size_t headers_len;
	unsigned weight;
	unsigned timeouts; /* in a row */
	int64_t try_at;    /* mo_mono(): left out until then, once there are too many */
	struct http_upstream *upstream;
};

/* Loop thread only. */
struct endpoint {
	char deployment[MO_ID_MAX], tenant[MO_ID_MAX], project[MO_ID_MAX];
	char asker[MO_ID_MAX]; /* tenant whose share of the workers loads it; "": the process */
	struct endpoint_target targets[ENDPOINT_TARGETS_MAX];
	unsigned n, turn;
	unsigned inflight;        /* hops that hold this endpoint */
	int64_t used_at;          /* mo_mono() of the last request */
	bool found, loaded, gone; /* found: the deployment exists; gone: out of the cache, freed
				     when inflight is 0 */
	bool loading, stale;      /* a load is on its way; another is wanted after it */
	bool missed;              /* the last load failed: what it was to show is not here yet */
	struct mo_list waiting;   /* hops that wait for the first load */
	struct usage_slot *slot;  /* of USAGE; NULL before the first answer */
	struct usage_map *usage;
	struct obs_series *answered[ENDPOINT_KINDS][3]; /* 2xx, 4xx, 5xx */
	struct obs_series *seconds[ENDPOINT_KINDS], *running;
};

/* An empty endpoint that still has to be loaded; NULL when memory is out. */
struct endpoint *endpoint_new(const char *deployment);

/* Makes E follow VIEW: keeps connections of targets that stay, retires the others. A target whose
 * upstream cannot be made is left out. */
void endpoint_apply(struct endpoint *e, const struct endpoint_view *view, struct http_loop *loop,
	const struct http_limits *limits);

/* The least loaded target by weight, in turn among equals; never EXCEPT (an instance id or NULL) or
 * one that hangs while there is another. NULL when there is none. */
struct endpoint_target *endpoint_pick(struct endpoint *e, const char *except, int64_t now);

/* A target that times out ENDPOINT_TIMEOUTS times in a row hangs: it is left out, but for one
 * request each ENDPOINT_REST_US that tries it, until it answers. True when it was found out now. */
enum { ENDPOINT_TIMEOUTS = 3, ENDPOINT_REST_US = 5000000 };
bool endpoint_timed_out(struct endpoint *e, const char *instance, int64_t now);
void endpoint_answered(struct endpoint *e, const char *instance);

/* Retires all connections, lets the metrics go and frees E, which no hop holds. */
void endpoint_free(struct endpoint *e);

#endif
