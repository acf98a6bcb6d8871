/* The inputs of a workload: from the door into files, complete and verified or not at all. */
#ifndef MODELOPS_FETCH_FETCH_H
#define MODELOPS_FETCH_FETCH_H

#include "modelops/artifact/spec.h"
#include "modelops/base/buf.h"
#include "modelops/httpc/httpc.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch_cfg {
	const char *run_url, *token, *folder;
	int64_t deadline, stall, max_bytes; /* deadline as a setting: how long all of it may take */
};

struct fetch {
	const struct fetch_cfg *cfg;
	struct httpc *http;
	int dir;          /* the folder of inputs */
	int64_t end;      /* mono microseconds */
	bool gave_up;     /* retries went on up to the deadline */
	char origin[256]; /* "http://host:port" of run_url */
};

/* Checks the settings and opens the folder. */
int fetch_open(struct fetch *f, const struct fetch_cfg *cfg, struct mo_err *err);
void fetch_close(struct fetch *f);

/* The door's spec, kept in OUT and written as spec.json. */
int fetch_spec(struct fetch *f, struct mo_buf *out, struct mo_err *err);

/* One input, with retries until the deadline. MO_ENOTFOUND when it is gone for good. */
int fetch_input(struct fetch *f, const struct spec_input *in, struct mo_err *err);

#endif
