/* The files of a package in out/, each written to a temporary name and renamed; manifest.json last.
 */
#ifndef MODELOPS_TRAINER_PACKAGE_H
#define MODELOPS_TRAINER_PACKAGE_H

#include "history.h"
#include "modelops/artifact/manifest.h"
#include "modelops/base/arena.h"
#include "prepare.h"

/* What a finished training or evaluation has to tell. */
struct result {
	const struct options *options;
	const struct prepared *data;
	const struct xgb_metric *metrics; /* at the best iteration */
	size_t nmetrics;
	int64_t best_iteration, rounds; /* best_iteration -1: none */
	const char *device, *watched;
	double seconds;
};

int package_features(const struct result *r, struct mo_err *err);
int package_metrics(const struct result *r, struct mo_err *err);
int package_background(const struct result *r, struct mo_err *err); /* <= 200 rows that trained */
int package_split(const struct result *r, struct mo_err *err); /* split.csv, for tests: row,valid */

/* Digests the files of KIND and writes out/manifest.json; the manifest's memory is ARENA's. */
int package_manifest(struct mo_arena *arena, const struct result *r, const char *kind,
	struct manifest *ret_manifest, struct mo_err *err);

#endif
