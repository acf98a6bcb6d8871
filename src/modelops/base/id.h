/* Ids: a prefix and a ULID ("dep_01J..."), time-ordered, so that keys land at the end of every
 * index. */
#ifndef MODELOPS_BASE_ID_H
#define MODELOPS_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

enum { MO_ID_MAX = 40 }; /* room for prefix (<= 8), '_', 26 letters, NUL */

/* Writes PREFIX_ULID. Ids made by one process are strictly increasing. Thread-safe. Returns OUT. */
char *mo_id_new(const char *prefix, char out[MO_ID_MAX]);

/* S is PREFIX, '_' and 26 Crockford base-32 digits, nothing else. */
bool mo_id_valid(const char *s, size_t len, const char *prefix);

/* N random bytes from the kernel; aborts when the kernel has none (our environment is broken). */
void mo_random(void *p, size_t n);

#endif
