/* Reads a step by the table of members. */
#include "options.h"

#include "members.h"

#include "modelops/artifact/spec.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/json/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *task_name(int task)
{
	static const char *const names[] = { "auto", "regression", "binary", "multiclass" };
	return names[task];
}

static const struct member *find(const char *name, unsigned step)
{
	for (size_t i = 0; i < members_count; i++)
		if (strcmp(members[i].name, name) == 0 && members[i].steps & step)
			return &members[i];
	return NULL;
}

/* Index of NAME in the blank-separated CHOICES, or -1. */
static int choice_index(const char *choices, const char *name)
{
	size_t n = strlen(name);
	int index = 0;

	for (const char *p = choices; *p; index++) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, name, n) == 0)
			return index;
		p += len + (p[len] == ' ');
	}
	return -1;
}

static int read_whole(const struct member *m, const json_t *v, void *to, struct mo_err *err)
{
	if (!json_is_integer(v))
		return mo_fail_field(
			err, m->name, "must be a whole number, not %s", mo_json_kind(v));
	int64_t n = json_integer_value(v);
	if ((double)n < m->min || (double)n > m->max)
		return mo_fail_field(
			err, m->name, "%lld is not in %.0f to %.0f", (long long)n, m->min, m->max);
	*(int64_t *)to = n;
	return 0;
}

static int read_number(const struct member *m, const json_t *v, void *to, struct mo_err *err)
{
	if (!json_is_number(v))
		return mo_fail_field(err, m->name, "must be a number, not %s", mo_json_kind(v));
	double n = json_number_value(v);
	if (!(n >= m->min && n <= m->max))
		return mo_fail_field(err, m->name, "%g is not in %g to %g", n, m->min, m->max);
	*(double *)to = n;
	return 0;
}

static int read_text(struct mo_arena *arena, const struct member *m, const json_t *v, void *to,
	struct mo_err *err)
{
	if (!json_is_string(v) || !json_string_length(v))
		return mo_fail_field(err, m->name, "must be text that is not empty");
	char *copy = mo_arena_strdup(arena, json_string_value(v));
	if (!copy)
		return mo_fail(err, MO_ENOMEM, "options");
	*(const char **)to = copy;
	return 0;
}

static int read_choice(const struct member *m, const json_t *v, void *to, struct mo_err *err)
{
	if (!json_is_string(v))
		return mo_fail_field(err, m->name, "must be one of: %s", m->choices);
	int index = choice_index(m->choices, json_string_value(v));
	if (index < 0)
		return mo_fail_field(err, m->name, "'%.40s' is not one of: %s",
			json_string_value(v), m->choices);
	*(int *)to = index;
	return 0;
}

static int read_missing(struct mo_arena *arena, const struct member *m, const json_t *v,
	struct options *o, struct mo_err *err)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v) || (double)n > m->max)
		return mo_fail_field(err, m->name, "must be a list of at most %g texts", m->max);
	o->missing = mo_arena_zalloc(arena, (n + 1) * sizeof(*o->missing));
	if (!o->missing)
		return mo_fail(err, MO_ENOMEM, "options");
	for (size_t i = 0; i < n; i++)
		if (read_text(arena, m, json_array_get(v, i), &o->missing[i], err) < 0)
			return -1;
	o->nmissing = n;
	return 0;
}

static int read_member(struct mo_arena *arena, const struct member *m, const json_t *v,
	struct options *o, struct mo_err *err)
{
	void *to = (char *)o + m->offset;

	switch (m->kind) {
	case MEMBER_IGNORED:
		return 0;
	case MEMBER_WHOLE:
		return read_whole(m, v, to, err);
	case MEMBER_NUMBER:
		return read_number(m, v, to, err);
	case MEMBER_TEXT:
		return read_text(arena, m, v, to, err);
	case MEMBER_CHOICE:
		return read_choice(m, v, to, err);
	case MEMBER_TEXTS:
		break;
	}
	return read_missing(arena, m, v, o, err);
}

