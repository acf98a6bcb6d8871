/* One table of settings per program: --help, docs/CONFIG.md and start-up validation walk it.
 * Nothing else calls getenv. */
#ifndef MODELOPS_BASE_CONFIG_H
#define MODELOPS_BASE_CONFIG_H

#include "modelops/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum mo_cfg_type {
	MO_CFG_STR,      /* const char *; borrowed from the environment or the table */
	MO_CFG_SECRET,   /* const char *; never printed */
	MO_CFG_INT,      /* int64_t, min..max */
	MO_CFG_BOOL,     /* bool: 0, 1, true, false */
	MO_CFG_DURATION, /* int64_t microseconds: "250ms", "30s", "5m", "2h"; min..max in
			    microseconds */
	MO_CFG_SIZE,     /* int64_t bytes: "64k", "16m", "2g" or plain bytes; min..max in bytes */
	MO_CFG_ENUM,     /* int: index into the space-separated choices */
};

struct mo_cfg {
	const char *name; /* environment variable */
	enum mo_cfg_type type;
	size_t offset;    /* of the field in the program's struct */
	const char *def;  /* default as text; NULL means unset ("" for strings stays NULL) */
	const char *help; /* one sentence */
	int64_t min, max; /* used when max > min */
	const char *choices;
};

/* Fills *OUT from the defaults, then the environment, then command line "NAME=value" arguments
 * (argv[1..]). A malformed or out-of-range value, an argument that names no setting of TABLE, and a
 * variable that looks like one of the platform's and is none (environment.h) fail naming it. */
int mo_cfg_load(const struct mo_cfg *table, size_t count, void *out, int argc, char **argv,
	struct mo_err *err);

/* Fills *OUT from the defaults alone: no environment, no arguments. For libraries and tests. */
int mo_cfg_defaults(const struct mo_cfg *table, size_t count, void *out, struct mo_err *err);

/* Handles --help, --version and --settings (a tab-separated dump for docs): prints and returns
 * true. */
bool mo_cfg_info(const struct mo_cfg *table, size_t count, const char *program, const char *purpose,
	int argc, char **argv, FILE *out);

#endif
