/* Writes what the gateway counted to the store, and adopts files that dead processes left. */
#include "usage_flush.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/ticker.h"
#include "modelops/base/time.h"
#include "modelops/store/usage.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_EVERY = 1000000 /* microseconds */, ADOPT_ROUNDS = 30 };

struct usage_flusher {
	struct store *store;
	struct usage_map *map;
	char *dir;
	struct obs_series *flushed, *errors;
	struct mo_ticker *ticker;
	uint64_t (*seen)[USAGE_METRICS]; /* totals known to be stored, by slot */
	int64_t since;                   /* of the last flush */
	unsigned round;
};

/* What one pass over a map writes in one transaction. */
struct pass {
	struct usage_map *map;
	uint64_t (*seen)[USAGE_METRICS]; /* totals known to be stored, by slot; NULL: store
					    everything */
	int64_t since, now;
	uint64_t (*sent)[USAGE_METRICS]; /* totals of this pass */
	uint32_t slots;
	int64_t rows;
};

enum { M_FLUSHED, M_ERRORS, M_COUNT };

const struct obs_decl usage_metrics_decls[] = {
	[M_FLUSHED] = { .name = "modelops_usage_flushed_total",
		.type = OBS_COUNTER,
		.help = "Totals written from the usage counters to the store." },
	[M_ERRORS] = { .name = "modelops_usage_flush_errors_total",
		.type = OBS_COUNTER,
		.help = "Flushes of the usage counters that failed; nothing is lost, the next one "
			"repeats them." },
};
const size_t usage_metrics_count = M_COUNT;

static int flush_metric(struct store_tx *tx, struct pass *p, const struct usage_slot *s,
	enum usage_metric m, uint64_t total, struct mo_err *err)
{
	struct usage_window w = { .tenant_id = s->tenant,
		.project_id = s->project,
		.source_kind = USAGE_GATEWAY,
		.source_id = usage_map_id(p->map),
		.resource_id = s->deployment,
		.price_class = "*",
		.metric = usage_metric_name(m),
		.start_at = p->since,
		.end_at = p->now,
		.reason = REASON_BILLABLE };

	return store_usage_flush(tx, &w, (int64_t)total, err);
}

static int write_pass(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct pass *p = ctx;

	p->rows = 0;
	p->now = store_now(tx);
	if (p->since == 0 || p->since > p->now)
		p->since = p->now;
	for (uint32_t i = 0; i < p->slots; i++) {
		for (int m = 0; m < USAGE_METRICS; m++) {
			if (p->seen && p->sent[i][m] == p->seen[i][m])
				continue;
			if (p->sent[i][m] == 0)
				continue;
			if (flush_metric(tx, p, usage_map_at(p->map, i), (enum usage_metric)m,
				    p->sent[i][m], err) < 0)
				return -1;
			p->rows++;
		}
	}
	return 0;
}

/* Reads the totals once; false when nothing moved. */
static bool read_totals(struct pass *p)
{
	bool moved = false;

	for (uint32_t i = 0; i < p->slots; i++) {
		for (int m = 0; m < USAGE_METRICS; m++) {
			p->sent[i][m] = atomic_load_explicit(
				&usage_map_at(p->map, i)->total[m], memory_order_relaxed);
			moved |= !p->seen || p->sent[i][m] != p->seen[i][m];
		}
	}
	return moved;
}

/* One pass over MAP. SEEN (may be NULL) is moved on after success. *since becomes the pass's time.
 */
static int flush_map(struct usage_flusher *f, struct usage_map *map,
	uint64_t (*seen)[USAGE_METRICS], int64_t *since, struct mo_err *err)
{
	uint32_t slots = usage_map_count(map);
	struct pass p = { .map = map, .seen = seen, .since = *since, .slots = slots };

	if (slots == 0)
		return 0;
	mo_autofree void *space = calloc(slots, sizeof(*p.sent));
	if (!space)
		return mo_fail(err, MO_ENOMEM, "usage flush");
	p.sent = space;
	if (!read_totals(&p))
		return 0;
	if (store_write(f->store, write_pass, &p, err) < 0)
		return -1;
	if (seen)
		memcpy(seen, p.sent, slots * sizeof(*seen));
	*since = p.now;
	obs_add(f->flushed, p.rows);
	return 0;
}

