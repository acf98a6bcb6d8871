/* Fault points, for tests only: one armed fault per process. */
#include "modelops/base/fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int mo_fault_armed_;

static char armed_point[64];
static long countdown;
static bool struck, kills, told; /* told: by the environment, so say when it strikes */

void mo_fault_arm(const char *point, long n)
{
	__atomic_store_n(&mo_fault_armed_, 0, __ATOMIC_SEQ_CST);
	snprintf(armed_point, sizeof(armed_point), "%s", point ? point : "");
	__atomic_store_n(&countdown, n, __ATOMIC_SEQ_CST);
	struck = false;
	kills = false;
	__atomic_store_n(&mo_fault_armed_, n > 0, __ATOMIC_SEQ_CST);
}

bool mo_fault_hit(const char *point)
{
	if (armed_point[0] && strcmp(armed_point, point) != 0)
		return false;
	if (__atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST) != 0)
		return false;
	__atomic_store_n(&struck, true, __ATOMIC_SEQ_CST);
	if (told) {
		char line[96];
		int len = snprintf(line, sizeof(line), "fault point %.60s struck\n", point);
		(void)!write(STDERR_FILENO, line, (size_t)len);
	}
	if (kills)
		raise(SIGKILL);
	return true;
}

bool mo_fault_struck(void)
{
	return __atomic_load_n(&struck, __ATOMIC_SEQ_CST);
}

void mo_fault_from_env(void)
{
	const char *env = secure_getenv("MODELOPS_FAULT"); /* a test hook, not a setting */
	char point[64] = "", how[8] = "";
	long n = 0;

	if (!env || sscanf(env, "%63[^:]:%ld:%7s", point, &n, how) < 2 || n <= 0)
		return;
	mo_fault_arm(strcmp(point, "*") == 0 ? NULL : point, n);
	told = true;
	kills = strcmp(how, "kill") == 0;
}
