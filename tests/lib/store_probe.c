/* A process that writes to a store, for tests and measurements from outside:
 * store_probe MODE URL THREADS SECONDS. Modes: ack prints the id of each row once its commit was
 * reported; saturate writes and prints rows/s; lone the same, one request at a time; latency writes
 * every 5 ms and prints p50, p99 and the longest wait in microseconds; read prints nanoseconds per
 * read by primary key. MODELOPS_FAULT is honoured. */
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/domain/tenant.h"
#include "modelops/store/records.h"
#include "modelops/store/tenants.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 64, WAITS_MAX = 20000 };

static struct store *store;
static bool print_ids;
static int64_t until;
static atomic_long rows;

static int write_row(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct project p = {
		.id = ctx, .tenant_id = TENANT_PLATFORM_ID, .name = ctx, .created_at = store_now(tx)
	};

	return store_project_insert(tx, &p, err);
}

static void must_write(char id[MO_ID_MAX])
{
	struct mo_err err = { 0 };

	mo_id_new("prj", id);
	if (store_write(store, write_row, id, &err) < 0) {
		fprintf(stderr, "store_probe: %s\n", err.msg);
		_exit(1);
	}
}

static void *writer(void *arg)
{
	char id[MO_ID_MAX];

	(void)arg;
	while (mo_mono() < until) {
		must_write(id);
		atomic_fetch_add(&rows, 1);
		if (print_ids)
			dprintf(STDOUT_FILENO, "%s\n", id);
	}
	return NULL;
}

static void saturate(int threads, int64_t seconds)
{
	pthread_t ids[THREADS_MAX];
	int64_t start = mo_mono();

	until = start + seconds * MO_SECOND;
	for (int i = 0; i < threads; i++)
		MO_ASSERT(pthread_create(&ids[i], NULL, writer, NULL) == 0);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	if (!print_ids)
		printf("%.0f rows/s\n",
			(double)atomic_load(&rows) * 1e6 / (double)(mo_mono() - start));
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void latency(int64_t seconds)
{
	static int64_t waits[WAITS_MAX];
	size_t n = 0;
	char id[MO_ID_MAX];

	for (until = mo_mono() + seconds * MO_SECOND; mo_mono() < until && n < WAITS_MAX; n++) {
		int64_t start = mo_mono();
		must_write(id);
		waits[n] = mo_mono() - start;
		usleep(5000);
	}
	qsort(waits, n, sizeof(waits[0]), by_size);
	printf("%lld %lld %lld %zu\n", (long long)waits[n / 2], (long long)waits[n * 99 / 100],
		(long long)waits[n - 1], n);
}

struct read {
	char id[MO_ID_MAX];
	struct mo_arena arena;
};

static int read_row(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct read *r = ctx;
	struct project *p;

	mo_arena_reset(&r->arena);
	return store_project_get(tx, TENANT_PLATFORM_ID, r->id, &r->arena, &p, err);
}

static int one_read(struct store_reader *reader, struct read *r, struct mo_err *err)
{
	return reader ? store_reader_run(reader, read_row, r, err)
		      : store_read(store, read_row, r, err);
}

static void reads(struct store_reader *reader, const char *what)
{
	struct read r;
	struct mo_err err = { 0 };
	long n = 0;

	must_write(r.id);
	mo_arena_init(&r.arena, 65536, 4096);
	int64_t start = mo_mono();
	for (; mo_mono() - start < MO_SECOND; n++)
		MO_ASSERT(one_read(reader, &r, &err) == 0);
	printf("%s %.0f ns\n", what, (double)(mo_mono() - start) * 1e3 / (double)n);
	mo_arena_free(&r.arena);
}

static void read_both(void)
{
	struct store_reader *reader = NULL;

	reads(NULL, "store_read");
	if (store_is_sqlite(store)) {
		MO_ASSERT(store_reader_open(store, &reader, NULL) == 0);
		reads(reader, "store_reader");
		store_reader_close(reader);
	}
}

int main(int argc, char **argv)
{
	struct mo_err err = { 0 };
	uint64_t threads, seconds;

	if (argc != 5 || mo_parse_u64(argv[3], strlen(argv[3]), &threads) < 0 ||
		threads > THREADS_MAX || mo_parse_u64(argv[4], strlen(argv[4]), &seconds) < 0)
		return 2;
	struct store_cfg cfg = { .url = argv[2], .readers = 20, .queue_max = 4096 };
	if (store_open(&cfg, &store, &err) < 0) {
		fprintf(stderr, "store_probe: %s\n", err.msg);
		return 1;
	}
	mo_fault_from_env();
	print_ids = mo_streq(argv[1], "ack");
	if (mo_streq(argv[1], "latency"))
		latency((int64_t)seconds);
	else if (mo_streq(argv[1], "read"))
		read_both();
	else
		saturate((int)threads, (int64_t)seconds);
	store_close(store);
	return 0;
}
