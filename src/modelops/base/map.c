/* Hash map from byte strings to pointers: linear probing, backward-shift deletion. */
#include "modelops/base/map.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/id.h"

#include <stdlib.h>
#include <string.h>

struct mo_map_slot {
	char *key; /* NUL-terminated copy; NULL marks an empty slot */
	size_t len;
	uint64_t hash;
	void *value;
};

void mo_map_init(struct mo_map *m, size_t max)
{
	*m = (struct mo_map){ .max = max };
	mo_random(&m->seed, sizeof(m->seed));
}

/* FNV-1a over a random seed, finished by a multiply-xor mix: bad keys cannot be chosen without the
 * seed. */
static uint64_t hash(const struct mo_map *m, const char *key, size_t len)
{
	uint64_t h = m->seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static struct mo_map_slot *find(const struct mo_map *m, const char *key, size_t len, uint64_t h)
{
	for (size_t i = h & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct mo_map_slot *s = &m->slots[i];
		if (!s->key || (s->hash == h && s->len == len && memcmp(s->key, key, len) == 0))
			return s;
	}
}

void *mo_map_get(const struct mo_map *m, const char *key, size_t len)
{
	if (m->used == 0)
		return NULL;
	struct mo_map_slot *s = find(m, key, len, hash(m, key, len));
	return s->key ? s->value : NULL;
}

static int grow(struct mo_map *m)
{
	struct mo_map bigger = *m;

	bigger.cap = m->cap ? m->cap * 2 : 16;
	bigger.slots = mo_fault("map") ? NULL : calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			*find(&bigger, m->slots[i].key, m->slots[i].len, m->slots[i].hash) =
				m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

int mo_map_set(struct mo_map *m, const char *key, size_t len, void *value, void **ret_old)
{
	MO_ASSERT(value);
	if ((m->used + 1) * 4 > m->cap * 3 && grow(m) < 0)
		return -1;
	uint64_t h = hash(m, key, len);
	struct mo_map_slot *s = find(m, key, len, h);
	void *old = s->key ? s->value : NULL;
	if (!s->key) {
		char *copy = m->used < m->max && !mo_fault("map") ? malloc(len + 1) : NULL;
		if (!copy)
			return -1;
		memcpy(copy, key, len);
		copy[len] = '\0';
		*s = (struct mo_map_slot){ copy, len, h, NULL };
		m->used++;
	}
	s->value = value;
	if (ret_old)
		*ret_old = old;
	return 0;
}

void *mo_map_remove(struct mo_map *m, const char *key, size_t len)
{
	if (m->used == 0)
		return NULL;
	struct mo_map_slot *s = find(m, key, len, hash(m, key, len));
	if (!s->key)
		return NULL;
	void *value = s->value;
	free(s->key);
	m->used--;
	/* Close the gap: move back every later entry of the cluster that may live here. */
	size_t mask = m->cap - 1, hole = (size_t)(s - m->slots);
	for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct mo_map_slot){ 0 };
	return value;
}

void *mo_map_next(const struct mo_map *m, size_t *pos, const char **ret_key)
{
	while (*pos < m->cap) {
		struct mo_map_slot *s = &m->slots[(*pos)++];
		if (s->key) {
			if (ret_key)
				*ret_key = s->key;
			return s->value;
		}
	}
	return NULL;
}

void mo_map_free(struct mo_map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	m->slots = NULL;
	m->cap = m->used = 0;
}
