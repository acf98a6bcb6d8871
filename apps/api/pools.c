/* Three pools, so that none of them waits for another: SQL, transfers of users, transfers of jobs.
 * The tenants share each of them fairly. */
#include "pools.h"

#include <string.h>

int pools_open(struct api *api, struct mo_err *err)
{
	const struct api_cfg *cfg = &api->cfg;
	unsigned queue = (unsigned)cfg->queue_max;
	if (http_workers_new("sql", (unsigned)cfg->workers, queue, api->obs, &api->workers, err) <
		0)
		return -1;
	if (http_workers_new("stream", (unsigned)cfg->stream_workers, queue, api->obs,
		    &api->streams, err) < 0)
		return -1;
	return http_workers_new(
		"blob", (unsigned)cfg->blob_workers, queue, api->obs, &api->blobs, err);
}

/* Whose request it is: the caller's tenant, or the one that the link's key lies under; the address
 * of who is not known yet. */
static uint64_t group_of(const struct api_req *r)
{
	if (r->route->auth == AUTH_SIGNED) {
		const char *key = req_param(r, "key"), *slash = strchr(key, '/');
		const char *tenant = slash ? slash + 1 : key;
		return http_workers_group(tenant, strcspn(tenant, "/"));
	}
	const char *name = r->actor.tenant_id[0] ? r->actor.tenant_id : r->http->peer;
	return http_workers_group(name, strlen(name));
}

int pools_push(struct api_req *r, struct mo_err *err)
{
	struct http_workers *pool = r->api->workers;
	/* Who is not known yet is looked up by a worker for SQL first. */
	if (r->route->where == ON_STREAM && r->authenticated)
		pool = r->route->auth == AUTH_SIGNED ? r->api->blobs : r->api->streams;
	r->job.group = group_of(r);
	return http_workers_push(pool, &r->job, err);
}

void pools_stop(struct api *api)
{
	http_workers_stop(api->workers);
	http_workers_stop(api->streams);
	http_workers_stop(api->blobs);
}

void pools_free(struct api *api)
{
	http_workers_free(api->workers);
	http_workers_free(api->streams);
	http_workers_free(api->blobs);
}
