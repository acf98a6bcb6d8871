/* Preconditions at module doors. A failed check is our bug: it aborts, in release builds too. */
#ifndef MODELOPS_BASE_CHECK_H
#define MODELOPS_BASE_CHECK_H

#include <stdlib.h>

#define MO_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Aborts with file and line unless COND. Never on input. */
#define MO_ASSERT(cond) \
	do { \
		if (__builtin_expect(!(cond), 0)) \
			mo_check_failed(#cond, __FILE__, __LINE__); \
	} while (0)

/* OBJ is not NULL and its first member `magic` says it is what we think it is. */
#define MO_CHECK(obj, MAGIC) MO_ASSERT((obj) && (obj)->magic == (MAGIC))

_Noreturn void mo_check_failed(const char *cond, const char *file, int line);

/* Scope cleans up: the variable is freed, closed or unlocked at the end of its block. */
#define mo_autofree  __attribute__((cleanup(mo_cleanup_free)))
#define mo_autoclose __attribute__((cleanup(mo_cleanup_close)))
#define mo_autofile  __attribute__((cleanup(mo_cleanup_file)))

/* Hands the pointer over and disarms the cleanup. */
#define MO_TAKE(ptr) \
	({ \
		__auto_type mo_take_ = (ptr); \
		(ptr) = NULL; \
		mo_take_; \
	})

/* Hands a descriptor over and disarms the cleanup. */
#define MO_TAKE_FD(fd) \
	({ \
		int mo_take_ = (fd); \
		(fd) = -1; \
		mo_take_; \
	})

void mo_cleanup_free(void *pp); /* void ** */
void mo_cleanup_close(int *fd); /* ignores -1; keeps errno */
void mo_cleanup_file(void *pp); /* FILE ** */

#endif
