/* The identity of a process: what /proc says about it, and which run of the machine says so. */
#include "modelops/base/process.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *mo_boot_id(char out[MO_BOOT_TEXT])
{
	mo_autoclose int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, MO_BOOT_TEXT - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, " \n")] = '\0';
	if (!out[0])
		memcpy(out, "-", 2);
	return out;
}

/* State letter and start time of PID. */
static bool stat_of(pid_t pid, char *ret_state, long long *ret_start)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	const char *at = strrchr(text, ')'); /* the name before it may hold anything */
	if (!at || at[1] != ' ')
		return false;
	*ret_state = at[2];
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%lld", ret_start) == 1;
}

char *mo_process_name(pid_t pid, char out[MO_PROCESS_TEXT])
{
	char boot[MO_BOOT_TEXT], state;
	long long start = -1;

	(void)stat_of(pid, &state, &start);
	snprintf(out, MO_PROCESS_TEXT, "%d %lld %s", (int)pid, start, mo_boot_id(boot));
	return out;
}

pid_t mo_process_alive(const char *name)
{
	char boot[MO_BOOT_TEXT], now[MO_BOOT_TEXT], state;
	long long want, have;
	int pid;

	if (sscanf(name, "%d %lld %39s", &pid, &want, boot) != 3 || pid <= 1 ||
		!mo_streq(boot, mo_boot_id(now)) || !stat_of(pid, &state, &have))
		return 0;
	return have == want && state != 'Z' && state != 'X' ? pid : 0;
}