static void failed(struct usage_flusher *f, const char *what, const struct mo_err *err)
{
	obs_add(f->errors, 1);
	mo_log(MO_LOG_WARN, "usage flush failed", "file", what, "error", err->msg, NULL);
}

/* Flushes and removes one file whose process is dead. */
static void adopt(struct usage_flusher *f, const char *name)
{
	struct usage_map *map;
	struct mo_err err = { 0 };
	int64_t since = 0;

	if (usage_map_adopt(f->dir, name, &map, &err) < 0) {
		if (err.code != MO_ECONFLICT &&
			err.code != MO_ENOTFOUND) /* alive, or another process was faster */
			failed(f, name, &err);
		return;
	}
	if (flush_map(f, map, NULL, &since, &err) < 0 || usage_map_remove(map, &err) < 0)
		failed(f, name, &err);
	else
		mo_log(MO_LOG_INFO, "usage of a dead gateway flushed", "file", name, NULL);
	usage_map_close(map);
}

static void adopt_all(struct usage_flusher *f)
{
	DIR *dir = opendir(f->dir);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);
		if (n > 6 && strcmp(e->d_name + n - 6, ".usage") == 0 &&
			strncmp(e->d_name, usage_map_id(f->map), n - 6) != 0)
			adopt(f, e->d_name);
	}
	if (dir)
		closedir(dir);
}

static int64_t flush(void *ctx)
{
	struct usage_flusher *f = ctx;
	struct mo_err err = { 0 };

	if (f->round++ % ADOPT_ROUNDS == 0)
		adopt_all(f);
	if (flush_map(f, f->map, f->seen, &f->since, &err) < 0)
		failed(f, usage_map_id(f->map), &err);
	else
		usage_map_recycle(f->map, f->seen);
	return FLUSH_EVERY;
}

static void flusher_free(struct usage_flusher *f)
{
	free(f->seen);
	free(f->dir);
	free(f);
}

static int flusher_open(
	struct usage_flusher *f, const char *dir, struct obs *obs, struct mo_err *err)
{
	struct obs_family *families[M_COUNT];

	f->since = mo_now();
	f->dir = strdup(dir);
	f->seen = calloc(usage_map_capacity(f->map), sizeof(*f->seen));
	if (!f->dir || !f->seen)
		return mo_fail(err, MO_ENOMEM, "usage flusher");
	if (obs_declare(obs, usage_metrics_decls, usage_metrics_count, families, err) < 0)
		return -1;
	f->flushed = obs_series(families[M_FLUSHED], NULL);
	f->errors = obs_series(families[M_ERRORS], NULL);
	return mo_ticker_start("usage flusher", flush, f, &f->ticker, err);
}

int usage_flusher_start(struct store *store, struct usage_map *map, const char *dir,
	struct obs *obs, struct usage_flusher **ret, struct mo_err *err)
{
	struct usage_flusher *f = calloc(1, sizeof(*f));

	if (!f)
		return mo_fail(err, MO_ENOMEM, "usage flusher");
	f->store = store;
	f->map = map;
	if (flusher_open(f, dir, obs, err) < 0) {
		flusher_free(f);
		return -1;
	}
	*ret = f;
	return 0;
}

void usage_flusher_stop(struct usage_flusher *f)
{
	struct mo_err err = { 0 };

	if (!f)
		return;
	mo_ticker_stop(f->ticker);
	if (flush_map(f, f->map, f->seen, &f->since, &err) < 0 ||
		usage_map_remove(f->map, &err) < 0)
		failed(f, usage_map_id(f->map), &err);
	flusher_free(f);
}
