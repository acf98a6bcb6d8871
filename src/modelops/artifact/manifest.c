/* Manifests: written in one fixed order, parsed strictly, verified against files. */
#include "modelops/artifact/manifest.h"

#include "modelops/artifact/spec.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/crypto/crypto.h"
#include "modelops/json/json.h"
#include "modelops/json/jw.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 128 };

int manifest_write(const struct manifest *m, struct mo_buf *out, struct mo_err *err)
{
	struct jw w;

	jw_init(&w, out);
	jw_obj(&w);
	jw_ki64(&w, "format", MANIFEST_FORMAT);
	jw_kstr(&w, "attempt_id", m->attempt_id);
	jw_kstr(&w, "kind", m->kind);
	jw_key(&w, "files");
	jw_arr(&w);
	for (size_t i = 0; i < m->nfiles; i++) {
		jw_obj(&w);
		jw_kstr(&w, "path", m->files[i].path);
		jw_ki64(&w, "size", m->files[i].size);
		jw_kstr(&w, "sha256", m->files[i].sha256);
		jw_end_obj(&w);
	}
	jw_end_arr(&w);
	jw_key(&w, "metrics");
	jw_obj(&w);
	for (size_t i = 0; i < m->nmetrics; i++)
		jw_kf64(&w, m->metrics[i].key, m->metrics[i].value);
	jw_end_obj(&w);
	jw_kstr(&w, "device", m->device);
	if (m->best_iteration >= 0)
		jw_ki64(&w, "best_iteration", m->best_iteration);
	jw_ktime(&w, "created_at", m->created_at);
	jw_end_obj(&w);
	return jw_done(&w) < 0 ? mo_fail(err, MO_ENOMEM, "the manifest does not fit") : 0;
}

/* ---- parsing: one function per member ---- */

struct parse {
	struct mo_arena *arena;
	struct manifest m;
};

static int take_text(struct parse *p, const json_t *v, const char *name, size_t max,
	const char **ret, struct mo_err *err)
{
	if (!v)
		return mo_fail_field(err, name, "is missing");
	if (!json_is_string(v))
		return mo_fail_field(err, name, "must be text, not %s", mo_json_kind(v));
	size_t n = json_string_length(v);
	if (n == 0 || n > max)
		return mo_fail_field(err, name, "must have 1 to %zu bytes, not %zu", max, n);
	char *copy = mo_arena_memdup(p->arena, json_string_value(v), n);
	if (!copy)
		return mo_fail(err, MO_ENOMEM, "manifest");
	*ret = copy;
	return 0;
}

static int take_count(const json_t *v, const char *name, int64_t *ret, struct mo_err *err)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return mo_fail_field(err, name, "must be a whole number from 0");
	*ret = json_integer_value(v);
	return 0;
}

static int read_format(struct parse *p, const json_t *v, struct mo_err *err)
{
	if (!json_is_integer(v) || json_integer_value(v) != MANIFEST_FORMAT)
		return mo_fail_field(err, "format", "must be %d", MANIFEST_FORMAT);
	return 0;
}

static int read_attempt(struct parse *p, const json_t *v, struct mo_err *err)
{
	return take_text(p, v, "attempt_id", MO_ID_MAX, &p->m.attempt_id, err);
}

static int read_kind(struct parse *p, const json_t *v, struct mo_err *err)
{
	if (take_text(p, v, "kind", 32, &p->m.kind, err) < 0)
		return -1;
	if (!mo_streq(p->m.kind, "model") && !mo_streq(p->m.kind, "evaluation"))
		return mo_fail_field(
			err, "kind", "'%s' is neither model nor evaluation", p->m.kind);
	return 0;
}

static int read_device(struct parse *p, const json_t *v, struct mo_err *err)
{
	if (take_text(p, v, "device", 32, &p->m.device, err) < 0)
		return -1;
	if (!mo_streq(p->m.device, "cpu") && !mo_streq(p->m.device, "cuda"))
		return mo_fail_field(err, "device", "'%s' is neither cpu nor cuda", p->m.device);
	return 0;
}

static int read_best(struct parse *p, const json_t *v, struct mo_err *err)
{
	return take_count(v, "best_iteration", &p->m.best_iteration, err);
}

