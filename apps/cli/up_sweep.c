/* The end of `up`: what a controller that died could not stop any more. */
#include "modelops/base/check.h"
#include "modelops/base/process.h"
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

/* The process that FILE of the workload's folder names, when it is still that one; else 0. */
static pid_t living(const char *folder, const char *file)
{
	char path[UP_PATH + 320], name[MO_PROCESS_TEXT] = "";

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	mo_autofile FILE *f = fopen(path, "re");
	return f && fgets(name, sizeof(name), f) ? mo_process_alive(name) : 0;
}

/* Kills what lives in the workload's folder; 1 when there was something. The shim takes its child
 * along; to the next controller the attempt is lost: a failure of the platform, neither counted nor
 * billed. */
static int sweep_one(const char *folder)
{
	static const char *const files[] = { "shim.pid", "child.pid" };
	int found = 0;

	for (size_t i = 0; i < MO_COUNT(files); i++) {
		pid_t pid = living(folder, files[i]);
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
