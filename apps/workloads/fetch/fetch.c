/* The inputs of a workload: from the door into files, complete and verified or not at all. */
#include "fetch.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A digest that is wrong this often is wrong in the store, not on the way. */
enum { BAD_MAX = 3 };

int fetch_open(struct fetch *f, const struct fetch_cfg *cfg, struct mo_err *err)
{
	struct httpc_cfg http = { .connect_timeout = 5 * MO_SECOND, .timeout = cfg->stall };

	*f = (struct fetch){ .cfg = cfg, .dir = -1, .end = mo_mono() + cfg->deadline };
	const char *host = cfg->run_url ? strstr(cfg->run_url, "://") : NULL;
	size_t n = host ? (size_t)(host + 3 - cfg->run_url) + strcspn(host + 3, "/?#") : 0;
	if (n == 0 || n >= sizeof(f->origin))
		return mo_fail(err, MO_EINVAL, "MODELOPS_RUN_URL '%.100s' is no http address",
			cfg->run_url ? cfg->run_url : "");
	memcpy(f->origin, cfg->run_url, n);
	if (!cfg->token)
		return mo_fail(err, MO_EINVAL, "MODELOPS_RUN_TOKEN is not set");
	if (mkdir(cfg->folder, 0700) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "folder '%s'", cfg->folder);
	f->dir = open(cfg->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0)
		return mo_fail_errno(err, errno, "folder '%s'", cfg->folder);
	return httpc_new(&http, &f->http, err);
}

void fetch_close(struct fetch *f)
{
	if (f->http)
		httpc_free(f->http);
	mo_cleanup_close(&f->dir);
}

/* Waits before try number TRY (0-based) + 1; false when that would pass the deadline. */
static bool pause_before_retry(const struct fetch *f, int try)
{
	int64_t ms = 200 << (try < 5 ? try : 5);
	unsigned char jitter;

	mo_random(&jitter, 1);
	ms = ms / 2 + ms * jitter / 512; /* many instances starting at once spread out */
	if (mo_mono() + ms * 1000 >= f->end)
		return false;
	poll(NULL, 0, (int)ms);
	return true;
}

static bool worth_retrying(const struct mo_err *err)
{
	return err->code == MO_EUNAVAIL || err->code == MO_ETIMEOUT || err->code == MO_ERATE ||
	       err->code == MO_EINTERNAL;
}

static int give_up(struct fetch *f, const struct mo_err *last, struct mo_err *err)
{
	f->gave_up = true;
	*err = *last;
	return mo_wrap(err, "gave up after the deadline");
}