static int read_created(struct parse *p, const json_t *v, struct mo_err *err)
{
	const char *text;

	if (take_text(p, v, "created_at", 64, &text, err) < 0)
		return -1;
	if (mo_time_parse(text, strlen(text), &p->m.created_at) < 0)
		return mo_fail_field(err, "created_at", "'%s' is no RFC 3339 time", text);
	return 0;
}

static bool is_digest(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int read_file(struct parse *p, const json_t *v, struct manifest_file *f, struct mo_err *err)
{
	const json_t *size = json_object_get(v, "size");
	const char *sha;

	if (!json_is_object(v) || json_object_size(v) != 3)
		return mo_fail(err, MO_EFIELD, "must be an object of path, size and sha256");
	if (take_text(p, json_object_get(v, "path"), "path", MANIFEST_NAME_MAX, &f->path, err) <
			0 ||
		take_count(size, "size", &f->size, err) < 0 ||
		take_text(p, json_object_get(v, "sha256"), "sha256", 64, &sha, err) < 0)
		return -1;
	if (!spec_path_valid(f->path) || mo_streq(f->path, PACKAGE_MANIFEST))
		return mo_fail_field(err, "path", "'%.60s' cannot be the name of a file", f->path);
	if (manifest_find(&p->m, f->path))
		return mo_fail_field(err, "path", "'%.60s' is listed twice", f->path);
	if (!is_digest(sha))
		return mo_fail_field(err, "sha256", "'%s' is not 64 lower-case hex digits", sha);
	memcpy(f->sha256, sha, sizeof(f->sha256));
	return 0;
}

static int read_files(struct parse *p, const json_t *v, struct mo_err *err)
{
	size_t n = json_array_size(v);
	char where[32];

	if (!json_is_array(v) || n == 0 || n > MANIFEST_FILES_MAX)
		return mo_fail_field(
			err, "files", "must be a list of 1 to %d files", MANIFEST_FILES_MAX);
	p->m.files = mo_arena_zalloc(p->arena, n * sizeof(*p->m.files));
	if (!p->m.files)
		return mo_fail(err, MO_ENOMEM, "manifest");
	for (size_t i = 0; i < n; i++) {
		struct manifest_file f = { 0 };
		snprintf(where, sizeof(where), "files[%zu]", i);
		if (read_file(p, json_array_get(v, i), &f, err) < 0)
			return mo_wrap_field(err, where);
		p->m.files[p->m.nfiles++] = f;
	}
	return 0;
}

static int read_metrics(struct parse *p, const json_t *v, struct mo_err *err)
{
	size_t n = json_object_size(v);
	const char *key;
	json_t *value;

	if (!json_is_object(v) || n > MANIFEST_METRICS_MAX)
		return mo_fail_field(err, "metrics", "must be an object of at most %d numbers",
			MANIFEST_METRICS_MAX);
	p->m.metrics = mo_arena_zalloc(p->arena, (n + 1) * sizeof(*p->m.metrics));
	if (!p->m.metrics)
		return mo_fail(err, MO_ENOMEM, "manifest");
	json_object_foreach((json_t *)v, key, value)
	{
		char *copy = mo_arena_strdup(p->arena, key);
		if (!copy)
			return mo_fail(err, MO_ENOMEM, "manifest");
		if (!*key || strlen(key) > KEY_MAX || !json_is_number(value) ||
			!isfinite(json_number_value(value)))
			return mo_fail_field(
				err, "metrics", "'%.60s' is no metric with a number", key);
		p->m.metrics[p->m.nmetrics++] =
			(struct manifest_metric){ copy, json_number_value(value) };
	}
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct parse *p, const json_t *v, struct mo_err *err);
	bool optional;
} members[] = {
	{ "format", read_format, false },
	{ "attempt_id", read_attempt, false },
	{ "kind", read_kind, false },
	{ "files", read_files, false },
	{ "metrics", read_metrics, false },
	{ "device", read_device, false },
	{ "best_iteration", read_best, true },
	{ "created_at", read_created, false },
};

