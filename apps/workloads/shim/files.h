/* The shim's files in its folder (the working directory): each appears whole, by rename. */
#ifndef MODELOPS_SHIM_FILES_H
#define MODELOPS_SHIM_FILES_H

#include <stdbool.h>
#include <sys/types.h>

/* Writes TEXT as NAME. 0, or -1 with errno. */
int files_write(const char *name, const char *text);

/* Writes the identity of PID (mo_process_name) as NAME. 0, or -1 with errno. */
int files_write_pid(const char *name, pid_t pid);

bool files_exists(const char *name);

/* Seconds asked for in `stop`; 10 when it holds nothing sensible. */
int files_stop_grace(void);

#endif
