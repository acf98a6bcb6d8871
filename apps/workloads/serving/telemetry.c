/* Metrics of a serving instance. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "serving.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const kinds[] = { "predict", "explain" };
static const int codes[SERVING_CODES - 1] = { 200, 400, 413, 421, 422, 500, 503, 504, 408 };

enum {
	F_REQUESTS,
	F_ROWS,
	F_SECONDS,
	F_INFLIGHT,
	F_QUEUED,
	F_WAIT,
	F_CPU,
	F_RESIDENT,
	F_START,
	F_COUNT
};

static const struct obs_decl decls[F_COUNT] = {
	[F_REQUESTS] = { "modelops_serving_requests_total", OBS_COUNTER,
		"Requests answered, by kind and status.", "kind code" },
	[F_ROWS] = { "modelops_serving_rows_total", OBS_COUNTER,
		"Instances predicted or explained.", "kind" },
	[F_SECONDS] = { "modelops_serving_request_seconds", OBS_HISTOGRAM,
		"From the head of a request to its answer.", "kind", 1e-6, obs_buckets_us,
		OBS_BUCKETS_US },
	[F_INFLIGHT] = { "modelops_serving_inflight", OBS_GAUGE, "Requests running.", NULL },
	[F_QUEUED] = { "modelops_serving_queue_depth", OBS_GAUGE,
		"Requests waiting for their turn.", NULL },
	[F_WAIT] = { "modelops_serving_queue_wait_seconds", OBS_HISTOGRAM,
		"Time admitted requests waited.", NULL, 1e-6, obs_buckets_us, OBS_BUCKETS_US },
	[F_CPU] = { "process_cpu_seconds_total", OBS_COUNTER,
		"User and system time of the process.", NULL, 1e-6 },
	[F_RESIDENT] = { "process_resident_memory_bytes", OBS_GAUGE, "Resident memory.", NULL },
	[F_START] = { "process_start_time_seconds", OBS_GAUGE, "Start, seconds since the epoch.",
		NULL, 1e-6 },
};

static int64_t resident_bytes(void)
{
	unsigned long long size, resident;
	mo_autofile FILE *f = fopen("/proc/self/statm", "re");
	if (!f || fscanf(f, "%llu %llu", &size, &resident) != 2)
		return 0;
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static void refresh(void *ctx)
{
	struct telemetry *t = ctx;
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) == 0)
		obs_set(t->cpu, (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * MO_SECOND +
					u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	obs_set(t->resident, resident_bytes());
	obs_set(t->start, t->started);
}

/* Series of every kind and status, so that the hot path looks nothing up. */
static void make_series(struct telemetry *t, struct obs_family *f[F_COUNT])
{
	for (int k = 0; k < SERVING_KINDS; k++) {
		const char *values[2] = { kinds[k], "other" };
		char text[16];
		for (int c = 0; c < SERVING_CODES; c++) {
			if (c < SERVING_CODES - 1) {
				snprintf(text, sizeof(text), "%d", codes[c]);
				values[1] = text;
			} else {
				values[1] = "other";
			}
			t->requests[k][c] = obs_series(f[F_REQUESTS], values);
		}
		t->rows[k] = obs_series(f[F_ROWS], values);
		t->seconds[k] = obs_series(f[F_SECONDS], values);
	}
	t->inflight = obs_series(f[F_INFLIGHT], NULL);
	t->queued = obs_series(f[F_QUEUED], NULL);
	t->wait = obs_series(f[F_WAIT], NULL);
	t->cpu = obs_series(f[F_CPU], NULL);
	t->resident = obs_series(f[F_RESIDENT], NULL);
	t->start = obs_series(f[F_START], NULL);
}

/* Every figure says whose it is, whatever scrapes it. */
static int label(struct telemetry *t, const char *name, const char *value, struct mo_err *err)
{
	return value ? obs_common_label(t->obs, name, value, err) : 0;
}

int telemetry_init(struct telemetry *t, const struct serving_cfg *cfg, struct mo_err *err)
{
	struct obs_family *families[F_COUNT];
	t->started = mo_now();
	if (obs_new(&t->obs, err) < 0 || label(t, "tenant", cfg->tenant, err) < 0 ||
		label(t, "deployment", cfg->deployment, err) < 0 ||
		label(t, "instance_id", cfg->instance_id, err) < 0 ||
		obs_declare(t->obs, decls, F_COUNT, families, err) < 0)
		return -1;
	make_series(t, families);
	return obs_on_render(t->obs, refresh, t, err);
}

void telemetry_done(struct telemetry *t, enum serving_kind kind, int status, int64_t started)
{
	int c = 0;
	while (c < SERVING_CODES - 1 && codes[c] != status)
		c++;
	obs_add(t->requests[kind][c], 1);
	obs_observe(t->seconds[kind], mo_mono() - started);
}
