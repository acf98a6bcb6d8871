/* A thread that does the same thing again and again until it is told to stop. */
#ifndef MODELOPS_BASE_TICKER_H
#define MODELOPS_BASE_TICKER_H

#include "modelops/base/err.h"

#include <stdint.h>

struct mo_ticker;

/* Starts a thread that calls FN(CTX) at once and then again after as many microseconds as FN said,
 * by a clock that does not jump. NAME is for the error. The caller ends it with mo_ticker_stop. */
int mo_ticker_start(const char *name, int64_t (*fn)(void *ctx), void *ctx,
	struct mo_ticker **ret_ticker, struct mo_err *err);

/* Waits for the call under way, if any; FN is not called again. NULL is fine. */
void mo_ticker_stop(struct mo_ticker *ticker);

#endif
