/* Arena with a ceiling: one per request and per reconcile pass, freed at one place. */
#ifndef MODELOPS_BASE_ARENA_H
#define MODELOPS_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct mo_arena_block;

/* Caller owns the struct; its blocks are freed by mo_arena_free. */
struct mo_arena {
	struct mo_arena_block *head; /* newest block first */
	size_t used, ceiling;        /* bytes handed out; never passes the ceiling */
	size_t block_size;
};

/* CEILING and BLOCK_SIZE in bytes; the first block is allocated on first use. */
void mo_arena_init(struct mo_arena *a, size_t ceiling, size_t block_size);

/* N bytes, 16-aligned, not zeroed. NULL past the ceiling or when memory is out. */
void *mo_arena_alloc(struct mo_arena *a, size_t n);

/* N zeroed bytes, or NULL. */
void *mo_arena_zalloc(struct mo_arena *a, size_t n);

/* Copy of N bytes at P with a NUL after them, or NULL. */
char *mo_arena_memdup(struct mo_arena *a, const void *p, size_t n);

/* Copy of S; NULL when S is NULL or memory is out. */
char *mo_arena_strdup(struct mo_arena *a, const char *s);

/* printf into the arena, or NULL. */
char *mo_arena_printf(struct mo_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Forgets everything handed out; keeps one block for the next use. */
void mo_arena_reset(struct mo_arena *a);

/* Frees all blocks; the arena may be used again. */
void mo_arena_free(struct mo_arena *a);

#endif
