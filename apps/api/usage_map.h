/* Usage counters of one gateway process in a shared mapping: what was counted survives kill -9. */
#ifndef MODELOPS_API_USAGE_MAP_H
#define MODELOPS_API_USAGE_MAP_H

#include "modelops/base/err.h"
#include "modelops/base/id.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum usage_metric {
	USAGE_PREDICT_REQUESTS,
	USAGE_PREDICT_ROWS,
	USAGE_EXPLAIN_REQUESTS,
	USAGE_EXPLAIN_ROWS,
	USAGE_METRICS
};

/* One deployment's totals since the file was made; the layout of the file, 192 bytes. */
struct usage_slot {
	char deployment[MO_ID_MAX], tenant[MO_ID_MAX], project[MO_ID_MAX];
	_Alignas(64) _Atomic uint64_t total[USAGE_METRICS];
};

struct usage_map;

/* Ledger metric of M, e.g. "predict_rows". */
const char *usage_metric_name(enum usage_metric m);

/* Makes DIR/<new gateway id>.usage with room for SLOTS deployments, maps it and holds its flock.
 * Caller closes. */
int usage_map_create(const char *dir, uint32_t slots, struct usage_map **ret, struct mo_err *err);

/* Opens the file NAME of DIR that a dead process left; MO_ECONFLICT while its process lives,
 * MO_EINVAL when it is no usage file. Caller closes. */
int usage_map_adopt(const char *dir, const char *name, struct usage_map **ret, struct mo_err *err);

/* The id of the process that made the file ("gw_..."). Borrowed. */
const char *usage_map_id(const struct usage_map *m);

/* The slot of DEPLOYMENT, taken on first use; MO_EFULL when all are taken. Any thread; slots
 * never move. Each call is paired with a usage_map_release. */
int usage_map_slot(struct usage_map *m, const char *deployment, const char *tenant,
	const char *project, struct usage_slot **ret, struct mo_err *err);

/* The caller of usage_map_slot lets S go; GONE: its deployment will never be called again. Any
 * thread. */
void usage_map_release(struct usage_map *m, struct usage_slot *s, bool gone);

/* Frees the slots of gone deployments whose totals are all stored: SEEN, by slot, which becomes 0
 * with them. Only the thread that flushes: nobody else may hold what it read of them. */
void usage_map_recycle(struct usage_map *m, uint64_t (*seen)[USAGE_METRICS]);

/* Slots there is room for. */
uint32_t usage_map_capacity(const struct usage_map *m);

/* Slots in use now, in the order they were taken. Any thread. */
uint32_t usage_map_count(const struct usage_map *m);
struct usage_slot *usage_map_at(struct usage_map *m, uint32_t index);

/* Adds one answered request of ROWS rows to two metrics. Any thread, no system call. */
static inline void usage_add(
	struct usage_slot *s, enum usage_metric requests, enum usage_metric rows, uint64_t n)
{
	atomic_fetch_add_explicit(&s->total[requests], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->total[rows], n, memory_order_relaxed);
}

/* Removes the file: only after everything in it was flushed. */
int usage_map_remove(struct usage_map *m, struct mo_err *err);

/* Unmaps and lets the flock go; accepts NULL. */
void usage_map_close(struct usage_map *m);

#endif
