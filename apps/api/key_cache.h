/* Keys and tenants in memory: authentication without SQL, dropped within seconds when the store
 * says they changed. */
#ifndef MODELOPS_API_KEY_CACHE_H
#define MODELOPS_API_KEY_CACHE_H

#include "modelops/auth/actor.h"
#include "modelops/auth/key.h"

#include <stdbool.h>

struct key_cache;

/* What is known of one API key, or (hash "") of one tenant by its name. */
struct key_entry {
	char hash[AUTH_HASH_TEXT];
	bool found;   /* false: no such key or tenant; such entries are never cached */
	bool refused; /* revoked, or the tenant is suspended */
	struct auth_actor actor;
};

/* At most MAX entries; when full the tenant that wants one more loses its others. */
int key_cache_new(size_t max, struct key_cache **ret_cache, struct mo_err *err);
void key_cache_free(struct key_cache *cache);

/* Copies the entry NAME ("key_..." or "tenant:NAME") out. False: unknown, or contact with the store
 * was lost longer than STALE_MAX microseconds ago. Any thread. */
bool key_cache_get(
	struct key_cache *cache, const char *name, int64_t stale_max, struct key_entry *ret_entry);

/* Ids of keys that were looked up since the last call, into IDS (at most MAX); returns how many. */
size_t key_cache_used(struct key_cache *cache, char ids[][MO_ID_MAX], size_t max);

/* Before reading the store for an entry; the number goes to key_cache_put, which drops what was
 * read before a change. */
unsigned long key_cache_generation(struct key_cache *cache);
void key_cache_put(struct key_cache *cache, const char *name, const struct key_entry *entry,
	unsigned long generation);

/* The tenant whose entries a change of NOUN, ID, of TENANT may make wrong; NULL: none. */
const char *key_cache_touched(const char *noun, const char *id, const char *tenant);

/* Keys, roles or the state of TENANT (an id; NULL: of everybody) are not what they were. */
void key_cache_drop(struct key_cache *cache, const char *tenant);

/* The store answered just now, and what it said is dropped. */
void key_cache_contact(struct key_cache *cache);

#endif
