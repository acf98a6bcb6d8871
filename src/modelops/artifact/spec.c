/* Reads in/spec.json: strict about what is used (names, digests, links), silent about the step's
 * own part. */
#include "modelops/artifact/spec.h"

#include "modelops/base/str.h"
#include "modelops/json/json.h"

#include <stdio.h>
#include <string.h>

enum { URL_MAX = 4096 };

static int get_text(struct mo_arena *arena, const json_t *obj, const char *name, size_t max,
	const char **ret, struct mo_err *err)
{
	const json_t *v = json_object_get(obj, name);

	if (!json_is_string(v))
		return mo_fail_field(err, name, "must be text");
	size_t n = json_string_length(v);
	if (n == 0 || n > max)
		return mo_fail_field(err, name, "must have 1 to %zu bytes, not %zu", max, n);
	char *copy = mo_arena_memdup(arena, json_string_value(v), n);
	if (!copy)
		return mo_fail(err, MO_ENOMEM, "spec");
	*ret = copy;
	return 0;
}

static bool url_ok(const char *url)
{
	for (const char *at = url; *at; at++)
		if (*at <= ' ' || *at == 0x7f)
			return false;
	return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0 ||
	       (url[0] == '/' && url[1] != '/');
}

static int read_input(
	struct mo_arena *arena, const json_t *v, struct spec_input *ret, struct mo_err *err)
{
	const json_t *size = json_object_get(v, "size");
	struct spec_input in;

	if (!json_is_object(v))
		return mo_fail(err, MO_EFIELD, "must be an object, not %s", mo_json_kind(v));
	if (get_text(arena, v, "path", SPEC_PATH_MAX, &in.path, err) < 0 ||
		get_text(arena, v, "url", URL_MAX, &in.url, err) < 0 ||
		get_text(arena, v, "sha256", 64, &in.sha256, err) < 0)
		return -1;
	if (!spec_path_valid(in.path) || mo_streq(in.path, "spec.json"))
		return mo_fail_field(err, "path", "'%.60s' cannot be the name of a file", in.path);
	if (!url_ok(in.url))
		return mo_fail_field(err, "url", "of '%.60s' is no http link", in.path);
	if (strlen(in.sha256) != 64 || strspn(in.sha256, "0123456789abcdef") != 64)
		return mo_fail_field(
			err, "sha256", "'%.64s' is not 64 lower-case hex digits", in.sha256);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return mo_fail_field(err, "size", "must be a whole number from 0");
	in.size = json_integer_value(size);
	*ret = in;
	return 0;
}

static bool has_path(const struct spec *s, const char *path)
{
	for (size_t i = 0; i < s->ninputs; i++)
		if (strcmp(s->inputs[i].path, path) == 0)
			return true;
	return false;
}

static int read_inputs(
	struct mo_arena *arena, const json_t *list, struct spec *s, struct mo_err *err)
{
	size_t n = json_array_size(list);
	char where[32];

	if (!json_is_array(list) || n > SPEC_INPUTS_MAX)
		return mo_fail_field(
			err, "inputs", "must be a list of at most %d files", SPEC_INPUTS_MAX);
	s->inputs = mo_arena_zalloc(arena, (n + 1) * sizeof(*s->inputs));
	if (!s->inputs)
		return mo_fail(err, MO_ENOMEM, "spec");
	for (size_t i = 0; i < n; i++) {
		struct spec_input in;
		snprintf(where, sizeof(where), "inputs[%zu]", i);
		if (read_input(arena, json_array_get(list, i), &in, err) < 0)
			return mo_wrap_field(err, where);
		if (has_path(s, in.path)) {
			mo_fail_field(err, "path", "'%.60s' is listed twice", in.path);
			return mo_wrap_field(err, where);
		}
		s->inputs[s->ninputs++] = in;
	}
	return 0;
}

static int read_all(struct mo_arena *arena, const json_t *doc, struct spec *s, struct mo_err *err)
{
	if (!json_is_object(doc))
		return mo_fail(err, MO_EINVAL, "must be an object, not %s", mo_json_kind(doc));
	if (get_text(arena, doc, "attempt_id", 64, &s->attempt_id, err) < 0 ||
		get_text(arena, doc, "kind", 32, &s->kind, err) < 0)
		return -1;
	if (!mo_streq(s->kind, "train") && !mo_streq(s->kind, "evaluate") &&
		!mo_streq(s->kind, "serve"))
		return mo_fail_field(
			err, "kind", "'%s' is neither train, evaluate nor serve", s->kind);
	return read_inputs(arena, json_object_get(doc, "inputs"), s, err);
}

int spec_parse(struct mo_arena *arena, const char *text, size_t len, struct spec *ret_spec,
	struct mo_err *err)
{
	struct spec s = { 0 };
	mo_autojson json_t *doc = NULL;

	if (mo_json_parse(text, len, SPEC_BYTES_MAX, MO_JSON_DEPTH, &doc, err) < 0 ||
		read_all(arena, doc, &s, err) < 0)
		return mo_wrap(err, "spec");
	*ret_spec = s;
	return 0;
}
