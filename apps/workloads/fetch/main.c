/* modelops-fetch: brings a workload's inputs before it starts, every digest verified, and ends. */
#include "fetch.h"
#include "modelops/artifact/exit_code.h"
#include "modelops/base/check.h"
#include "modelops/base/config.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

static const struct mo_cfg settings[] = {
	{ "MODELOPS_RUN_URL", MO_CFG_STR, offsetof(struct fetch_cfg, run_url), NULL,
		"The workload door: http://HOST:PORT/v1/workload." },
	{ "MODELOPS_RUN_TOKEN", MO_CFG_SECRET, offsetof(struct fetch_cfg, token), NULL,
		"The attempt's token." },
	{ "FETCH_FOLDER", MO_CFG_STR, offsetof(struct fetch_cfg, folder), "in",
		"Where the inputs go." },
	{ "FETCH_DEADLINE", MO_CFG_DURATION, offsetof(struct fetch_cfg, deadline), "10m",
		"How long retries go on.", 1, INT64_C(86400000000) },
	{ "FETCH_STALL", MO_CFG_DURATION, offsetof(struct fetch_cfg, stall), "20s",
		"A transfer that stands still this long is tried again.", 1000,
		INT64_C(3600000000) },
	{ "FETCH_MAX_BYTES", MO_CFG_SIZE, offsetof(struct fetch_cfg, max_bytes), "64g",
		"All inputs together may not be larger." },
};

static int check_total(const struct fetch_cfg *cfg, const struct spec *spec, struct mo_err *err)
{
	int64_t left = cfg->max_bytes;

	for (size_t i = 0; i < spec->ninputs; i++) {
		if (spec->inputs[i].size > left)
			return mo_fail(err, MO_ETOOBIG,
				"the inputs are larger than FETCH_MAX_BYTES = %" PRId64 " bytes",
				cfg->max_bytes);
		left -= spec->inputs[i].size;
	}
	return 0;
}

static int fetch_all(struct fetch *f, struct mo_err *err)
{
	struct mo_arena arena;
	struct spec spec;
	mo_autobuf struct mo_buf text;

	mo_buf_init(&text, SPEC_BYTES_MAX);
	mo_arena_init(&arena, 2 * SPEC_BYTES_MAX, 16 << 10);
	int status = fetch_spec(f, &text, err);
	if (status == 0)
		status = spec_parse(&arena, mo_buf_str(&text), text.len, &spec, err);
	if (status == 0)
		status = check_total(f->cfg, &spec, err);
	for (size_t i = 0; status == 0 && i < spec.ninputs; i++) {
		status = fetch_input(f, &spec.inputs[i], err);
		if (status == 0)
			printf("fetched %s, %" PRId64 " bytes\n", spec.inputs[i].path,
				spec.inputs[i].size);
	}
	mo_arena_free(&arena);
	return status;
}

/* What is not there any more is the user's; a door that did not answer is ours. */
static int exit_code(const struct fetch *f, enum mo_code code)
{
	if (code == MO_ENOTFOUND)
		return WORKLOAD_WRONG_INPUT;
	return f->gave_up ? WORKLOAD_UNREACHABLE : WORKLOAD_FAILED;
}

int main(int argc, char **argv)
{
	struct fetch_cfg cfg = { 0 };
	struct mo_err err = { 0 };
	struct fetch f = { 0 };

	if (mo_cfg_info(settings, MO_COUNT(settings), "modelops-fetch",
		    "brings a workload's inputs before it starts", argc, argv, stdout))
		return 0;
	int status = mo_cfg_load(settings, MO_COUNT(settings), &cfg, argc, argv, &err);
	if (status == 0) {
		status = fetch_open(&f, &cfg, &err);
		if (status == 0)
			status = fetch_all(&f, &err);
		fetch_close(&f);
	}
	fflush(stdout);
	if (status == 0)
		return 0;
	fprintf(stderr, "error: %s%s%s\n", err.field, err.field[0] ? ": " : "", err.msg);
	return exit_code(&f, err.code);
}
