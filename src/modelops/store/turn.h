/* The writers' turn: one writer at a time over all processes of an installation, fairly, surviving
 * kill -9. */
#ifndef MODELOPS_STORE_TURN_H
#define MODELOPS_STORE_TURN_H

#include "modelops/base/err.h"

struct turn;

/* Maps DIR/writer.lock, made on first use. */
int turn_open(const char *dir, struct turn **ret, struct mo_err *err);

/* Waits for the turn. A holder that died gives it back by itself. */
int turn_take(struct turn *t, struct mo_err *err);
void turn_give(struct turn *t);

void turn_close(struct turn *t); /* accepts NULL */

#endif
