/* The gateway role inside the API: one gateway per loop, and its two routes. */
#include "gateway_routes.h"

#include "modelops/base/time.h"

#include "gateway.h"
#include "handlers.h"
#include "paths.h"
#include "usage_flush.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { USAGE_SLOTS = 65536 };

int gateway_open(struct api *api, struct mo_err *err)
{
	char dir[PATH_TEXT];
	if (!api->gateway)
		return 0;
	api->gateway_metrics = calloc(1, sizeof(*api->gateway_metrics));
	if (!api->gateway_metrics)
		return mo_fail(err, MO_ENOMEM, "gateway");
	if (gateway_metrics_declare(api->obs, api->gateway_metrics, err) < 0 ||
		path_in_data(api, "run/usage", dir, err) < 0)
		return -1;
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "cannot make '%s'", dir);
	if (usage_map_create(dir, USAGE_SLOTS, &api->usage, err) < 0)
		return -1;
	return usage_flusher_start(api->store, api->usage, dir, api->obs, &api->flusher, err);
}

void gateway_close(struct api *api)
{
	usage_flusher_stop(api->flusher);
	usage_map_close(api->usage);
	free(api->gateway_metrics);
}

int gateway_start(struct api *api, struct api_loop *loop, struct mo_err *err)
{
	if (!api->gateway)
		return 0;
	struct gateway_cfg cfg = {
		.store = api->store,
		.workers = api->workers,
		.usage = api->usage,
		.metrics = api->gateway_metrics,
		.limits = &api->cfg.http,
		.key = &api->workload_key,
		.deadline_us = api->cfg.gateway_deadline,
		.stale_max_us = api->cfg.auth_stale_max,
		.max_reply = api->cfg.gateway_max_reply,
	};
	return gateway_new(&cfg, loop->loop, &loop->gateway, err);
}

static struct gateway *gateway_of(const struct api_req *r)
{
	for (int64_t i = 0; i < r->api->cfg.loops; i++)
		if (r->api->loops[i].loop == r->http->loop)
			return r->api->loops[i].gateway;
	return NULL;
}

static int forward(struct api_req *r, enum endpoint_kind kind, struct mo_err *err)
{
	struct gateway *gateway = gateway_of(r);
	if (!gateway)
		return mo_fail(err, MO_ENOTFOUND, "this process has no gateway role");
	struct gateway_caller who = {
		.tenant = r->tenant,
		.project = r->actor.project_id[0] ? r->actor.project_id : NULL,
	};
	*r->later = true;
	gateway_forward(gateway, r->http, &who, kind, req_param(r, "id"));
	return 0;
}

int gateway_predict(struct api_req *r, struct mo_err *err)
{
	return forward(r, ENDPOINT_PREDICT, err);
}

int gateway_explain(struct api_req *r, struct mo_err *err)
{
	return forward(r, ENDPOINT_EXPLAIN, err);
}
