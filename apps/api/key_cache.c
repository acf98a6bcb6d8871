/* A map of entries under a read-write lock; readers copy out. */
#include "key_cache.h"

#include "modelops/base/map.h"
#include "modelops/base/time.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct key_entry entry; /* not changed once it is in the map */
	_Atomic bool used;
};

struct key_cache {
	pthread_rwlock_t lock;
	struct mo_map map;
	unsigned long generation; /* rises with every drop */
	_Atomic int64_t contact;  /* mo_mono() of the store's last answer */
};

int key_cache_new(size_t max, struct key_cache **ret_cache, struct mo_err *err)
{
	struct key_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return mo_fail(err, MO_ENOMEM, "key cache");
	pthread_rwlock_init(&cache->lock, NULL);
	mo_map_init(&cache->map, max);
	*ret_cache = cache;
	return 0;
}

static void drop_all(struct key_cache *cache)
{
	size_t pos = 0, max = cache->map.max;
	for (void *entry; (entry = mo_map_next(&cache->map, &pos, NULL));)
		free(entry);
	mo_map_free(&cache->map);
	mo_map_init(&cache->map, max);
	cache->generation++;
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
	struct slot *copy = calloc(1, sizeof(*copy));
	if (!copy)
		return; /* a cache may forget */
	copy->entry = *entry;
	copy->used = true;
	void *old = NULL;
	pthread_rwlock_wrlock(&cache->lock);
	if (cache->map.used >= cache->map.max)
		drop_all(cache);
	else if (cache->generation == generation &&
		 mo_map_set(&cache->map, name, strlen(name), copy, &old) == 0)
		copy = NULL;
	pthread_rwlock_unlock(&cache->lock);
	free(copy);
	free(old);
}

void key_cache_contact(struct key_cache *cache, bool changed)
{
	if (changed) {
		pthread_rwlock_wrlock(&cache->lock);
		drop_all(cache);
		pthread_rwlock_unlock(&cache->lock);
	}
	atomic_store_explicit(&cache->contact, mo_mono(), memory_order_relaxed);
}
