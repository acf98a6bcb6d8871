/* A map of entries under a read-write lock; readers copy out. The entries of a tenant also stand in
 * a list, because a change drops those of one tenant. */
#include "key_cache.h"

#include "modelops/base/list.h"
#include "modelops/base/map.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DROPS = 64 };

struct slot {
	struct key_entry entry; /* not changed once it is in the map */
	_Atomic bool used;
	struct mo_list node; /* in the list of its tenant */
	char name[];
};

struct key_cache {
	pthread_rwlock_t lock;
	struct mo_map map;            /* name -> struct slot */
	struct mo_map tenants;        /* tenant's id -> struct mo_list of slots */
	unsigned long generation;     /* drops so far */
	char drops[DROPS][MO_ID_MAX]; /* the tenants of the last ones; "": everybody */
	_Atomic int64_t contact;      /* mo_mono() of the store's last answer */
};

int key_cache_new(size_t max, struct key_cache **ret_cache, struct mo_err *err)
{
	struct key_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return mo_fail(err, MO_ENOMEM, "key cache");
	pthread_rwlock_init(&cache->lock, NULL);
	mo_map_init(&cache->map, max);
	mo_map_init(&cache->tenants, max);
	*ret_cache = cache;
	return 0;
}

/* All functions from here to the public ones: with the lock for writing. */
static void drop_tenant(struct key_cache *cache, const char *tenant)
{
	struct mo_list *slots = mo_map_remove(&cache->tenants, tenant, strlen(tenant)), *node;
	while (slots && (node = mo_list_pop(slots))) {
		struct slot *slot = MO_LIST_ENTRY(node, struct slot, node);
		mo_map_remove(&cache->map, slot->name, strlen(slot->name));
		free(slot);
	}
	free(slots);
}

static void drop_all(struct key_cache *cache)
{
	size_t pos = 0, max = cache->map.max;
	for (void *slot; (slot = mo_map_next(&cache->map, &pos, NULL));)
		free(slot);
	pos = 0;
	for (void *slots; (slots = mo_map_next(&cache->tenants, &pos, NULL));)
		free(slots);
	mo_map_free(&cache->map);
	mo_map_free(&cache->tenants);
	mo_map_init(&cache->map, max);
	mo_map_init(&cache->tenants, max);
}

/* Was what PUT has read before GENERATION's drops made wrong by one of them? */
static bool outdated(const struct key_cache *cache, const char *tenant, unsigned long generation)
{
	if (cache->generation - generation > DROPS)
		return true;
	for (; generation < cache->generation; generation++) {
		const char *dropped = cache->drops[generation % DROPS];
		if (!dropped[0] || !strcmp(dropped, tenant))
			return true;
	}
	return false;
}

static struct mo_list *slots_of(struct key_cache *cache, const char *tenant)
{
	struct mo_list *slots = mo_map_get(&cache->tenants, tenant, strlen(tenant));
	if (slots)
		return slots;
	slots = malloc(sizeof(*slots));
	if (!slots || mo_map_set(&cache->tenants, tenant, strlen(tenant), slots, NULL) < 0) {
		free(slots);
		return NULL;
	}
	mo_list_init(slots);
	return slots;
}

/* A full cache makes room at the cost of the tenant that wants it, if it has any. */
static void make_room(struct key_cache *cache, const char *tenant)
{
	if (cache->map.used < cache->map.max)
		return;
	if (mo_map_get(&cache->tenants, tenant, strlen(tenant)))
		drop_tenant(cache, tenant);
	else
		drop_all(cache);
}

/* Takes SLOT, or leaves it: a cache may forget. */
static void put(struct key_cache *cache, struct slot *slot)
{
	const char *tenant = slot->entry.actor.tenant_id;
	struct slot *old = mo_map_get(&cache->map, slot->name, strlen(slot->name));
	if (!old)
		make_room(cache, tenant);
	struct mo_list *slots = slots_of(cache, tenant);
	if (!slots || mo_map_set(&cache->map, slot->name, strlen(slot->name), slot, NULL) < 0) {
		free(slot);
		return;
	}
	mo_list_push(slots, &slot->node);
	if (old)
		mo_list_remove(&old->node);
	free(old);
}

void key_cache_free(struct key_cache *cache)
{
	if (!cache)
		return;
	drop_all(cache);
	pthread_rwlock_destroy(&cache->lock);
	free(cache);
}

bool key_cache_get(
	struct key_cache *cache, const char *name, int64_t stale_max, struct key_entry *ret_entry)
{
	int64_t contact = atomic_load_explicit(&cache->contact, memory_order_relaxed);
	if (!contact || mo_mono() - contact > stale_max)
		return false;
	pthread_rwlock_rdlock(&cache->lock);
	struct slot *slot = mo_map_get(&cache->map, name, strlen(name));
	if (slot) {
		*ret_entry = slot->entry;
		if (!atomic_load_explicit(&slot->used, memory_order_relaxed))
			atomic_store_explicit(&slot->used, true, memory_order_relaxed);
	}
	pthread_rwlock_unlock(&cache->lock);
	return slot != NULL;
}

size_t key_cache_used(struct key_cache *cache, char ids[][MO_ID_MAX], size_t max)
{
	size_t pos = 0, n = 0;
	pthread_rwlock_rdlock(&cache->lock);
	for (struct slot *slot; n < max && (slot = mo_map_next(&cache->map, &pos, NULL));) {
		const char *id = slot->entry.actor.key_id;
		if (id[0] && atomic_exchange_explicit(&slot->used, false, memory_order_relaxed))
			memcpy(ids[n++], id, MO_ID_MAX);
	}
	pthread_rwlock_unlock(&cache->lock);
	return n;
}

unsigned long key_cache_generation(struct key_cache *cache)
{
	pthread_rwlock_rdlock(&cache->lock);
	unsigned long generation = cache->generation;
	pthread_rwlock_unlock(&cache->lock);
	return generation;
}

void key_cache_put(struct key_cache *cache, const char *name, const struct key_entry *entry,
	unsigned long generation)
{
	struct slot *slot = calloc(1, sizeof(*slot) + strlen(name) + 1);
	if (!slot)
		return; /* a cache may forget */
	slot->entry = *entry;
	slot->used = true;
	memcpy(slot->name, name, strlen(name));
	mo_list_init(&slot->node);
	pthread_rwlock_wrlock(&cache->lock);
	if (outdated(cache, entry->actor.tenant_id, generation))
		free(slot);
	else
		put(cache, slot);
	pthread_rwlock_unlock(&cache->lock);
}

const char *key_cache_touched(const char *noun, const char *id, const char *tenant)
{
	if (!strcmp(noun, "tenant"))
		return id;
	bool caller = !strcmp(noun, "api_key") || !strcmp(noun, "principal") ||
		      !strcmp(noun, "role_binding");
	return caller ? tenant : NULL;
}

void key_cache_drop(struct key_cache *cache, const char *tenant)
{
	pthread_rwlock_wrlock(&cache->lock);
	snprintf(cache->drops[cache->generation % DROPS], MO_ID_MAX, "%s", tenant ? tenant : "");
	cache->generation++;
	if (tenant)
		drop_tenant(cache, tenant);
	else
		drop_all(cache);
	pthread_rwlock_unlock(&cache->lock);
}

void key_cache_contact(struct key_cache *cache)
{
	atomic_store_explicit(&cache->contact, mo_mono(), memory_order_relaxed);
}
