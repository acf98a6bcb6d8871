/* /healthz and /readyz. */
#include "health.h"

#include "modelops/store/overview.h"
#include "modelops/store/store.h"
#include "modelops/wire/event.h"

#include "handlers.h"

static int count_bare(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_deployment_count_bare(tx, ctx, err);
}

bool health_ready(void *ctx, struct mo_err *err)
{
	struct api *api = ctx;
	int64_t bare = 0;
	if (api->stopping)
		return mo_fail(err, MO_EUNAVAIL, "stopping") == 0;
	if (store_read(api->store, count_bare, &bare, err) < 0)
		return false;
	if (bare)
		return mo_fail(err, MO_EUNAVAIL, "%lld deployments have no ready instance",
			       (long long)bare) == 0;
	return true;
}

static const struct wire_health fine = { .status = "ok" };

int health_live(struct api_req *r, struct mo_err *err)
{
	return req_answer(r, &fine, err);
}

int health_readyz(struct api_req *r, struct mo_err *err)
{
	if (!health_ready(r->api, err)) {
		err->code = MO_EUNAVAIL;
		return -1;
	}
	return req_answer(r, &fine, err);
}
