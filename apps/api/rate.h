/* Requests a second of one tenant: API_RATE with bursts of API_BURST. */
#ifndef MODELOPS_API_RATE_H
#define MODELOPS_API_RATE_H

#include "modelops/base/err.h"
#include "modelops/obs/obs.h"

#include <stdbool.h>
#include <stdint.h>

struct rate;

/* RATE > 0 requests a second, BURST > 0 at once. OBS may be NULL. */
int rate_new(int64_t rate, int64_t burst, struct obs *obs, struct rate **ret, struct mo_err *err);
void rate_free(struct rate *r); /* accepts NULL */

/* One request of TENANT at NOW (mo_mono()): true when it may pass. Any thread; neither locks nor
 * allocates. */
bool rate_take(struct rate *r, const char *tenant, int64_t now);

#endif
