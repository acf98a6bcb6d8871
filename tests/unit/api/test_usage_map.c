/* Usage counters in a shared mapping: what is counted survives the process; damaged files are
 * refused. */
#include "usage_map.h"

#include "modelops/base/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DEP "dep_01J00000000000000000000000"
#define TEN "ten_01J00000000000000000000000"
#define PRJ "prj_01J00000000000000000000000"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/mo-usage-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void name_of(const struct usage_map *m, char out[64])
{
	snprintf(out, 64, "%s.usage", usage_map_id(m));
}

static void test_slots(void **state)
{
	struct usage_map *m;
	struct usage_slot *a, *again, *b, *c;
	struct mo_err err = { 0 };

	(void)state;
	assert_int_equal(usage_map_create(dir, 2, &m, &err), 0);
	assert_int_equal(usage_map_slot(m, DEP, TEN, PRJ, &a, &err), 0);
	assert_int_equal(usage_map_slot(m, DEP, TEN, PRJ, &again, &err), 0);
	assert_ptr_equal(a, again);
	assert_int_equal(usage_map_slot(m, "dep_2", TEN, PRJ, &b, &err), 0);
	assert_int_equal(usage_map_slot(m, "dep_3", TEN, PRJ, &c, &err), -1);
	assert_int_equal(err.code, MO_EFULL);
	assert_int_equal(usage_map_count(m), 2);
	assert_int_equal(usage_map_capacity(m), 2);
	usage_add(a, USAGE_PREDICT_REQUESTS, USAGE_PREDICT_ROWS, 7);
	assert_int_equal(a->total[USAGE_PREDICT_ROWS], 7);
	assert_int_equal(usage_map_remove(m, &err), 0);
	usage_map_close(m);
}

/* A slot is free again when its deployment is gone, nobody holds it and all of it is stored. */
static void test_slots_of_gone_deployments(void **state)
{
	struct usage_map *m;
	struct usage_slot *a, *again, *b, *c;
	struct mo_err err = { 0 };
	uint64_t seen[2][USAGE_METRICS] = { 0 };

	(void)state;
	assert_int_equal(usage_map_create(dir, 2, &m, &err), 0);
	assert_int_equal(usage_map_slot(m, DEP, TEN, PRJ, &a, &err), 0);
	assert_int_equal(usage_map_slot(m, DEP, TEN, PRJ, &again, &err), 0);
	assert_int_equal(usage_map_slot(m, "dep_2", TEN, PRJ, &b, &err), 0);
	usage_add(a, USAGE_PREDICT_REQUESTS, USAGE_PREDICT_ROWS, 7);
	usage_map_release(m, a, true);
	usage_map_release(m, b, false); /* nobody asked for long, but it is there */
	seen[0][USAGE_PREDICT_REQUESTS] = 1;
	seen[0][USAGE_PREDICT_ROWS] = 7;
	usage_map_recycle(m, seen); /* another loop still holds it */
	assert_int_equal(usage_map_slot(m, "dep_3", TEN, PRJ, &c, &err), -1);
	usage_map_release(m, a, false);
	seen[0][USAGE_PREDICT_ROWS] = 6;
	usage_map_recycle(m, seen); /* a row is not stored yet */
	assert_int_equal(usage_map_slot(m, "dep_3", TEN, PRJ, &c, &err), -1);
	seen[0][USAGE_PREDICT_ROWS] = 7;
	usage_map_recycle(m, seen);
	assert_int_equal(seen[0][USAGE_PREDICT_ROWS], 0);
	assert_int_equal(usage_map_slot(m, "dep_3", "ten_3", PRJ, &c, &err), 0);
	assert_ptr_equal(c, a);
	assert_string_equal(c->deployment, "dep_3");
	assert_string_equal(c->tenant, "ten_3");
	assert_int_equal(c->total[USAGE_PREDICT_ROWS], 0);
	assert_int_equal(usage_map_slot(m, "dep_4", TEN, PRJ, &c, &err), -1);
	assert_int_equal(usage_map_count(m), 2);
	assert_int_equal(usage_map_remove(m, &err), 0);
	usage_map_close(m);
}

/* A process that dies by SIGKILL leaves its counts to whoever adopts the file. */
static void test_survives_kill(void **state)
{
	struct usage_map *m;
	struct mo_err err = { 0 };
	int fd[2];
	char name[64] = "";

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct usage_slot *s;
		if (usage_map_create(dir, 8, &m, NULL) < 0 ||
			usage_map_slot(m, DEP, TEN, PRJ, &s, NULL) < 0)
			_exit(1);
		for (int i = 0; i < 1000; i++)
			usage_add(s, USAGE_EXPLAIN_REQUESTS, USAGE_EXPLAIN_ROWS, 3);
		name_of(m, name);
		if (write(fd[1], name, sizeof(name)) != sizeof(name))
			_exit(1);
		pause();
	}
	assert_int_equal(read(fd[0], name, sizeof(name)), sizeof(name));
	assert_int_equal(usage_map_adopt(dir, name, &m, &err), -1);
	assert_int_equal(err.code, MO_ECONFLICT); /* its process lives */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(usage_map_adopt(dir, name, &m, &err), 0);
	assert_int_equal(usage_map_count(m), 1);
	assert_string_equal(usage_map_at(m, 0)->deployment, DEP);
	assert_int_equal(usage_map_at(m, 0)->total[USAGE_EXPLAIN_REQUESTS], 1000);
	assert_int_equal(usage_map_at(m, 0)->total[USAGE_EXPLAIN_ROWS], 3000);
	assert_int_equal(usage_map_remove(m, &err), 0);
	usage_map_close(m);
	close(fd[0]);
	close(fd[1]);
}

