/* Artifacts go up and come down as streams. */
#include "api.h"
#include "bar.h"
#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST = 500000, PAUSE = 100000 }; /* microseconds */

/* A transfer as its bar shows it: on a terminal, on stderr, from half a second on. */
struct transfer {
	struct cli *c;
	const char *what;
	int64_t total, started, drawn; /* bytes; monotonic times */
	bool shown;
};

static void on_progress(void *ctx, int64_t sent, int64_t received)
{
	struct transfer *t = ctx;
	int64_t now = mo_mono(), took = now - t->started, done = sent > received ? sent : received;
	mo_autobuf struct mo_buf line;

	mo_buf_init(&line, 4096);
	if (took < FIRST || now - t->drawn < PAUSE || t->total <= 0 || done > t->total)
		return;
	double speed = (double)done * 1e6 / (double)took;
	bar_transfer(fmt_clean(t->what, false, &t->c->arena), (double)done / (double)t->total,
		speed, speed > 0 ? (double)(t->total - done) / speed : -1,
		t->c->width > 1 ? t->c->width - 1 : 0, &line);
	fprintf(stderr, "\r\033[K%s", mo_buf_str(&line));
	t->drawn = now;
	t->shown = true;
}

static void watch_transfer(struct transfer *t, struct cli *c, const char *what, int64_t total,
	struct httpc_request *request)
{
	*t = (struct transfer){ .c = c, .what = what, .total = total, .started = mo_mono() };
	if (c->quiet || !isatty(STDERR_FILENO))
		return;
	request->progress = on_progress;
	request->progress_ctx = t;
}

static void end_transfer(const struct transfer *t)
{
	if (t->shown)
		fprintf(stderr, "\r\033[K");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int artifact_upload(struct cli *c)
{
	static const char *const type[] = { "Content-Type: application/octet-stream", NULL };
	const char *file = c->args[0], *name = cli_flag(c, "name"), *kind = cli_flag(c, "kind");
	mo_autoclose int fd = open(file, O_RDONLY | O_CLOEXEC);
	mo_autojson json_t *doc = NULL;
	struct httpc_reply reply;
	struct mo_err err = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cli_usage(c, "%s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cli_usage(c, "%s is no regular file", file);
	const char *path;
	int rc = api_path(c, &path);
	if (rc != CLI_OK)
		return rc;
	path = api_query(c, path, "name", name ? name : base_name(file));
	path = api_query(c, path, "kind", kind ? kind : "dataset");
	struct httpc_request request = { .has_body_fd = true,
		.body_fd = fd,
		.body_len = st.st_size,
		.timeout = -1,
		.stall = 30 * MO_SECOND };
	struct transfer transfer;
	watch_transfer(&transfer, c, base_name(file), st.st_size, &request);
	rc = api_send(c, "POST", path, type, &request, &reply);
	end_transfer(&transfer);
	if (rc != CLI_OK)
		return rc;
	if (mo_json_parse(mo_buf_str(&reply.body), reply.body.len, MO_JSON_BYTES, 16, &doc, &err) ==
		0)
		show_document(c, doc);
	httpc_reply_free(&reply);
	return CLI_OK;
}

/* The bytes appear under their name once all have come. */
static int download_to(struct cli *c, const char *path, const char *to, double size)
{
	const char *part = mo_arena_printf(&c->arena, "%s.part", to);
	mo_autoclose int fd =
		open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[FMT_CELL];
	struct httpc_reply reply;

	if (fd < 0)
		return cli_usage(c, "%s: %s", part, strerror(errno));
	struct httpc_request request = {
		.sink = httpc_sink_fd, .ctx = &fd, .timeout = -1, .stall = 30 * MO_SECOND
	};
	struct transfer transfer;
	watch_transfer(&transfer, c, to, (int64_t)size, &request);
	int rc = api_send(c, "GET", path, NULL, &request, &reply);
	end_transfer(&transfer);
	if (rc != CLI_OK) {
		unlink(part);
		return rc;
	}
	bool whole = (double)reply.body_bytes == size;
	httpc_reply_free(&reply);
	if (!whole || rename(part, to) < 0) {
		fprintf(stderr, "error: %s: %s\n", to,
			whole ? strerror(errno) : "bytes are missing");
		unlink(part);
		return CLI_REFUSED;
	}
	if (!c->quiet)
		fprintf(stderr, "%s: %s\n", fmt_clean(to, false, &c->arena), fmt_bytes(size, text));
	return CLI_OK;
}

int artifact_download(struct cli *c)
{
	mo_autojson json_t *doc = NULL;
	int out = STDOUT_FILENO;
	struct httpc_reply reply;
	const char *path, *to = cli_flag(c, "to");
	int rc = api_path(c, &path);

	if (rc == CLI_OK)
		rc = api_json(c, "GET", path, NULL, &doc);
	if (rc != CLI_OK)
		return rc;
	path = mo_arena_printf(&c->arena, "%s/content", path);
	if (!to || strcmp(to, "-") != 0)
		return download_to(c, path, to ? to : base_name(show_text(doc, "name")),
			show_number(doc, "size"));
	const struct httpc_request request = {
		.sink = httpc_sink_fd, .ctx = &out, .timeout = -1, .stall = 30 * MO_SECOND
	};
	rc = api_send(c, "GET", path, NULL, &request, &reply);
	if (rc == CLI_OK)
		httpc_reply_free(&reply);
	return rc;
}
