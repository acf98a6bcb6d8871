/* /healthz and /readyz. */
#include "health.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/http/net.h"
#include "modelops/store/overview.h"
#include "modelops/store/store.h"
#include "modelops/wire/event.h"

#include "handlers.h"

#include <string.h>

/* Deployments, visited in order, of which none of the instances answers. */
struct bare {
	char id[MO_ID_MAX]; /* the deployment now visited */
	bool alive;         /* one of its instances takes connections */
	int64_t count;
};

/* What the store calls READY may have died with the whole machine: it counts once it takes a
 * connection (a remote one, once that is on its way). */
static bool answers(const char *address)
{
	struct mo_err err = { 0 };
	mo_autoclose int fd = -1;
	bool now;
	return address && http_connect(address, &fd, &now, &err) == 0;
}

static void leave(struct bare *b)
{
	b->count += b->id[0] && !b->alive;
	b->alive = false;
}

static int visit(void *ctx, const char *deployment_id, const char *address, struct mo_err *err)
{
	struct bare *b = ctx;
	if (strcmp(b->id, deployment_id) != 0) {
		leave(b);
		if (mo_str_copy(b->id, sizeof(b->id), deployment_id) < 0)
			return mo_fail(err, MO_EINTERNAL, "deployment id '%s'", deployment_id);
	}
	b->alive = b->alive || answers(address);
	return 0;
}

static int find_bare(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct bare *b = ctx;
	*b = (struct bare){ 0 };
	if (store_deployment_served(tx, visit, b, err) < 0)
		return -1;
	leave(b);
	return 0;
}

bool health_ready(void *ctx, struct mo_err *err)
{
	struct api *api = ctx;
	struct bare bare = { 0 };
	if (api->stopping)
		return mo_fail(err, MO_EUNAVAIL, "stopping") == 0;
	if (store_read(api->store, find_bare, &bare, err) < 0)
		return false;
	if (bare.count)
		return mo_fail(err, MO_EUNAVAIL, "%lld deployments have no ready instance",
			       (long long)bare.count) == 0;
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
