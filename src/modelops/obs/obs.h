/* Metrics registry and Prometheus text: label sets are interned once, the hot path is one relaxed
 * atomic add. */
#ifndef MODELOPS_OBS_OBS_H
#define MODELOPS_OBS_OBS_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum obs_type { OBS_COUNTER, OBS_GAUGE, OBS_HISTOGRAM };

enum { OBS_LABELS_MAX = 6, OBS_BUCKETS_MAX = 24 };

/* One metric. Tables of these are walked by the registry and by tools that write docs. All values
 * are integers in ticks; a tick is SCALE units (1e-6 with ticks of microseconds prints seconds; 0
 * means 1). */
struct obs_decl {
	const char *name; /* e.g. "http_requests_total" */
	enum obs_type type;
	const char *help;   /* one sentence */
	const char *labels; /* label names, space-separated; NULL or "" for none */
	double scale;
	const int64_t *buckets; /* upper bounds in ticks, rising; histograms only */
	unsigned nbuckets;
	unsigned max_series; /* further label sets share one series whose values are "overflow"; 0
				means 1 without labels, else 1000 */
};

/* Usual bounds for durations in microseconds: 100 us to 60 s, 16 of them. */
extern const int64_t obs_buckets_us[];
enum { OBS_BUCKETS_US = 16 };

struct obs;        /* registry: one per process, made in main and passed down; every function is
		      thread-safe */
struct obs_family; /* one declared metric */

/* One label set; a handle is valid until its holder's obs_release, or obs_free. */
struct obs_series {
	const struct obs_family *family;
	const int64_t *buckets;
	unsigned nbuckets;
	_Atomic int64_t value;    /* counter, gauge, or sum of observations */
	_Atomic int64_t counts[]; /* per bucket, not cumulative; last is +Inf */
};

int obs_new(struct obs **ret_obs, struct mo_err *err);
void obs_free(struct obs *obs);

/* Label NAME (a constant) with VALUE on every series, before the labels of its own: whose process
 * this is. Before any obs_declare. */
int obs_common_label(struct obs *obs, const char *name, const char *value, struct mo_err *err);

/* Adds COUNT families; DECLS is borrowed for the life of OBS. ret_families (COUNT pointers) may be
 * NULL. Families without labels exist at once with value 0. MO_ECONFLICT when a name is taken,
 * MO_EINVAL for a bad declaration. */
int obs_declare(struct obs *obs, const struct obs_decl *decls, size_t count,
	struct obs_family **ret_families, struct mo_err *err);

/* The series of these label values (one per declared label, in order; NULL counts as ""; NULL array
 * when there are no labels), made on first use. Takes a lock and may allocate: call it when the
 * thing is created, keep the handle. Each call makes one more holder. Never NULL: past max_series,
 * or out of memory, it is the family's overflow series. */
struct obs_series *obs_series(struct obs_family *family, const char *const *values);

/* One holder less (its deployment went away): without any the label set is forgotten, its handle
 * dead. The overflow series and series without labels stay. */
void obs_release(struct obs_series *series);

/* Hot path, any thread. */
static inline void obs_add(struct obs_series *s, int64_t n)
{
	atomic_fetch_add_explicit(&s->value, n, memory_order_relaxed);
}

static inline void obs_set(struct obs_series *s, int64_t v)
{
	atomic_store_explicit(&s->value, v, memory_order_relaxed);
}

static inline int64_t obs_get(const struct obs_series *s)
{
	return atomic_load_explicit(&s->value, memory_order_relaxed);
}

/* Histogram: adds one observation of TICKS. */
static inline void obs_observe(struct obs_series *s, int64_t ticks)
{
	unsigned i = 0;

	while (i < s->nbuckets && ticks > s->buckets[i])
		i++;
	atomic_fetch_add_explicit(&s->counts[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->value, ticks, memory_order_relaxed);
}

/* FN runs before each rendering, on the rendering thread, to set gauges from elsewhere. It must not
 * declare or render. At most 16 hooks; MO_ETOOBIG past that. */
int obs_on_render(struct obs *obs, void (*fn)(void *ctx), void *ctx, struct mo_err *err);

/* Appends all families as text exposition format 0.0.4. MO_ETOOBIG when OUT's maximum is passed. */
int obs_render(struct obs *obs, struct mo_buf *out, struct mo_err *err);

/* Content-Type of that text. */
#define OBS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
