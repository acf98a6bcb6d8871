/* The workload door: progress and metrics go there, batched; what it does not take in time is
 * dropped. */
#ifndef MODELOPS_TRAINER_DOOR_H
#define MODELOPS_TRAINER_DOOR_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"
#include "modelops/httpc/httpc.h"

#include <stdint.h>

enum { DOOR_BATCH_BYTES = 256 << 10, DOOR_BATCH = 1500 }; /* the door takes 2000 at once */

struct door {
	struct httpc *client; /* NULL: there is no door, every call below does nothing */
	const char *url, *token;
	struct mo_buf metrics; /* entries waiting, separated by commas */
	size_t nmetrics;
	double progress, eta_s;
	char message[128];
	bool progress_waits;
	int64_t next_at, pause; /* monotonic microseconds: no post before; grows while it fails */
};

/* URL (NULL: no door) and TOKEN are borrowed. */
int door_open(struct door *d, const char *url, const char *token, struct mo_err *err);
void door_close(struct door *d);

/* Both only remember; door_flush posts, at most 4 times a second unless NOW. ETA_S < 0: unknown. */
void door_progress(struct door *d, double progress, double eta_s, const char *message);
void door_metric(struct door *d, const char *key, int64_t iteration, double value);
void door_flush(struct door *d, bool now);

/* POSTs BODY to PATH ("outputs") below the door's URL. On success the caller frees *ret_reply. */
int door_post(struct door *d, const char *path, const char *body, struct httpc_reply *ret_reply,
	struct mo_err *err);

#endif
