/* What one call of the program works with, and its two jobs. */
#ifndef MODELOPS_TRAINER_WORK_H
#define MODELOPS_TRAINER_WORK_H

#include "door.h"
#include "modelops/artifact/manifest.h"
#include "modelops/base/arena.h"
#include "options.h"

#include <signal.h>

struct work {
	struct options options;
	struct mo_arena *arena;
	struct door *door;
	bool write_split;
	const volatile sig_atomic_t *stop; /* set by SIGTERM */
};

/* Both leave their package in out/, manifest.json last, and give the manifest. MO_EFIELD, MO_EINVAL
 * and MO_ETOOBIG are the user's errors; MO_ETIMEOUT means that STOP was set. */
int train(struct work *w, struct manifest *ret_manifest, struct mo_err *err);
int evaluate(struct work *w, struct manifest *ret_manifest, struct mo_err *err);

#endif