static void set_defaults(struct options *o)
{
	for (size_t i = 0; i < members_count; i++) {
		char *to = (char *)o + members[i].offset;
		if (members[i].kind == MEMBER_WHOLE)
			*(int64_t *)(void *)to = (int64_t)members[i].def;
		if (members[i].kind == MEMBER_NUMBER)
			*(double *)(void *)to = members[i].def;
	}
	o->delimiter = ",";
}

static int check_together(struct options *o, const json_t *with, struct mo_err *err)
{
	const json_t *early = json_object_get(with, "early_stopping_rounds");

	if (!o->label && !o->evaluate) /* a package knows its own */
		return mo_fail_field(err, "label", "is missing: name the column to predict");
	if (strlen(o->delimiter) != 1 || strchr("\"\r\n", *o->delimiter) || *o->delimiter < 0)
		return mo_fail_field(err, "delimiter", "'%.20s' is not one byte", o->delimiter);
	if (early && json_integer_value(early) > 0 && o->valid_fraction == 0)
		return mo_fail_field(
			err, "early_stopping_rounds", "needs a valid_fraction above 0");
	return 0;
}

static int read_with(
	struct mo_arena *arena, const json_t *with, struct options *o, struct mo_err *err)
{
	unsigned step = o->evaluate ? MEMBER_EVALUATE : MEMBER_TRAIN;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)with, name, v)
	{
		const struct member *m = find(name, step);
		if (!m)
			return mo_fail_field(err, name, "is not known to %s step",
				o->evaluate ? "an evaluate" : "a train");
		if (!json_is_null(v) && read_member(arena, m, v, o, err) < 0)
			return -1;
	}
	return check_together(o, with, err);
}

/* A share of a pool is what the step pays for: as many threads unless it says fewer. */
static int read_place(const json_t *step, struct options *o, struct mo_err *err)
{
	static const struct member device = { .name = "device", .choices = "cpu cuda" };
	static const struct member shares = { .name = "shares", .min = 1, .max = 4096 };
	const json_t *on = json_object_get(step, "device"), *of = json_object_get(step, "shares");

	if ((on && read_choice(&device, on, &o->device, err) < 0) ||
		(of && read_whole(&shares, of, &o->nthread, err) < 0))
		return mo_wrap_field(err, "step");
	return 0;
}

static int read_step(
	struct mo_arena *arena, const json_t *step, struct options *o, struct mo_err *err)
{
	const json_t *with = json_object_get(step, "with");

	if (!json_is_object(with))
		return mo_fail_field(err, "step", "is missing or has no `with`");
	if (read_place(step, o, err) < 0)
		return -1;
	if (read_with(arena, with, o, err) < 0)
		return mo_wrap_field(err, "with");
	return 0;
}

int options_parse(struct mo_arena *arena, const char *text, size_t len, struct options *ret_options,
	struct mo_err *err)
{
	struct options o = { 0 };
	mo_autojson json_t *doc = NULL;

	if (mo_json_parse(text, len, SPEC_BYTES_MAX, MO_JSON_DEPTH, &doc, err) < 0)
		return mo_wrap(err, "in/spec.json");
	const char *kind = json_string_value(json_object_get(doc, "kind"));
	const char *attempt = json_string_value(json_object_get(doc, "attempt_id"));
	if (!kind || (strcmp(kind, "train") != 0 && strcmp(kind, "evaluate") != 0))
		return mo_fail_field(
			err, "kind", "'%.40s' is neither train nor evaluate", kind ? kind : "");
	if (!attempt || !*attempt || strlen(attempt) >= MO_ID_MAX)
		return mo_fail_field(err, "attempt_id", "is missing or too long");
	o.evaluate = strcmp(kind, "evaluate") == 0;
	o.attempt_id = mo_arena_strdup(arena, attempt);
	if (!o.attempt_id)
		return mo_fail(err, MO_ENOMEM, "options");
	set_defaults(&o);
	if (read_step(arena, json_object_get(doc, "step"), &o, err) < 0)
		return -1;
	*ret_options = o;
	return 0;
}

struct table_opts options_table(const struct options *o)
{
	return (struct table_opts){ .delimiter = o->delimiter[0],
		.missing = (const char *const *)o->missing,
		.nmissing = o->nmissing,
		.label = o->label };
}
