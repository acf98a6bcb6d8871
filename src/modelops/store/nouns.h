/* Shared by the nouns' headers: what every list and get takes. TENANT is a tenant id; NULL means
 * all tenants (platform admin lists, controller, agent). Structs and their strings are allocated in
 * A. Another tenant's row is MO_ENOTFOUND. */
#ifndef MODELOPS_STORE_NOUNS_H
#define MODELOPS_STORE_NOUNS_H

#include "modelops/store/store.h"

#include <stddef.h>

/* Declares insert, get and list of a noun: store_X_insert, store_X_get, store_X_list. */
#define STORE_NOUN(noun, row) \
	int store_##noun##_insert(struct store_tx *tx, const struct row *r, struct mo_err *err); \
	int store_##noun##_get(struct store_tx *tx, const char *tenant, const char *id, \
		struct mo_arena *a, struct row **ret, struct mo_err *err);

#endif
