/* What SQLite's writer promises: on disk before the answer, and many writes in one commit. Syncs of
 * the write-ahead log are counted between SQLite and the file. */
#include "fixture.h"

#include "modelops/store/driver.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WRITES = 16 };

/* The methods of one kind of file, ours in front of SQLite's. */
struct methods {
	const sqlite3_io_methods *real;
	sqlite3_io_methods ours;
};

static sqlite3_vfs *disk, counting;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static struct methods wal, database;
static atomic_int syncs;
static atomic_bool asked_for_full;

static int count_sync(sqlite3_file *file, int flags)
{
	atomic_fetch_add(&syncs, 1);
	return wal.real->xSync(file, flags);
}

/* Sees every PRAGMA: ARG is { answer, name, value }. */
static int see_pragma(sqlite3_file *file, int op, void *arg)
{
	char *const *words = arg;

	if (op == SQLITE_FCNTL_PRAGMA && mo_streq(words[1], "synchronous") &&
		mo_streq(words[2], "FULL"))
		atomic_store(&asked_for_full, true);
	return database.real->xFileControl(file, op, arg);
}

static void wrap(struct methods *m, sqlite3_file *file)
{
	pthread_mutex_lock(&opening);
	if (!m->real) {
		m->real = file->pMethods;
		m->ours = *m->real;
		if (m == &wal)
			m->ours.xSync = count_sync;
		else
			m->ours.xFileControl = see_pragma;
	}
	file->pMethods = &m->ours;
	pthread_mutex_unlock(&opening);
}

static int open_file(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	int rc = disk->xOpen(vfs, name, file, flags, ret_flags);

	if (rc == SQLITE_OK && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB))
		wrap(flags & SQLITE_OPEN_WAL ? &wal : &database, file);
	return rc;
}

static void count_syncs(void)
{
	disk = sqlite3_vfs_find(NULL);
	counting = *disk;
	counting.zName = "counting";
	counting.xOpen = open_file;
	assert_int_equal(sqlite3_vfs_register(&counting, true), SQLITE_OK);
}

static int is_wal(const struct db_row *row, void *ctx, struct mo_err *err)
{
	MO_ASSERT(mo_streq(db_text(row, 0), "wal"));
	return 0;
}

static int check_pragmas(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	int64_t synchronous = -1, checkpoint = -1, keys = -1;

	MUST(db_run(tx, "PRAGMA journal_mode", NULL, 0, is_wal, NULL, NULL, err));
	MUST(db_int_of(tx, "PRAGMA synchronous", NULL, 0, &synchronous, err));
	MUST(db_int_of(tx, "PRAGMA wal_autocheckpoint", NULL, 0, &checkpoint, err));
	MUST(db_int_of(tx, "PRAGMA foreign_keys", NULL, 0, &keys, err));
	MO_ASSERT(synchronous == 2); /* FULL */
	MO_ASSERT(checkpoint == 0);
	MO_ASSERT(keys == 1);
	return 0;
}

static void test_the_writer_is_set_up(void **state)
{
	fix_do(*state, check_pragmas);
}

/* As the checkpoint opens them. */
static void test_other_write_connections_are_too(void **state)
{
	const struct fix *f = *state;
	struct store_cfg cfg = { .url = f->url };
	struct mo_err e = { 0 }, *err = &e;
	struct store_tx tx = { .store = f->store, .driver = &db_sqlite };

	atomic_store(&asked_for_full, false);
	MUST(db_sqlite.open(&cfg, false, &tx.conn, err));
	assert_true(atomic_load(&asked_for_full)); /* not left to how the library was built */
	MUST(check_pragmas(&tx, NULL, err));
	db_sqlite.close(tx.conn);
}

struct one {
	struct store_job job;
	struct fix *f;
	int syncs; /* when it ran */
	sem_t done;
};

static int write_one(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct one *o = ctx;

	o->syncs = atomic_load(&syncs);
	return store_event(tx, o->f->a, "run", "run_1", "Tested", "one write", err);
}

static void test_a_write_is_on_disk_before_its_answer(void **state)
{
	struct one o = { .f = *state };
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(o.f->store, write_one, &o, err));
	assert_int_equal(atomic_load(&syncs), o.syncs + 1);
}

static int run_job(struct store_job *job, struct mo_err *err)
{
	struct one *o = (struct one *)(void *)job;

	return store_write(o->f->store, write_one, o, err);
}

static void job_done(struct store_job *job, int rc, struct mo_err *err)
{
	struct one *o = (struct one *)(void *)job;

	MUST(rc);
	MO_ASSERT(atomic_load(&syncs) == o->syncs + 1);
	sem_post(&o->done);
}

/* On the writer's thread: what it queues is there when its own write is done. */
static int write_and_queue(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct one *all = ctx;

	for (int i = 1; i < WRITES; i++)
		MUST(store_submit(all[0].f->store, &all[i].job, err));
	return write_one(tx, &all[0], err);
}

static void test_what_is_queued_rides_in_one_commit(void **state)
{
	struct one all[WRITES];
	struct mo_err e = { 0 }, *err = &e;

	for (int i = 0; i < WRITES; i++) {
		all[i] = (struct one){ .f = *state, .job = { .run = run_job, .done = job_done } };
		sem_init(&all[i].done, 0, 0);
	}
	int before = atomic_load(&syncs);
	MUST(store_write(all[0].f->store, write_and_queue, all, err));
	for (int i = 1; i < WRITES; i++)
		sem_wait(&all[i].done);
	assert_in_range(atomic_load(&syncs) - before, 1, WRITES / 4);
}

static int write_slowly(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	usleep(200000); /* the others queue up meanwhile */
	return write_one(tx, ctx, err);
}

static void *write_thread(void *ctx)
{
	struct one *o = ctx;
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(o->f->store, write_one, o, err));
	MO_ASSERT(atomic_load(&syncs) > o->syncs);
	return NULL;
}

static void *write_slow_thread(void *ctx)
{
	struct one *o = ctx;
	struct mo_err e = { 0 }, *err = &e;

	MUST(store_write(o->f->store, write_slowly, o, err));
	return NULL;
}

static void test_waiting_threads_share_a_commit(void **state)
{
	struct one all[WRITES];
	pthread_t threads[WRITES];
	int before = atomic_load(&syncs);

	for (int i = 0; i < WRITES; i++) {
		all[i] = (struct one){ .f = *state };
		assert_int_equal(pthread_create(&threads[i], NULL,
					 i ? write_thread : write_slow_thread, &all[i]),
			0);
	}
	for (int i = 0; i < WRITES; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(atomic_load(&syncs) - before, 1, WRITES / 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_writer_is_set_up, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_other_write_connections_are_too, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_a_write_is_on_disk_before_its_answer, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_queued_rides_in_one_commit, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(
			test_waiting_threads_share_a_commit, fix_up, fix_down),
	};

	fix_main(argc, argv);
	count_syncs();
	return RUN_TESTS(tests);
}
