/* One number a tenant: when its next request would be on time if all had come evenly. A request may
 * come before that by as much as the burst allows. */
#include "rate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16, PROBES = 16 };

struct bucket {
	_Atomic uint64_t tenant; /* its hash; 0: nobody's */
	_Atomic int64_t due;     /* nanoseconds */
};

struct rate {
	int64_t each, ahead; /* nanoseconds: of one request, of the burst */
	struct obs_series *refused;
	struct bucket buckets[BUCKETS];
};

static const struct obs_decl refused_decl = { .name = "modelops_api_rate_limited_total",
	.type = OBS_COUNTER,
	.help = "Requests refused because their tenant is past API_RATE." };

int rate_new(int64_t rate, int64_t burst, struct obs *obs, struct rate **ret, struct mo_err *err)
{
	struct rate *r = calloc(1, sizeof(*r));
	struct obs_family *family;

	if (!r)
		return mo_fail(err, MO_ENOMEM, "request rates");
	r->each = 1000000000 / rate;
	r->ahead = (burst - 1) * r->each;
	if (obs && obs_declare(obs, &refused_decl, 1, &family, err) < 0) {
		free(r);
		return -1;
	}
	r->refused = obs ? obs_series(family, NULL) : NULL;
	*ret = r;
	return 0;
}

void rate_free(struct rate *r)
{
	free(r);
}

/* FNV-1a with its high bits mixed, never 0. */
static uint64_t hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return h | 1;
}

static struct bucket *probe(struct rate *r, uint64_t tenant, unsigned i)
{
	return &r->buckets[((tenant >> 48) + i) % BUCKETS];
}

/* The tenant's bucket, else an empty one, else one that is full again: its tenant loses nothing.
 * Where all are in use two tenants share one. */
static struct bucket *bucket_of(struct rate *r, uint64_t tenant, int64_t now)
{
	for (unsigned i = 0; i < PROBES; i++)
		if (atomic_load_explicit(&probe(r, tenant, i)->tenant, memory_order_relaxed) ==
			tenant)
			return probe(r, tenant, i);
	for (unsigned i = 0; i < PROBES; i++) {
		struct bucket *b = probe(r, tenant, i);
		uint64_t owner = atomic_load_explicit(&b->tenant, memory_order_relaxed);
		bool idle = owner == 0 || atomic_load_explicit(&b->due, memory_order_relaxed) < now;
		if (idle && (atomic_compare_exchange_strong(&b->tenant, &owner, tenant) ||
				    owner == tenant))
			return b;
	}
	return probe(r, tenant, 0);
}

bool rate_take(struct rate *r, const char *tenant, int64_t now)
{
	now *= 1000;
	struct bucket *b = bucket_of(r, hash(tenant), now);
	int64_t due = atomic_load_explicit(&b->due, memory_order_relaxed), next;

	do {
		if (due - now > r->ahead) {
			if (r->refused)
				obs_add(r->refused, 1);
			return false;
		}
		next = (due > now ? due : now) + r->each;
	} while (!atomic_compare_exchange_weak(&b->due, &due, next));
	return true;
}
