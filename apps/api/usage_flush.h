/* Writes what the gateway counted to the store: own thread, once a second, and files that dead
 * processes left. */
#ifndef MODELOPS_API_USAGE_FLUSH_H
#define MODELOPS_API_USAGE_FLUSH_H

#include "modelops/obs/obs.h"
#include "modelops/store/store.h"
#include "usage_map.h"

struct usage_flusher;

/* Starts the thread. MAP and STORE are borrowed; DIR is copied. */
int usage_flusher_start(struct store *store, struct usage_map *map, const char *dir,
	struct obs *obs, struct usage_flusher **ret, struct mo_err *err);

/* Flushes a last time and ends the thread; MAP's file is removed when nothing is left in it.
 * Accepts NULL. */
void usage_flusher_stop(struct usage_flusher *f);

/* Declarations of its metrics, for docs. */
extern const struct obs_decl usage_metrics_decls[];
extern const size_t usage_metrics_count;

#endif
