/* The identity of a process as text: a pid alone names another one soon, and after a restart of the
 * machine so may pid and start time. */
#ifndef MODELOPS_BASE_PROCESS_H
#define MODELOPS_BASE_PROCESS_H

#include <sys/types.h>

enum {
	MO_BOOT_TEXT = 40,    /* room for the id of the running kernel */
	MO_PROCESS_TEXT = 96, /* room for "PID STARTTIME BOOT" */
};

/* The id of this run of the machine; "-" when the kernel does not tell it. Returns OUT. */
char *mo_boot_id(char out[MO_BOOT_TEXT]);

/* "PID STARTTIME BOOT" of PID: STARTTIME is field 22 of /proc/PID/stat, -1 when there is no such
 * process. Returns OUT. */
char *mo_process_name(pid_t pid, char out[MO_PROCESS_TEXT]);

/* The pid of the process that NAME (made by mo_process_name) names, while it lives; else 0. */
pid_t mo_process_alive(const char *name);

#endif
