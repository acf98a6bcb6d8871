/* Reads and writes the small files of a shim's folder. The workload may have touched them: nothing
 * is followed, nothing is trusted to be whole. */
#ifndef MODELOPS_EXECUTOR_FOLDER_H
#define MODELOPS_EXECUTOR_FOLDER_H

#include "modelops/base/err.h"
#include "modelops/executor/executor.h"

#include <stdbool.h>
#include <stddef.h>

/* Up to CAP-1 bytes of NAME, NUL-terminated, its last newline cut; length or -1 when absent. */
int folder_read(int dir, const char *name, char *out, size_t cap);

/* Writes NAME by rename. */
int folder_write(int dir, const char *name, const char *text, struct mo_err *err);

/* The process that NAME (see base/process.h) says is alive; its pid goes to *ret_pid (may be NULL).
 */
bool folder_alive(int dir, const char *name, int *ret_pid);

/* What the folder says now. */
void folder_status(int dir, struct exec_status *ret);

/* Opens NAME for reading without following links; -1 with errno. */
int folder_open(int dir, const char *name);

/* Removes folder NAME in AT with all in it. */
int folder_remove(int at, const char *name, struct mo_err *err);

#endif
