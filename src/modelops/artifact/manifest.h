/* manifest.json: the list of a package's files with their digests, uploaded last; what it lists is
 * what an attempt made (docs/ARCHITECTURE.md section 8). */
#ifndef MODELOPS_ARTIFACT_MANIFEST_H
#define MODELOPS_ARTIFACT_MANIFEST_H

#include "modelops/base/arena.h"
#include "modelops/base/buf.h"
#include "modelops/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MANIFEST_FORMAT = 1,
	MANIFEST_FILES_MAX = 256,
	MANIFEST_METRICS_MAX = 256,
	MANIFEST_BYTES_MAX = 256 << 10,
	MANIFEST_NAME_MAX = 128, /* of a file: spec_path_valid */
};

/* Names of a model package's files. */
#define PACKAGE_MODEL      "model.json"
#define PACKAGE_FEATURES   "features.json"
#define PACKAGE_METRICS    "metrics.json"
#define PACKAGE_BACKGROUND "background.csv"
#define PACKAGE_MANIFEST   "manifest.json"

struct manifest_file {
	const char *path;
	int64_t size; /* bytes */
	char sha256[65];
};

struct manifest_metric {
	const char *key; /* "valid-mlogloss" */
	double value;
};

struct manifest {
	const char *attempt_id, *kind; /* kind: model or evaluation */
	struct manifest_file *files;
	size_t nfiles;
	struct manifest_metric *metrics;
	size_t nmetrics;
	const char *device;     /* cpu or cuda: where it ran */
	int64_t best_iteration; /* 0-based; -1 when there is none */
	int64_t created_at;     /* microseconds */
};

/* Appends M as JSON to OUT: the same bytes for the same M. -1 when OUT is full. */
int manifest_write(const struct manifest *m, struct mo_buf *out, struct mo_err *err);

/* Parses and checks TEXT: known members only, safe and distinct paths, digests of 64 lower-case hex
 * digits, finite metrics, every limit above. MO_EINVAL, MO_EFIELD or MO_ETOOBIG names what is
 * wrong. All memory is ARENA's. */
int manifest_parse(struct mo_arena *arena, const char *text, size_t len,
	struct manifest *ret_manifest, struct mo_err *err);

/* The file called PATH, or NULL. */
const struct manifest_file *manifest_find(const struct manifest *m, const char *path);

/* M is a manifest of KIND by ATTEMPT_ID (NULL: any) and, for a model, lists its three required
 * files. */
int manifest_check(
	const struct manifest *m, const char *kind, const char *attempt_id, struct mo_err *err);

/* Size and SHA-256 (lower-case hex) of the file PATH below DIRFD (AT_FDCWD is fine); symbolic links
 * are refused. */
int manifest_digest(
	int dirfd, const char *path, int64_t *ret_size, char ret_sha256[65], struct mo_err *err);

/* Every file listed is in DIRFD with its size and digest. */
int manifest_verify(const struct manifest *m, int dirfd, struct mo_err *err);

#endif
