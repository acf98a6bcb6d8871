/* The log of one job or instance: at most CAP bytes, then only the last 4 KiB are remembered. */
#ifndef MODELOPS_SHIM_LOGCAP_H
#define MODELOPS_SHIM_LOGCAP_H

#include <stddef.h>
#include <stdint.h>

enum { LOGCAP_TAIL = 4096 };

struct logcap {
	int fd;
	int64_t left, dropped; /* bytes */
	char tail[LOGCAP_TAIL];
	size_t at; /* next byte of the ring */
};

/* Opens `log` in the working directory. -1: errno. */
int logcap_open(struct logcap *log, int64_t cap);
void logcap_add(struct logcap *log, const char *p, size_t n);

/* Says how much was left out, then the remembered end: a program's last words are its reason. */
void logcap_close(struct logcap *log);

#endif
