/* modelops-trainer: one training or evaluation step; data in, model or metrics and manifest out. */
#include "modelops/artifact/exit_code.h"
#include "modelops/artifact/spec.h"
#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/config.h"
#include "modelops/base/time.h"
#include "upload.h"
#include "work.h"
#include "xgb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20 };

struct settings {
	const char *run_url, *run_token;
	int64_t upload_retry;
	bool write_split;
};

#define AT(field) offsetof(struct settings, field)
static const struct mo_cfg table[] = {
	{ "MODELOPS_RUN_URL", MO_CFG_STR, AT(run_url), NULL,
		"Workload door; without it nothing is posted or uploaded." },
	{ "MODELOPS_RUN_TOKEN", MO_CFG_SECRET, AT(run_token), NULL,
		"Bearer token of this attempt." },
	{ "TRAINER_UPLOAD_RETRY", MO_CFG_DURATION, AT(upload_retry), "60s",
		"How long the upload of a file is tried.", 0, MO_HOUR },
	{ "TRAINER_WRITE_SPLIT", MO_CFG_BOOL, AT(write_split), "0",
		"Write out/split.csv (which rows validate); it is not uploaded." },
};

static volatile sig_atomic_t stop;

static void on_term(int signum)
{
	stop = 1;
}

static void catch_term(void)
{
	struct sigaction sa = { .sa_handler = on_term };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int read_spec(struct work *w, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	mo_autoclose int fd = open("in/spec.json", O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	mo_buf_init(&text, SPEC_BYTES_MAX + 65536);
	if (fd < 0)
		return mo_fail_errno(err, errno, "in/spec.json");
	while (n > 0) {
		if (mo_buf_reserve(&text, 65536) < 0)
			return mo_fail(err, MO_ETOOBIG, "in/spec.json is too large");
		n = read(fd, text.data + text.len, 65536);
		if (n < 0)
			return mo_fail_errno(err, errno, "in/spec.json");
		text.len += (size_t)n;
	}
	return options_parse(w->arena, text.data, text.len, &w->options, err);
}

static int make_package(struct work *w, struct manifest *m, struct mo_err *err)
{
	if (read_spec(w, err) < 0 || xgb_init(err) < 0)
		return -1;
	if (mkdir("out", 0755) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "out");
	return w->options.evaluate ? evaluate(w, m, err) : train(w, m, err);
}

/* The last line of the log is the reason that people read. */
static int report(const struct mo_err *err)
{
	fflush(stdout);
	fprintf(stderr, "error: %s%s%s%s%s\n", err->field[0] ? err->field : "",
		err->field[0] ? ": " : "", err->msg, err->hint ? "; " : "",
		err->hint ? err->hint : "");
	return -1;
}

static int exit_code(enum mo_code code)
{
	if (stop)
		return WORKLOAD_STOPPED;
	return code == MO_EFIELD || code == MO_EINVAL || code == MO_ETOOBIG ? WORKLOAD_WRONG_INPUT
									    : WORKLOAD_FAILED;
}

static int work(struct work *w, const struct settings *s)
{
	struct manifest m;
	struct mo_err err = { 0 };

	if (make_package(w, &m, &err) < 0) {
		report(&err);
		return exit_code(err.code);
	}
	if (upload_all(w->door, &m, s->upload_retry, &stop, &err) < 0) {
		report(&err);
		if (stop)
			return WORKLOAD_STOPPED;
		return err.code == MO_EUNAVAIL ? WORKLOAD_UNREACHABLE : WORKLOAD_FAILED;
	}
	door_progress(w->door, 1, 0, "done");
	door_flush(w->door, true);
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = { 0 };
	struct mo_err err = { 0 };
	struct mo_arena arena;
	struct door door;

	if (mo_cfg_info(table, MO_COUNT(table), "modelops-trainer",
		    "One training step: in/spec.json and in/dataset.csv in, a model package out.",
		    argc, argv, stdout))
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_term();
	if (mo_cfg_load(table, MO_COUNT(table), &s, argc, argv, &err) < 0 ||
		door_open(&door, s.run_url, s.run_token, &err) < 0) {
		report(&err);
		return 1;
	}
	mo_arena_init(&arena, ARENA_BYTES, 65536);
	struct work w = {
		.arena = &arena, .door = &door, .write_split = s.write_split, .stop = &stop
	};
	int status = work(&w, &s);
	door_close(&door);
	mo_arena_free(&arena);
	return status;
}
