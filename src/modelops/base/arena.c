/* Arena with a ceiling: bump allocation in blocks, newest first. */
#include "modelops/base/arena.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16 };

struct mo_arena_block {
	struct mo_arena_block *next;
	size_t cap, used;
	_Alignas(ALIGN) char data[];
};

void mo_arena_init(struct mo_arena *a, size_t ceiling, size_t block_size)
{
	MO_ASSERT(ceiling > 0 && block_size >= 64);
	*a = (struct mo_arena){ .ceiling = ceiling, .block_size = block_size };
}

static struct mo_arena_block *block_new(struct mo_arena *a, size_t need)
{
	size_t cap = need > a->block_size ? need : a->block_size;
	struct mo_arena_block *b = mo_fault("arena") ? NULL : malloc(sizeof(*b) + cap);

	if (!b)
		return NULL;
	b->cap = cap;
	b->used = 0;
	b->next = a->head;
	a->head = b;
	return b;
}

void *mo_arena_alloc(struct mo_arena *a, size_t n)
{
	if (n > a->ceiling)
		return NULL;
	size_t need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (need == 0)
		need = ALIGN;
	if (need > a->ceiling - a->used)
		return NULL;
	struct mo_arena_block *b = a->head;
	if (!b || b->cap - b->used < need)
		b = block_new(a, need);
	if (!b)
		return NULL;
	void *p = b->data + b->used;
	b->used += need;
	a->used += need;
	return p;
}

void *mo_arena_zalloc(struct mo_arena *a, size_t n)
{
	void *p = mo_arena_alloc(a, n);

	return p ? memset(p, 0, n) : NULL;
}

char *mo_arena_memdup(struct mo_arena *a, const void *p, size_t n)
{
	char *copy = n < a->ceiling ? mo_arena_alloc(a, n + 1) : NULL;

	if (!copy)
		return NULL;
	if (n)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

char *mo_arena_strdup(struct mo_arena *a, const char *s)
{
	return s ? mo_arena_memdup(a, s, strlen(s)) : NULL;
}

char *mo_arena_printf(struct mo_arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *s = n < 0 ? NULL : mo_arena_alloc(a, (size_t)n + 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void mo_arena_reset(struct mo_arena *a)
{
	struct mo_arena_block *keep = NULL;

	while (a->head) {
		struct mo_arena_block *b = a->head;
		a->head = b->next;
		if (!keep && b->cap == a->block_size)
			keep = b;
		else
			free(b);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
		a->head = keep;
	}
	a->used = 0;
}

void mo_arena_free(struct mo_arena *a)
{
	while (a->head) {
		struct mo_arena_block *b = a->head;
		a->head = b->next;
		free(b);
	}
	a->used = 0;
}
