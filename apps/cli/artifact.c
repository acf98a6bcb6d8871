/* Artifacts go up and come down as streams. */
#include "bar.h"
#include "call.h"
#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/crypto/crypto.h"
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
	int rc = call_path(c, &path);
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

/* Bytes on their way to FD, measured and hashed as they pass. */
struct received {
	int fd;
	const char *to;
	int64_t size;
	struct crypto_hash *hash;
};

static int take(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	struct received *r = ctx;

	if (httpc_sink_fd(&r->fd, p, n, err) < 0) {
		mo_wrap(err, r->to);
		return mo_advise(err, API_SINK_FAILED, NULL);
	}
	crypto_hash_add(r->hash, p, n);
	r->size += (int64_t)n;
	return 0;
}

/* What came is the artifact that ROW describes. */
static int check_received(
	struct cli *c, const char *to, struct crypto_hash *hash, int64_t size, const json_t *row)
{
	unsigned char digest[CRYPTO_SHA256];
	char hex[2 * CRYPTO_SHA256 + 1];

	crypto_hash_end(hash, digest);
	mo_hex(digest, sizeof(digest), hex);
	to = fmt_clean(to, false, &c->arena);
	if ((double)size != show_number(row, "size")) {
		fprintf(stderr, "error: %s: %lld bytes came, the artifact has %.0f\n", to,
			(long long)size, show_number(row, "size"));
		return CLI_REFUSED;
	}
	if (strcmp(hex, show_text(row, "sha256")) != 0) {
		fprintf(stderr, "error: %s: the bytes have sha256 %s, the artifact has %s\n", to,
			hex, fmt_clean(show_text(row, "sha256"), false, &c->arena));
		return CLI_REFUSED;
	}
	return CLI_OK;
}

/* PATH's bytes into FD; CLI_OK when they are those of ROW. TO is what they are called. */
static int receive(struct cli *c, const char *path, int fd, const char *to, const json_t *row)
{
	struct received r = { .fd = fd, .to = to, .hash = crypto_hash_new() };
	struct httpc_request request = {
		.sink = take, .ctx = &r, .timeout = -1, .stall = 30 * MO_SECOND
	};
	struct transfer transfer;
	struct httpc_reply reply;

	MO_ASSERT(r.hash);
	watch_transfer(&transfer, c, to, (int64_t)show_number(row, "size"), &request);
	int rc = api_send(c, "GET", path, NULL, &request, &reply);
	end_transfer(&transfer);
	if (rc != CLI_OK) {
		crypto_hash_free(r.hash);
		return rc;
	}
	httpc_reply_free(&reply);
	return check_received(c, to, r.hash, r.size, row);
}

/* The bytes appear under their name once all have come and are the right ones. */
static int download_to(struct cli *c, const char *path, const char *to, const json_t *row)
{
	const char *part = mo_arena_printf(&c->arena, "%s.part", to);
	mo_autoclose int fd =
		open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[FMT_CELL];

	if (fd < 0)
		return cli_usage(c, "%s: %s", part, strerror(errno));
	int rc = receive(c, path, fd, to, row);
	if (rc == CLI_OK && rename(part, to) < 0) {
		fprintf(stderr, "error: %s: %s\n", to, strerror(errno));
		rc = CLI_REFUSED;
	}
	if (rc != CLI_OK) {
		unlink(part);
		return rc;
	}
	if (!c->quiet)
		fprintf(stderr, "%s: %s\n", fmt_clean(to, false, &c->arena),
			fmt_bytes(show_number(row, "size"), text));
	return CLI_OK;
}

int artifact_download(struct cli *c)
{
	mo_autojson json_t *row = NULL;
	const char *path, *to = cli_flag(c, "to");
	int rc = call_path(c, &path);

	if (rc == CLI_OK)
		rc = api_json(c, "GET", path, NULL, &row);
	if (rc != CLI_OK)
		return rc;
	path = mo_arena_printf(&c->arena, "%s/content", path);
	if (to && strcmp(to, "-") == 0)
		return receive(c, path, STDOUT_FILENO, "standard output", row);
	const char *name = base_name(show_text(row, "name"));
	if (!to && access(name, F_OK) == 0)
		return cli_usage(c,
			"'%s' is here already: --to %s replaces it, --to FILE names another",
			fmt_clean(name, false, &c->arena), fmt_clean(name, false, &c->arena));
	return download_to(c, path, to ? to : name, row);
}
