/* A process is itself only while it lives, with its start time, in this run of the machine. */
#include "../unit.h"

#include "modelops/base/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void this_one_lives(void **state)
{
	char name[MO_PROCESS_TEXT], boot[MO_BOOT_TEXT];

	assert_int_equal(mo_process_alive(mo_process_name(getpid(), name)), getpid());
	assert_true(strlen(mo_boot_id(boot)) >= 1);
	assert_non_null(strstr(name, boot));
	assert_string_equal(strrchr(name, ' ') + 1, boot);
}

static void another_start_or_boot_is_another_process(void **state)
{
	char name[MO_PROCESS_TEXT], other[MO_PROCESS_TEXT + 64], boot[MO_BOOT_TEXT];
	long long start;
	int pid;

	assert_int_equal(
		sscanf(mo_process_name(getpid(), name), "%d %lld %39s", &pid, &start, boot), 3);
	snprintf(other, sizeof(other), "%d %lld %s", pid, start + 1, boot);
	assert_int_equal(mo_process_alive(other), 0);
	snprintf(other, sizeof(other), "%d %lld 00000000-0000-4000-8000-000000000000", pid, start);
	assert_int_equal(mo_process_alive(other), 0);
	snprintf(other, sizeof(other), "%d %lld", pid, start);
	assert_int_equal(mo_process_alive(other), 0);
	snprintf(other, sizeof(other), "%d %lld %s", pid, start, boot);
	assert_int_equal(mo_process_alive(other), pid);
}

static void who_has_ended_does_not_live(void **state)
{
	char name[MO_PROCESS_TEXT];
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	mo_process_name(pid, name);
	assert_int_equal(mo_process_alive(name), pid);
	kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(mo_process_alive(name), 0); /* a zombie still has its pid */
	waitpid(pid, NULL, 0);
	assert_int_equal(mo_process_alive(name), 0);
	assert_int_equal(mo_process_alive(mo_process_name(pid, name)), 0);
}

static void nonsense_names_nobody(void **state)
{
	static const char *const names[] = { "", "x", "1 1 1", "0 0 -", "-5 1 -", "\n" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(mo_process_alive(names[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_one_lives),
		cmocka_unit_test(another_start_or_boot_is_another_process),
		cmocka_unit_test(who_has_ended_does_not_live),
		cmocka_unit_test(nonsense_names_nobody),
	};
	return RUN_TESTS(tests);
}
