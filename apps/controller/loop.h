/* The reconcile loop: wakes by changes, by processes that end, by time; writes nothing when idle.
 */
#ifndef MODELOPS_CONTROLLER_LOOP_H
#define MODELOPS_CONTROLLER_LOOP_H

#include "controller.h"

/* SIGTERM and SIGINT are taken by loop_run alone: call before the first thread starts. */
void loop_block_signals(void);

/* Until SIGTERM or SIGINT; then jobs and instances are stopped. */
int loop_run(struct controller *ctl, struct mo_err *err);

/* For /readyz: passes go well, or another process leads. */
bool loop_ready(void *ctl, struct mo_err *err);

#endif