/* Flips every byte of a good file in turn: it is adopted unchanged in meaning or refused, never a
 * crash. */
static void test_damage(void **state)
{
	struct usage_map *m;
	struct usage_slot *s;
	struct mo_err err = { 0 };
	char name[64], path[192];

	(void)state;
	assert_int_equal(usage_map_create(dir, 1, &m, &err), 0);
	assert_int_equal(usage_map_slot(m, DEP, TEN, PRJ, &s, &err), 0);
	name_of(m, name);
	usage_map_close(m);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	mo_autofile FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	for (long at = 0; at < size; at++) {
		fseek(f, at, SEEK_SET);
		int was = fgetc(f);
		fseek(f, at, SEEK_SET);
		fputc(was ^ 0xff, f);
		fflush(f);
		if (usage_map_adopt(dir, name, &m, &err) == 0) {
			assert_in_range(usage_map_count(m), 0, 1);
			usage_map_close(m);
		} else {
			assert_int_equal(err.code, MO_EINVAL);
		}
		fseek(f, at, SEEK_SET);
		fputc(was, f);
		fflush(f);
	}
	assert_int_equal(truncate(path, size - 1), 0);
	assert_int_equal(usage_map_adopt(dir, name, &m, &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(usage_map_adopt(dir, name, &m, &err), -1);
	unlink(path);
}

/* What a maker leaves that died before the magic was written; a young file may still have one. */
static void test_never_used(void **state)
{
	static const long sizes[] = { 0, 4096 };
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct usage_map *m;
	struct mo_err err = { 0 };
	char path[192];

	(void)state;
	snprintf(path, sizeof(path), "%s/gw_x.usage", dir);
	for (size_t i = 0; i < 2; i++) {
		fclose(fopen(path, "wb"));
		assert_int_equal(truncate(path, sizes[i]), 0);
		assert_int_equal(usage_map_adopt(dir, "gw_x.usage", &m, &err), -1);
		assert_int_equal(err.code, MO_EINVAL);
		assert_int_equal(access(path, F_OK), 0);
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
		assert_int_equal(usage_map_adopt(dir, "gw_x.usage", &m, &err), -1);
		assert_int_equal(err.code, MO_ENOTFOUND);
		assert_int_equal(access(path, F_OK), -1);
	}
}

enum { RACERS = 8, EACH = 200 };

/* Every loop takes slots of its own deployments: two must never share one, that is billing. */
static void *take_slots(void *arg)
{
	struct usage_map *m = ((void **)arg)[0];
	char name[MO_ID_MAX];
	struct usage_slot *s;
	struct mo_err err = { 0 };

	for (int i = 0; i < EACH; i++) {
		snprintf(name, sizeof(name), "dep_%d_%d", (int)(intptr_t)((void **)arg)[1], i);
		if (usage_map_slot(m, name, name + 4, PRJ, &s, &err) < 0)
			return m;
		usage_add(s, USAGE_PREDICT_REQUESTS, USAGE_PREDICT_ROWS, 1);
	}
	return NULL;
}

static void test_loops_at_once(void **state)
{
	pthread_t threads[RACERS];
	void *args[RACERS][2], *wrong;
	struct usage_map *m;
	struct mo_err err = { 0 };

	(void)state;
	assert_int_equal(usage_map_create(dir, RACERS * EACH, &m, &err), 0);
	for (int t = 0; t < RACERS; t++) {
		args[t][0] = m;
		args[t][1] = (void *)(intptr_t)t;
		assert_int_equal(pthread_create(&threads[t], NULL, take_slots, args[t]), 0);
	}
	for (int t = 0; t < RACERS; t++) {
		assert_int_equal(pthread_join(threads[t], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(usage_map_count(m), RACERS * EACH);
	for (uint32_t i = 0; i < usage_map_count(m); i++) {
		assert_int_equal(usage_map_at(m, i)->total[USAGE_PREDICT_REQUESTS], 1);
		assert_string_equal(usage_map_at(m, i)->deployment + 4, usage_map_at(m, i)->tenant);
	}
	assert_int_equal(usage_map_remove(m, &err), 0);
	usage_map_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slots, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_slots_of_gone_deployments, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_loops_at_once, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_survives_kill, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_damage, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_never_used, make_dir, drop_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
