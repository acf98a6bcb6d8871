/* Hash map from byte strings to pointers: open addressing, seeded hash, keys copied, a maximum
 * size. */
#ifndef MODELOPS_BASE_MAP_H
#define MODELOPS_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct mo_map_slot;

struct mo_map {
	struct mo_map_slot *slots;
	size_t cap, used, max; /* slots, live entries, most entries allowed */
	uint64_t seed;
};

/* MAX is the most entries the map will hold. */
void mo_map_init(struct mo_map *m, size_t max);

/* The value of KEY, or NULL. */
void *mo_map_get(const struct mo_map *m, const char *key, size_t len);

/* Sets KEY to VALUE (not NULL). The old value, if any, goes to *ret_old (may be NULL). 0; -1 when
 * the map is full or memory is out, nothing changed then. */
int mo_map_set(struct mo_map *m, const char *key, size_t len, void *value, void **ret_old);

/* Removes KEY and returns its value, or NULL. */
void *mo_map_remove(struct mo_map *m, const char *key, size_t len);

/* Walks: start with *pos = 0; returns the next value or NULL at the end. Do not change the map
 * meanwhile. */
void *mo_map_next(const struct mo_map *m, size_t *pos, const char **ret_key);

void mo_map_free(struct mo_map *m);

#endif
