/* One command run to its end: log captured, stop and time limit obeyed, all it left behind killed.
 */
#ifndef MODELOPS_SHIM_PHASE_H
#define MODELOPS_SHIM_PHASE_H

#include "logcap.h"

#include <stdbool.h>
#include <stdint.h>

struct shim {
	struct logcap log;
	int signals;     /* signalfd: SIGCHLD, SIGTERM, SIGINT, SIGHUP */
	int watch;       /* inotify on the folder, or -1: then it is looked at every 200 ms */
	int64_t max_run; /* microseconds; 0 means no limit */
	bool stopping;
	int64_t kill_at; /* mono microseconds; 0 means not yet set */
};

/* How a command ended. */
struct phase_end {
	int status; /* of waitpid */
	bool timed_out;
};

/* Runs ARGV; on_start (may be NULL) is called once it has been started. -1: errno, nothing runs. */
int phase_run(struct shim *shim, char *const *argv, int (*on_start)(void), struct phase_end *ret);

#endif
