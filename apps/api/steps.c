/* Match is done by the router; here: authenticate, authorise, query, link, decode, handle. */
#include "steps.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include "authenticate.h"
#include "decode.h"
#include "handlers.h"
#include "rate.h"

struct step {
	const char *name;
	int (*run)(struct api_req *r, struct mo_err *err);
};

static int step_query(struct api_req *r, struct mo_err *err)
{
	if (r->route->flags & RF_FORWARD)
		return 0;
	return query_read(r->route, r->http->head->query, r->arena, &r->query, err);
}

static int step_cached(struct api_req *r, struct mo_err *err)
{
	return authenticate(r, false, err);
}

/* A link is checked before its body is read or a worker is taken: it says whose transfer this is.
 */
static int step_link(struct api_req *r, struct mo_err *err)
{
	return r->route->auth == AUTH_SIGNED ? blob_verify(r, err) : 0;
}

/* Jobs are not counted: a tenant's flood must not end its own runs. */
static int within_rate(const struct api_req *r, struct mo_err *err)
{
	if (!r->api->rate || r->route->auth != AUTH_ACTOR ||
		rate_take(r->api->rate, r->actor.tenant_id, mo_mono()))
		return 0;
	mo_fail(err, MO_ERATE, "the tenant asks more than %lld times a second (API_RATE)",
		(long long)r->api->cfg.rate);
	return mo_advise(err, "rate_limited", "retry after the time in Retry-After");
}

static int step_authorise(struct api_req *r, struct mo_err *err)
{
	if (!r->authenticated)
		return 0;
	return within_rate(r, err) < 0 ? -1 : authorise(r, err);
}

static int step_lookup(struct api_req *r, struct mo_err *err)
{
	if (r->authenticated)
		return 0;
	if (authenticate(r, true, err) < 0 || within_rate(r, err) < 0)
		return -1;
	return authorise(r, err);
}

static int step_handle(struct api_req *r, struct mo_err *err)
{
	return r->route->handle(r, err);
}

static const struct step head_steps[] = {
	{ "authenticate", step_cached },
	{ "authorise", step_authorise },
	{ "query", step_query },
	{ "link", step_link },
};

static const struct step body_steps[] = {
	{ "look up", step_lookup },
	{ "decode", decode_body },
	{ "handle", step_handle },
};

static int run(struct api_req *r, const struct step *steps, size_t count, struct mo_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].run(r, err) < 0)
			return -1;
	return 0;
}

int steps_head(struct api_req *r, struct mo_err *err)
{
	return run(r, head_steps, MO_COUNT(head_steps), err);
}

int steps_run(struct api_req *r, struct mo_err *err)
{
	return run(r, body_steps, MO_COUNT(body_steps), err);
}

int step_authenticate(struct api_req *r, struct mo_err *err)
{
	return step_lookup(r, err);
}
