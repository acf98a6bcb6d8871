/* The end of `up`: what a controller that died could not stop any more. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include "up.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SWEEP_WAIT = 3 * 1000000 };

/* Field 22 of /proc/PID/stat: when the process started; 0 when there is none or it has ended. */
static unsigned long long start_time(int pid)
{
	char path[64], text[1024];
	unsigned long long started = 0;
	char state = 'Z';

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	mo_autofile FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	if (!after || sscanf(after + 1,
			      " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			      "%*d %*d %llu",
			      &state, &started) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : started;
}

/* The process that FILE of the workload's folder names, when it is still that one; else 0. */
static int living(const char *folder, const char *file)
{
	char path[UP_PATH + 320];
	unsigned long long started;
	int pid;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	mo_autofile FILE *f = fopen(path, "re");
	if (!f || fscanf(f, "%d %llu", &pid, &started) != 2 || pid <= 1)
		return 0;
	return start_time(pid) == started ? pid : 0;
}

/* Kills what lives in the workload's folder; 1 when there was something. The shim takes its child
 * along; to the next controller the attempt is lost: a failure of the platform, neither counted nor
 * billed. */
static int sweep_one(const char *folder)
{
	static const char *const files[] = { "shim.pid", "child.pid" };
	int found = 0;

	for (size_t i = 0; i < MO_COUNT(files); i++) {
		int pid = living(folder, files[i]);
		if (pid && kill(pid, SIGKILL) == 0)
			found = 1;
	}
	return found;
}

static int sweep(const char *work)
{
	DIR *dir = opendir(work);
	const struct dirent *e;
	int found = 0;

	while (dir && (e = readdir(dir))) {
		char folder[UP_PATH + 300];
		if (e->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "%s/%s", work, e->d_name);
		found += sweep_one(folder);
	}
	if (dir)
		closedir(dir);
	return found;
}

void up_sweep(const struct up_plan *p)
{
	char work[UP_PATH + 16];
	int64_t until = mo_mono() + SWEEP_WAIT;

	snprintf(work, sizeof(work), "%s/work", p->data);
	int first = sweep(work);
	if (first)
		fprintf(stderr,
			"the controller left %d workload%s running: killed; the next start begins "
			"them again\n",
			first, first == 1 ? "" : "s");
	for (int left = first; left && mo_mono() < until; left = sweep(work))
		usleep(20000);
}
