/* Small files of one line: addresses and pids that a process leaves for others. */
#ifndef MODELOPS_BASE_LINE_H
#define MODELOPS_BASE_LINE_H

#include <stddef.h>

/* The first line of the file PATH, without its end, into OUT. -1 when there is none or it does not
 * fit. */
int mo_line_read(const char *path, char *out, size_t cap);

#endif
