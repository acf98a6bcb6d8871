/* Endpoint of one deployment on one loop: follow the store's view, pick a target. */
#include "endpoint.h"

#include "modelops/base/check.h"

#include <stdio.h>
#include <string.h>

struct endpoint *endpoint_new(const char *deployment)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	MO_ASSERT(strlen(deployment) < MO_ID_MAX);
	snprintf(e->deployment, sizeof(e->deployment), "%s", deployment);
	mo_list_init(&e->waiting);
	return e;
}

static bool same_target(const struct endpoint_target *t, const struct endpoint_target_view *v)
{
	return strcmp(t->instance, v->instance) == 0 && strcmp(t->address, v->address) == 0;
}

/* Makes T what V says: with the connections and the health of the target in E that V describes, if
 * there is one. False when it cannot be made. */
static bool target_init(struct endpoint_target *t, const struct endpoint_target_view *v,
	struct endpoint *e, struct http_loop *loop, const struct http_limits *limits)
{
	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < e->n && !t->upstream; i++) {
		struct endpoint_target *old = &e->targets[i];
		if (old->upstream && same_target(old, v)) {
			t->upstream = MO_TAKE(old->upstream);
			t->timeouts = old->timeouts;
			t->try_at = old->try_at;
		}
	}
	if (!t->upstream && http_upstream_new(loop, v->address, limits, &t->upstream, NULL) < 0)
		return false;
	memcpy(t->instance, v->instance, sizeof(t->instance));
	memcpy(t->address, v->address, sizeof(t->address));
	int n = snprintf(t->headers, sizeof(t->headers),
		"X-Instance-Id: %s\r\nX-Instance-Secret: %s\r\n", v->instance, v->secret);
	MO_ASSERT(n > 0 && (size_t)n < sizeof(t->headers));
	t->headers_len = (size_t)n;
	t->weight = v->weight;
	return true;
}

void endpoint_apply(struct endpoint *e, const struct endpoint_view *view, struct http_loop *loop,
	const struct http_limits *limits)
{
	struct endpoint_target next[ENDPOINT_TARGETS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < view->n; i++)
		n += target_init(&next[n], &view->targets[i], e, loop, limits);
	for (unsigned i = 0; i < e->n; i++)
		if (e->targets[i].upstream)
			http_upstream_retire(e->targets[i].upstream);
	memcpy(e->targets, next, n * sizeof(next[0]));
	e->n = n;
	memcpy(e->tenant, view->tenant, sizeof(e->tenant));
	memcpy(e->project, view->project, sizeof(e->project));
	e->found = view->found;
	e->loaded = true;
}

static bool hangs(const struct endpoint_target *t)
{
	return t->timeouts >= ENDPOINT_TIMEOUTS;
}

struct endpoint_target *endpoint_pick(struct endpoint *e, const char *except, int64_t now)
{
	struct endpoint_target *best = NULL;
	uint64_t best_load = 0;
	bool best_rests = false;
	unsigned first = e->n ? e->turn++ % e->n : 0;

	for (unsigned i = 0; i < e->n; i++) {
		struct endpoint_target *t = &e->targets[(first + i) % e->n];
		if (except && e->n > 1 && strcmp(t->instance, except) == 0)
			continue;
		uint64_t load = http_upstream_load(t->upstream) + 1;
		bool rests = hangs(t) && now < t->try_at;
		/* load/weight < best_load/best->weight, without a division */
		if (!best || rests < best_rests ||
			(rests == best_rests && load * best->weight < best_load * t->weight)) {
			best = t;
			best_load = load;
			best_rests = rests;
		}
	}
	if (best && hangs(best))
		best->try_at = now + ENDPOINT_REST_US; /* this request tries it */
	return best;
}

static struct endpoint_target *find(struct endpoint *e, const char *instance)
{
	for (unsigned i = 0; i < e->n; i++)
		if (strcmp(e->targets[i].instance, instance) == 0)
			return &e->targets[i];
	return NULL;
}

bool endpoint_timed_out(struct endpoint *e, const char *instance, int64_t now)
{
	struct endpoint_target *t = find(e, instance);

	if (!t || ++t->timeouts < ENDPOINT_TIMEOUTS)
		return false;
	t->try_at = now + ENDPOINT_REST_US;
	return t->timeouts == ENDPOINT_TIMEOUTS;
}

void endpoint_answered(struct endpoint *e, const char *instance)
{
	struct endpoint_target *t = find(e, instance);

	if (t)
		t->timeouts = 0;
}

/* Other loops may hold the same series. */
static void release_metrics(struct endpoint *e)
{
	obs_release(e->running);
	for (int k = 0; k < ENDPOINT_KINDS; k++) {
		obs_release(e->seconds[k]);
		for (int c = 0; c < 3; c++)
			obs_release(e->answered[k][c]);
	}
}

void endpoint_free(struct endpoint *e)
{
	MO_ASSERT(e->inflight == 0 && mo_list_empty(&e->waiting));
	if (e->slot)
		usage_map_release(e->usage, e->slot, !e->found);
	for (unsigned i = 0; i < e->n; i++)
		http_upstream_retire(e->targets[i].upstream);
	if (e->running)
		release_metrics(e);
	free(e);
}
