/* Bounded worker pool for what may block: a queue with a maximum and N threads. Jobs that name a
 * group share both fairly: a group gets at most half (rounded up) of what the other groups leave,
 * so no one group, and no few of them, can keep the rest waiting. */
#ifndef MODELOPS_HTTP_WORKERS_H
#define MODELOPS_HTTP_WORKERS_H

#include "modelops/base/err.h"
#include "modelops/base/list.h"
#include "modelops/obs/obs.h"

#include <stdint.h>

struct http_workers;

/* A unit of work. Embedded by its owner (a request's arena is a good place), which keeps it until
 * RUN is called. */
struct http_job {
	void (*run)(struct http_job *job); /* on a worker thread; may free the job */
	uint64_t group;                    /* whose job it is; 0: nobody's, no share is kept */
	struct mo_list node;               /* private */
	int64_t queued_at;                 /* mo_mono(); set by http_workers_push */
};

/* THREADS run jobs; at most QUEUE_MAX wait. OBS may be NULL; NAME is the label of the metrics. */
int http_workers_new(const char *name, unsigned threads, unsigned queue_max, struct obs *obs,
	struct http_workers **ret_workers, struct mo_err *err);

/* The number of the group NAME, never 0. Two names with one number share a share: no harm worth a
 * table. */
uint64_t http_workers_group(const char *name, size_t n);

/* Queues JOB. MO_EUNAVAIL (hint: retry) when the queue is full ("busy"), the group's share of it is
 * ("share_used"), or the pool is stopping. Any thread. */
int http_workers_push(struct http_workers *workers, struct http_job *job, struct mo_err *err);

/* Jobs waiting and running now. Any thread. */
unsigned http_workers_waiting(struct http_workers *workers);
unsigned http_workers_busy(struct http_workers *workers);

/* Runs what is queued and joins the threads; pushes are refused from now on. For loops that still
 * run and may push while the process stops. NULL is fine. */
void http_workers_stop(struct http_workers *workers);

/* http_workers_stop, then frees: when nobody can push any more. */
void http_workers_free(struct http_workers *workers);

#endif
