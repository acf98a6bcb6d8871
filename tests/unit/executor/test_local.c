/* The local executor with the real shim and small scripts as programs: start once, adopt, stop,
 * LOST, forget. */
#include "modelops/base/fault.h"
#include "modelops/base/id.h"
#include "modelops/base/process.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/executor/executor.h"

#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *shim_path;

struct fixture {
	char root[64], bin[80], work[80], id[MO_ID_MAX];
	struct executor *ex;
};

static void script(struct fixture *f, const char *name, const char *text)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", f->bin, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fchmod(fileno(file), 0755);
	fclose(file);
}

static void open_executor(struct fixture *f)
{
	struct exec_local_cfg cfg = { .work_dir = f->work, .bin_dir = f->bin };
	assert_int_equal(executor_local(&cfg, &f->ex, NULL), 0);
}

static int set_up(void **state)
{
	static struct fixture f;
	char path[160];

	mo_str_copy(f.root, sizeof(f.root), "/tmp/mo-executor-XXXXXX");
	assert_non_null(mkdtemp(f.root));
	snprintf(f.bin, sizeof(f.bin), "%s/bin", f.root);
	snprintf(f.work, sizeof(f.work), "%s/work", f.root);
	assert_int_equal(mkdir(f.bin, 0700), 0);
	snprintf(path, sizeof(path), "%s/modelops-shim", f.bin);
	assert_int_equal(symlink(shim_path, path), 0);
	script(&f, "modelops-fetch", "exit 0");
	mo_id_new("att", f.id);
	open_executor(&f);
	*state = &f;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	executor_stop(f->ex, f->id, 0, NULL);
	struct exec_status st;
	for (int i = 0; i < 100; i++) {
		executor_observe(f->ex, f->id, &st, NULL);
		if (st.state != EXEC_RUNNING && st.state != EXEC_STARTING)
			break;
		poll(NULL, 0, 20);
	}
	executor_free(f->ex);
	nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static int start(struct fixture *f)
{
	static const char *const env[] = { "ONE=1", "PATH=/usr/bin:/bin", NULL };
	struct exec_spec spec = { .id = f->id,
		.program = "trainer",
		.env = env,
		.log_cap = 65536,
		.shares = 1,
		.max_runtime_us = 20 * MO_SECOND };
	return executor_start(f->ex, &spec, NULL);
}

static struct exec_status wait_for(struct fixture *f, enum exec_state state)
{
	struct exec_status st;
	for (int i = 0; i < 500; i++) {
		assert_int_equal(executor_observe(f->ex, f->id, &st, NULL), 0);
		if (st.state == state)
			return st;
		poll(NULL, 0, 20);
	}
	fail_msg("state is %s, not %s", exec_state_name(st.state), exec_state_name(state));
	return st;
}

static void assert_log(struct fixture *f, const char *want)
{
	struct mo_buf b;
	mo_buf_init(&b, 4096);
	assert_int_equal(executor_log(f->ex, f->id, 0, &b, NULL), 0);
	assert_string_equal(mo_buf_str(&b), want);
	mo_buf_free(&b);
}

static int read_pid(struct fixture *f, const char *name)
{
	char path[256];
	int pid = 0;
	snprintf(path, sizeof(path), "%s/%s/%s", f->work, f->id, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static void test_life(void **state)
{
	struct fixture *f = *state;
	struct exec_status st;

	assert_int_equal(executor_observe(f->ex, f->id, &st, NULL), 0);
	assert_int_equal(st.state, EXEC_ABSENT);
	script(f, "modelops-trainer", "echo $ONE$HOME; test -d in && test -d out && exit 0");
	assert_int_equal(start(f), 0);
	st = wait_for(f, EXEC_EXITED);
	assert_int_equal(st.exit_code, 0);
	assert_string_equal(st.reason, "");
	assert_true(st.started_at > 0 && st.ended_at >= st.started_at);
	assert_log(f, "1\n");
	assert_int_equal(start(f), 0); /* it ended: it is not started again */
	assert_log(f, "1\n");
	assert_int_equal(executor_forget(f->ex, f->id, NULL), 0);
	assert_int_equal(executor_forget(f->ex, f->id, NULL), 0);
	wait_for(f, EXEC_ABSENT);
}

static void test_reasons(void **state)
{
	struct fixture *f = *state;
	struct exec_status st;
	static const struct {
		const char *fetch, *trainer;
		int code, signal;
		bool init;
		const char *reason;
	} rows[] = {
		{ "exit 0", "echo error: old; echo x; echo 'error: column \"a\" is text'; exit 2",
			2, 0, false, "column \"a\" is text" },
		{ "exit 0", "echo nothing useful; exit 9", 9, 0, false, "ended with status 9" },
		{ "exit 0", "kill -9 $$", -1, 9, false, "ended by signal 9 (Killed)" },
		{ "echo 'error: no such input'; exit 1", "exit 0", 1, 0, true, "no such input" },
		{ "exit 4", "exit 0", 4, 0, true, "fetching its inputs ended with status 4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		script(f, "modelops-fetch", rows[i].fetch);
		script(f, "modelops-trainer", rows[i].trainer);
		mo_id_new("att", f->id);
		assert_int_equal(start(f), 0);
		st = wait_for(f, EXEC_EXITED);
		assert_int_equal(st.exit_code, rows[i].code);
		assert_int_equal(st.signal, rows[i].signal);
		assert_int_equal(st.init_phase, rows[i].init);
		assert_string_equal(st.reason, rows[i].reason);
	}
}

/* A new executor, as after kill -9 of the controller, sees what the old one started. */
static void test_adopt_and_stop(void **state)
{
	struct fixture *f = *state;
	struct exec_status st;
	struct mo_err err = { 0 };

	script(f, "modelops-trainer", "echo tcp:127.0.0.1:1 > address; exec sleep 60");
	assert_int_equal(start(f), 0);
	wait_for(f, EXEC_RUNNING);
	executor_free(f->ex);
	open_executor(f);
	wait_for(f, EXEC_RUNNING);
	assert_int_equal(start(f), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(executor_observe(f->ex, f->id, &st, NULL), 0);
		if (st.address[0])
			break;
		poll(NULL, 0, 20);
	}
	assert_string_equal(st.address, "tcp:127.0.0.1:1");
	assert_int_equal(executor_forget(f->ex, f->id, &err), -1);
	assert_int_equal(err.code, MO_ECONFLICT);
	assert_int_equal(executor_stop(f->ex, f->id, MO_SECOND, NULL), 0);
	assert_int_equal(executor_stop(f->ex, f->id, MO_SECOND, NULL), 0);
	st = wait_for(f, EXEC_EXITED);
	assert_int_equal(st.signal, SIGTERM);
	assert_int_equal(executor_stop(f->ex, f->id, MO_SECOND, NULL), 0);
}

static void test_lost(void **state)
{
	struct fixture *f = *state;

	script(f, "modelops-trainer", "exec sleep 60");
	assert_int_equal(start(f), 0);
	wait_for(f, EXEC_RUNNING);
	int child = read_pid(f, "child.pid");
	assert_int_equal(kill(read_pid(f, "shim.pid"), SIGKILL), 0);
	struct exec_status st = wait_for(f, EXEC_LOST);
	assert_true(st.reason[0] != '\0');
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
		poll(NULL, 0, 20);
	assert_int_equal(start(f), 0); /* never a second time */
	wait_for(f, EXEC_LOST);
	assert_int_equal(executor_forget(f->ex, f->id, NULL), 0);
}

/* The pid in the file lives but is another process: its start time says so, or, after a restart of
 * the machine, which counts times anew, only the machine's run. */
static void check_reused_pid(struct fixture *f, bool restarted)
{
	char path[256], name[MO_PROCESS_TEXT], boot[MO_BOOT_TEXT];
	long long ticks;
	int pid;

	assert_int_equal(
		sscanf(mo_process_name(getpid(), name), "%d %lld %39s", &pid, &ticks, boot), 3);
	script(f, "modelops-trainer", "exit 0");
	assert_int_equal(start(f), 0);
	wait_for(f, EXEC_EXITED);
	snprintf(path, sizeof(path), "%s/%s/exit", f->work, f->id);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/%s/shim.pid", f->work, f->id);
	FILE *file = fopen(path, "w");
	if (restarted)
		fprintf(file, "%d %lld 00000000-0000-4000-8000-000000000000\n", pid, ticks);
	else
		fprintf(file, "%d %lld %s\n", pid, ticks - 1, boot);
	fclose(file);
	wait_for(f, EXEC_LOST);
}

static void test_reused_pid_is_lost(void **state)
{
	check_reused_pid(*state, false);
}

static void test_pid_of_before_a_restart_is_lost(void **state)
{
	check_reused_pid(*state, true);
}

/* A controller that died between making the folder and starting the shim; the next one goes on. */
static void test_start_after_half_a_start(void **state)
{
	struct fixture *f = *state;

	script(f, "modelops-trainer", "echo once");
	mo_fault_arm("executor.spawn", 1);
	assert_int_equal(start(f), -1);
	mo_fault_arm(NULL, 0);
	wait_for(f, EXEC_ABSENT);
	assert_int_equal(start(f), 0);
	wait_for(f, EXEC_EXITED);
	assert_log(f, "once\n");
}

static int count(void *ctx, const char *id, struct mo_err *err)
{
	++*(int *)ctx;
	return 0;
}

static void test_list_and_ids(void **state)
{
	struct fixture *f = *state;
	struct exec_spec spec = { .id = "../evil", .program = "trainer" };
	struct exec_status st;
	struct mo_err err = { 0 };
	char path[256];
	int n = 0;

	assert_int_equal(executor_start(f->ex, &spec, &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	assert_int_equal(executor_observe(f->ex, "../evil", &st, NULL), 0);
	assert_int_equal(st.state, EXEC_ABSENT);
	script(f, "modelops-trainer", "exit 0");
	assert_int_equal(start(f), 0);
	snprintf(path, sizeof(path), "%s/other", f->work);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(executor_list(f->ex, count, &n, NULL), 0);
	assert_int_equal(n, 1);
	wait_for(f, EXEC_EXITED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_adopt_and_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reused_pid_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_pid_of_before_a_restart_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_start_after_half_a_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list_and_ids, set_up, tear_down),
	};
	shim_path = argc > 1 ? realpath(argv[1], NULL) : NULL;
	if (!shim_path)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
