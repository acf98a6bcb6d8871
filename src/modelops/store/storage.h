/* What projects keep in the object store, as usage: KiB-seconds per project and hour. */
#ifndef MODELOPS_STORE_STORAGE_H
#define MODELOPS_STORE_STORAGE_H

#include "modelops/base/id.h"
#include "modelops/store/store.h"

/* A project whose stored bytes are recorded up to FROM, an hour boundary. */
struct storage_due {
	char project_id[MO_ID_MAX], tenant_id[MO_ID_MAX];
	int64_t from;
};

/* At most LIMIT projects with FROM before HOUR, by id, after id AFTER ("": from the first). */
int store_storage_due(struct store_tx *tx, int64_t hour, const char *after, int64_t limit,
	struct storage_due *ret, size_t *ret_n, struct mo_err *err);

/* The first hour boundary at or after FROM from which on the project keeps anything, at most HOUR.
 */
int store_storage_next(struct store_tx *tx, const struct storage_due *due, int64_t from,
	int64_t hour, int64_t *ret, struct mo_err *err);

/* KiB-seconds of the project's artifacts in FROM..TO. An artifact counts its started KiB, from the
 * first whole second at or after its upload to the first at or after its deletion, so quantities of
 * windows that join add up exactly. (A month of bytes would pass an int64 at 3.5 TB; of KiB it does
 * at 3.6 PB.) */
int store_storage_sum(struct store_tx *tx, const struct storage_due *due, int64_t from, int64_t to,
	int64_t *ret_kib_seconds, struct mo_err *err);

/* Recorded up to TO; MO_ECONFLICT when it was not due->from any more. */
int store_storage_done(
	struct store_tx *tx, const struct storage_due *due, int64_t to, struct mo_err *err);

#endif
