/* Uploads: ask the door for a link, put the file there, try again while the world is away. */
#include "upload.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "modelops/json/jw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEADERS_MAX = 16, PAUSE_FIRST = 200000, PAUSE_MAX = 5000000 };

/* Where a file goes; all memory is the arena's. */
struct link {
	const char *url, *method;
	const char *headers[HEADERS_MAX + 1];
};

/* URL as it is, or on the door's origin when it starts with '/'. */
static char *absolute(struct mo_arena *arena, const char *door, const char *url)
{
	if (*url != '/')
		return mo_arena_strdup(arena, url);
	const char *host = strstr(door, "://");
	size_t origin = host ? (size_t)(host + 3 - door) + strcspn(host + 3, "/?#") : 0;
	return mo_arena_printf(arena, "%.*s%s", (int)origin, door, url);
}

static int read_headers(
	struct mo_arena *arena, const json_t *headers, struct link *link, struct mo_err *err)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)headers, name, value)
	{
		const char *text = json_string_value(value);
		if (!text || n == HEADERS_MAX || strpbrk(name, ":\r\n") || strpbrk(text, "\r\n"))
			return mo_fail(
				err, MO_EINTERNAL, "the door gave a bad header '%.40s'", name);
		link->headers[n] = mo_arena_printf(arena, "%s: %s", name, text);
		if (!link->headers[n++])
			return mo_fail(err, MO_ENOMEM, "upload headers");
	}
	return 0;
}

static int read_link(struct mo_arena *arena, const struct door *d, const struct httpc_reply *reply,
	struct link *link, struct mo_err *err)
{
	mo_autojson json_t *doc = NULL;

	if (mo_json_parse(mo_buf_str(&reply->body), reply->body.len, MO_JSON_BYTES, 4, &doc, err) <
		0)
		return -1;
	const char *url = json_string_value(json_object_get(doc, "url"));
	const char *method = json_string_value(json_object_get(doc, "method"));
	if (!url)
		return mo_fail(err, MO_EINTERNAL, "the door's reply holds no url");
	*link = (struct link){ .url = absolute(arena, d->url, url),
		.method = mo_arena_strdup(arena, method ? method : "PUT") };
	if (!link->url || !link->method)
		return mo_fail(err, MO_ENOMEM, "upload link");
	return read_headers(arena, json_object_get(doc, "headers"), link, err);
}

static int ask_link(struct mo_arena *arena, struct door *d, const struct manifest_file *f,
	struct link *link, struct mo_err *err)
{
	mo_autobuf struct mo_buf body;
	struct httpc_reply reply;
	struct jw w;

	mo_buf_init(&body, 1024);
	jw_init(&w, &body);
	jw_obj(&w);
	jw_kstr(&w, "path", f->path);
	jw_ki64(&w, "size", f->size);
	jw_kstr(&w, "sha256", f->sha256);
	jw_end_obj(&w);
	if (jw_done(&w) < 0)
		return mo_fail(err, MO_ENOMEM, "upload request");
	if (door_post(d, "outputs", body.data, &reply, err) < 0)
		return -1;
	int rc = httpc_check(&reply, "outputs", err);
	if (rc == 0)
		rc = read_link(arena, d, &reply, link, err);
	httpc_reply_free(&reply);
	return rc;
}

static int put_file(
	struct door *d, const struct link *link, const struct manifest_file *f, struct mo_err *err)
{
	char path[MANIFEST_NAME_MAX + 8];
	struct httpc_reply reply;

	snprintf(path, sizeof(path), "out/%s", f->path);
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return mo_fail_errno(err, errno, "%s", path);
	const struct httpc_request request = { .method = link->method,
		.url = link->url,
		.headers = link->headers,
		.has_body_fd = true,
		.body_fd = fd,
		.body_len = f->size,
		.timeout = -1,
		.stall = 15 * MO_SECOND };
	if (httpc_do(d->client, &request, &reply, err) < 0)
		return -1;
	int rc = httpc_check(&reply, f->path, err);
	httpc_reply_free(&reply);
	return rc;
}

/* A link may have expired while we waited: 403 of the PUT is worth another link. */
static bool worth_retry(enum mo_code code)
{
	return code == MO_EUNAVAIL || code == MO_ETIMEOUT || code == MO_ERATE ||
	       code == MO_EINTERNAL || code == MO_EFULL || code == MO_EDENIED;
}

static int try_once(struct door *d, const struct manifest_file *f, struct mo_err *err)
{
	struct mo_arena arena;
	struct link link;

	mo_arena_init(&arena, 1 << 20, 4096);
	int rc = ask_link(&arena, d, f, &link, err);
	if (rc == 0)
		rc = put_file(d, &link, f, err);
	mo_arena_free(&arena);
	return rc;
}

static int upload(struct door *d, const struct manifest_file *f, int64_t retry_for,
	const volatile sig_atomic_t *stop, struct mo_err *err)
{
	int64_t until = mo_mono() + retry_for;

	for (int64_t pause = PAUSE_FIRST;; pause = pause * 2 < PAUSE_MAX ? pause * 2 : PAUSE_MAX) {
		if (*stop)
			return mo_fail(err, MO_ETIMEOUT, "stopped before %s was uploaded", f->path);
		if (try_once(d, f, err) == 0)
			return 0;
		if (!worth_retry(err->code))
			return mo_wrap(err, f->path);
		if (mo_mono() + pause > until) {
			err->code = MO_EUNAVAIL;
			return mo_wrap(err, f->path);
		}
		fprintf(stderr, "upload of %s: %s; trying again\n", f->path, err->msg);
		usleep((useconds_t)pause);
	}
}

int upload_all(struct door *d, const struct manifest *m, int64_t retry_for,
	const volatile sig_atomic_t *stop, struct mo_err *err)
{
	struct manifest_file last = { .path = PACKAGE_MANIFEST };

	if (!d->client)
		return 0;
	for (size_t i = 0; i < m->nfiles; i++)
		if (upload(d, &m->files[i], retry_for, stop, err) < 0)
			return -1;
	if (manifest_digest(AT_FDCWD, "out/" PACKAGE_MANIFEST, &last.size, last.sha256, err) < 0)
		return -1;
	return upload(d, &last, retry_for, stop, err);
}