static int write_file(int dir, const char *name, const struct mo_buf *text, struct mo_err *err)
{
	mo_autoclose int fd =
		openat(dir, ".part", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct mo_err why = { 0 };

	if (fd < 0)
		return mo_fail_errno(err, errno, "file '%s'", name);
	if (httpc_sink_fd(&fd, text->data, text->len, &why) < 0) {
		*err = why;
		return mo_wrap(err, name);
	}
	if (renameat(dir, ".part", dir, name) < 0)
		return mo_fail_errno(err, errno, "file '%s'", name);
	return 0;
}

static int try_spec(struct fetch *f, const struct httpc_request *request, struct mo_buf *out,
	struct mo_err *err)
{
	struct httpc_reply reply = { 0 };

	if (httpc_do(f->http, request, &reply, err) < 0)
		return -1;
	int status = httpc_check(&reply, "the spec", err);
	if (status == 0 && mo_buf_append(out, mo_buf_str(&reply.body), reply.body.len) < 0)
		status = mo_fail(err, MO_ENOMEM, "the spec");
	httpc_reply_free(&reply);
	return status;
}

int fetch_spec(struct fetch *f, struct mo_buf *out, struct mo_err *err)
{
	char url[512], auth[256];
	const char *headers[] = { auth, NULL };
	struct httpc_request request = { .url = url,
		.headers = headers,
		.max_reply = SPEC_BYTES_MAX,
		.timeout = f->cfg->stall };
	struct mo_err last = { 0 };

	int n = snprintf(url, sizeof(url), "%s/spec", f->cfg->run_url);
	int m = snprintf(auth, sizeof(auth), "Authorization: Bearer %s", f->cfg->token);
	if (n >= (int)sizeof(url) || m >= (int)sizeof(auth))
		return mo_fail(err, MO_EINVAL, "MODELOPS_RUN_URL or its token is too long");
	for (int try = 0;; try++) {
		mo_buf_reset(out);
		if (try_spec(f, &request, out, &last) == 0)
			return write_file(f->dir, "spec.json", out, err);
		if (!worth_retrying(&last)) {
			*err = last;
			return -1;
		}
		if (!pause_before_retry(f, try))
			return give_up(f, &last, err);
	}
}

/* One download under way. */
struct input {
	const struct spec_input *in;
	int fd;
	int64_t size;
	struct crypto_hash *hash;
};

static int take(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	struct input *d = ctx;

	if (d->size + (int64_t)n > d->in->size)
		return mo_fail(err, MO_ECONFLICT, "more than the %" PRId64 " bytes it should have",
			d->in->size);
	if (httpc_sink_fd(&d->fd, p, n, err) < 0)
		return -1;
	crypto_hash_add(d->hash, p, n);
	d->size += (int64_t)n;
	return 0;
}

/* MO_ECONFLICT: the bytes are not what the spec says. */
static int verify(struct input *d, struct mo_err *err)
{
	unsigned char digest[CRYPTO_SHA256];
	char hex[2 * CRYPTO_SHA256 + 1];

	crypto_hash_end(MO_TAKE(d->hash), digest);
	mo_hex(digest, sizeof(digest), hex);
	if (d->size != d->in->size)
		return mo_fail(err, MO_ECONFLICT, "%" PRId64 " bytes came, not %" PRId64, d->size,
			d->in->size);
	if (strcmp(hex, d->in->sha256) != 0)
		return mo_fail(err, MO_ECONFLICT, "it has sha256 %s, not %s", hex, d->in->sha256);
	return 0;
}

static int transfer(struct fetch *f, struct input *d, struct mo_err *err)
{
	mo_autofree char *url = NULL;
	struct httpc_reply reply = { 0 };

	if (asprintf(&url, "%s%s", d->in->url[0] == '/' ? f->origin : "", d->in->url) < 0) {
		url = NULL;
		return mo_fail(err, MO_ENOMEM, "link");
	}
	struct httpc_request request = {
		.url = url, .timeout = -1, .stall = f->cfg->stall, .sink = take, .ctx = d
	};
	if (httpc_do(f->http, &request, &reply, err) < 0)
		return -1;
	int status = httpc_check(&reply, "the store", err);
	httpc_reply_free(&reply);
	return status < 0 ? -1 : verify(d, err);
}

static int try_input(struct fetch *f, const struct spec_input *in, struct mo_err *err)
{
	mo_autoclose int fd = openat(
		f->dir, ".part", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct input d = { .in = in, .fd = fd };

	if (fd < 0)
		return mo_fail_errno(err, errno, "file '%s'", in->path);
	d.hash = crypto_hash_new();
	if (!d.hash)
		return mo_fail(err, MO_ENOMEM, "digest of '%s'", in->path);
	int status = transfer(f, &d, err);
	crypto_hash_free(d.hash);
	if (status < 0) {
		unlinkat(f->dir, ".part", 0);
		return -1;
	}
	if (renameat(f->dir, ".part", f->dir, in->path) < 0)
		return mo_fail_errno(err, errno, "file '%s'", in->path);
	return 0;
}

int fetch_input(struct fetch *f, const struct spec_input *in, struct mo_err *err)
{
	char where[SPEC_PATH_MAX + 16];
	struct mo_err last = { 0 };
	int bad = 0, status = -1;

	snprintf(where, sizeof(where), "input '%s'", in->path);
	for (int try = 0; status < 0; try++) {
		if (try_input(f, in, &last) == 0)
			return 0;
		if (last.code == MO_ECONFLICT && ++bad < BAD_MAX)
			last.code = MO_EUNAVAIL;
		if (!worth_retrying(&last)) {
			*err = last;
			break;
		}
		if (!pause_before_retry(f, try)) {
			give_up(f, &last, err);
			break;
		}
	}
	return mo_wrap(err, where);
}
