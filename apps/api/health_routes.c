/* /healthz and /readyz. */
#include "health.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/http/net.h"
#include "modelops/store/overview.h"
#include "modelops/store/store.h"
#include "modelops/wire/event.h"

#include "handlers.h"

#include <string.h>

enum { LOOK_US = 1000000 };

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

/* Everybody may ask, so the text says no more than that it is so. */
static bool look(struct api *api, struct mo_err *err)
{
	struct bare bare = { 0 };
	if (store_read(api->store, find_bare, &bare, err) < 0)
		return false;
	if (bare.count)
		return mo_fail(err, MO_EUNAVAIL, "a deployment has no ready instance") == 0;
	return true;
}

bool health_ready(void *ctx, struct mo_err *err)
{
	struct api *api = ctx;
	if (api->stopping)
		return mo_fail(err, MO_EUNAVAIL, "stopping") == 0;
	pthread_mutex_lock(&api->ready.lock);
	int64_t now = mo_mono();
	if (!api->ready.at || now - api->ready.at >= LOOK_US) {
		api->ready.err = (struct mo_err){ 0 };
		api->ready.ok = look(api, &api->ready.err);
		api->ready.at = mo_mono();
	}
	bool ok = api->ready.ok;
	*err = api->ready.err;
	pthread_mutex_unlock(&api->ready.lock);
	return ok;
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
