/* Fault points: strike once at the Nth call of the named point, from code or from the environment.
 */
#include "../unit.h"

#include "modelops/base/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void strikes_once_at_the_nth_call(void **state)
{
	mo_fault_arm("here", 3);
	assert_false(mo_fault("here"));
	assert_false(mo_fault("elsewhere"));
	assert_false(mo_fault("here"));
	assert_false(mo_fault_struck());
	assert_true(mo_fault("here"));
	assert_true(mo_fault_struck());
	assert_false(mo_fault("here"));
}

static void any_point_counts_without_a_name(void **state)
{
	mo_fault_arm(NULL, 2);
	assert_false(mo_fault("a"));
	assert_true(mo_fault("b"));
}

static void disarmed_is_silent(void **state)
{
	mo_fault_arm("here", 1);
	mo_fault_arm(NULL, 0);
	assert_false(mo_fault("here"));
	assert_false(mo_fault_struck());
}

static void environment_arms(void **state)
{
	static const char *const ignored[] = { "", "here", "here:", "here:0", "here:-1", ":1",
		"here:x" };

	setenv("MODELOPS_FAULT", "here:2", 1);
	mo_fault_from_env();
	assert_false(mo_fault("here"));
	assert_true(mo_fault("here"));
	mo_fault_arm(NULL, 0);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		setenv("MODELOPS_FAULT", ignored[i], 1);
		mo_fault_from_env();
		assert_false(mo_fault("here"));
	}
	unsetenv("MODELOPS_FAULT");
	mo_fault_from_env();
	assert_false(mo_fault("here"));
}

static void kill_ends_the_process(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("MODELOPS_FAULT", "here:1:kill", 1);
		mo_fault_from_env();
		_exit(mo_fault("here"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strikes_once_at_the_nth_call),
		cmocka_unit_test(any_point_counts_without_a_name),
		cmocka_unit_test(disarmed_is_silent),
		cmocka_unit_test(environment_arms),
		cmocka_unit_test(kill_ends_the_process),
	};
	return RUN_TESTS(tests);
}
