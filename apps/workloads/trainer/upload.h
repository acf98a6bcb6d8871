/* Output files through presigned links, one after the other, the manifest last. */
#ifndef MODELOPS_TRAINER_UPLOAD_H
#define MODELOPS_TRAINER_UPLOAD_H

#include "door.h"
#include "modelops/artifact/manifest.h"

#include <signal.h>

/* Uploads every file of M from out/, then out/manifest.json. Each is tried for RETRY_FOR
 * microseconds with growing pauses. MO_EUNAVAIL after that; MO_ETIMEOUT when *STOP was set. */
int upload_all(struct door *d, const struct manifest *m, int64_t retry_for,
	const volatile sig_atomic_t *stop, struct mo_err *err);

#endif
