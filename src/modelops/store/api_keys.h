/* API keys: stored as the hash of their secret. */
#ifndef MODELOPS_STORE_API_KEYS_H
#define MODELOPS_STORE_API_KEYS_H

#include "modelops/domain/api_key.h"
#include "modelops/store/store.h"

#include <stddef.h>

int store_api_key_insert(struct store_tx *tx, const struct api_key *k, struct mo_err *err);
int store_api_key_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct api_key **ret, struct mo_err *err);
int store_api_key_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct api_key **ret, size_t *ret_n, struct mo_err *err);
/* Sets revoked_at once; a key that is revoked already stays as it is. */
int store_api_key_revoke(
	struct store_tx *tx, const char *tenant, const char *id, int64_t at, struct mo_err *err);
/* Notes when the key was seen; for people, at most once a minute per key. */
int store_api_key_used(struct store_tx *tx, const char *id, int64_t at, struct mo_err *err);

#endif
