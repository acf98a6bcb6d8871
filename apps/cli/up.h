/* `modelops up`: one folder, its services, and their supervisor. */
#ifndef MODELOPS_CLI_UP_H
#define MODELOPS_CLI_UP_H

#include "cli.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { UP_PATH = 512, UP_LOG_CAP = 16 << 20 };

/* Everything `up` decided before it starts a service. */
struct up_plan {
	char data[UP_PATH], bin[UP_PATH], root[UP_PATH]; /* absolute */
	int port;
	bool port_moved; /* the port asked for was taken */
	const char *auth;
	int lock_fd;
	char **env; /* environment of the services */
};

/* Folders, lock, keys, port and environment. CLI_USAGE or CLI_REFUSED after saying why. */
int up_prepare(struct cli *c, struct up_plan *p);

/* A program that is kept running. */
struct up_service {
	const char *program; /* "modelops-api" */
	const char *log;     /* "api" */
	const char *setting; /* NAME=value that wins over the environment, or NULL */
	pid_t pid;           /* 0: not running */
	int out_fd;          /* its output, or -1 */
	int log_fd;
	int64_t log_size, started_at, start_again_at, backoff;
	int failures; /* in a row */
};

/* Starts PROGRAM with ARGV in a process group of its own; it gets SIGTERM when we die. Its output
 * goes to *ret_out (a pipe) unless NULL. The pid, or -1 after saying why. */
pid_t up_spawn(const struct up_plan *p, const char *const *argv, int *ret_out);

/* Starts S and opens its log. */
int up_start(const struct up_plan *p, struct up_service *s);

/* Moves what S wrote into its log, which keeps at most two pieces of UP_LOG_CAP / 2 bytes. */
void up_drain(const struct up_plan *p, struct up_service *s);

/* The last LINES of a log, to standard error. */
void up_print_tail(const struct up_plan *p, const char *log, int lines);

/* After the services have ended: kills workloads that a dead controller left in DATA/work. */
void up_sweep(const struct up_plan *p);

#endif