static bool is_member(const char *name)
{
	for (size_t i = 0; i < MO_COUNT(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return true;
	return false;
}

static int read_members(struct parse *p, const json_t *doc, struct mo_err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(doc))
		return mo_fail(err, MO_EINVAL, "must be an object, not %s", mo_json_kind(doc));
	json_object_foreach((json_t *)doc, key, value)
	{
		if (!is_member(key))
			return mo_fail_field(err, key, "is not known");
	}
	for (size_t i = 0; i < MO_COUNT(members); i++) {
		value = json_object_get(doc, members[i].name);
		if (!value && !members[i].optional)
			return mo_fail_field(err, members[i].name, "is missing");
		if (value && members[i].read(p, value, err) < 0)
			return -1;
	}
	return 0;
}

int manifest_parse(struct mo_arena *arena, const char *text, size_t len,
	struct manifest *ret_manifest, struct mo_err *err)
{
	struct parse p = { .arena = arena, .m.best_iteration = -1 };
	mo_autojson json_t *doc = NULL;

	if (mo_json_parse(text, len, MANIFEST_BYTES_MAX, 8, &doc, err) < 0 ||
		read_members(&p, doc, err) < 0)
		return mo_wrap(err, "manifest");
	*ret_manifest = p.m;
	return 0;
}

const struct manifest_file *manifest_find(const struct manifest *m, const char *path)
{
	for (size_t i = 0; i < m->nfiles; i++)
		if (strcmp(m->files[i].path, path) == 0)
			return &m->files[i];
	return NULL;
}

int manifest_check(
	const struct manifest *m, const char *kind, const char *attempt_id, struct mo_err *err)
{
	static const char *const required[] = { PACKAGE_MODEL, PACKAGE_FEATURES, PACKAGE_METRICS };
	size_t first = mo_streq(kind, "model") ? 0 : 2; /* an evaluation has metrics only */

	if (!mo_streq(m->kind, kind))
		return mo_fail_field(
			err, "kind", "the manifest is of kind '%s', not '%s'", m->kind, kind);
	if (attempt_id && !mo_streq(m->attempt_id, attempt_id))
		return mo_fail_field(err, "attempt_id", "the manifest is of attempt '%s', not '%s'",
			m->attempt_id, attempt_id);
	for (size_t i = first; i < MO_COUNT(required); i++)
		if (!manifest_find(m, required[i]))
			return mo_fail_field(err, "files", "the manifest lists no %s", required[i]);
	return 0;
}

/* ---- files ---- */

static int hash_fd(int fd, struct crypto_hash *hash, int64_t *ret_size, struct mo_err *err)
{
	char buf[16384];
	ssize_t n;

	*ret_size = 0;
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mo_fail_errno(err, errno, "reading");
		crypto_hash_add(hash, buf, (size_t)n);
		*ret_size += n;
	}
	return 0;
}

int manifest_digest(
	int dirfd, const char *path, int64_t *ret_size, char ret_sha256[65], struct mo_err *err)
{
	unsigned char digest[CRYPTO_SHA256];
	struct stat st;
	int64_t size = 0;
	mo_autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "file %s", path);
	if (!S_ISREG(st.st_mode))
		return mo_fail(err, MO_EINVAL, "%s is no regular file", path);
	struct crypto_hash *hash = crypto_hash_new();
	if (!hash)
		return mo_fail(err, MO_ENOMEM, "digest of %s", path);
	if (hash_fd(fd, hash, &size, err) < 0) {
		crypto_hash_free(hash);
		return mo_wrap(err, path);
	}
	crypto_hash_end(hash, digest);
	mo_hex(digest, sizeof(digest), ret_sha256);
	*ret_size = size;
	return 0;
}

int manifest_verify(const struct manifest *m, int dirfd, struct mo_err *err)
{
	for (size_t i = 0; i < m->nfiles; i++) {
		const struct manifest_file *f = &m->files[i];
		char sha256[65];
		int64_t size;
		if (manifest_digest(dirfd, f->path, &size, sha256, err) < 0)
			return -1;
		if (size != f->size || strcmp(sha256, f->sha256) != 0)
			return mo_fail(err, MO_EINVAL,
				"%s is not what the manifest lists: %lld bytes, SHA-256 %.12s..., "
				"not %lld bytes, %.12s...",
				f->path, (long long)size, sha256, (long long)f->size, f->sha256);
	}
	return 0;
}
