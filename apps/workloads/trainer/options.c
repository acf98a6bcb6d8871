/* The `with` document of a step: one table of members, types, ranges and defaults. */
#include "options.h"

#include "modelops/artifact/spec.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/json/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { WHOLE, NUMBER, TEXT, CHOICE, TEXTS, IGNORED };

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
	double min, max, def;
	const char *choices; /* of CHOICE, separated by blanks; the first is the default */
};

#define AT(field) offsetof(struct options, field)

/* `dataset`, `model` and `register` are the controller's matter: the files are here already. */
static const struct member members[] = {
	{ "dataset", IGNORED },
	{ "model", IGNORED },
	{ "register", IGNORED },
	{ "label", TEXT, AT(label) },
	{ "delimiter", TEXT, AT(delimiter) },
	{ "missing", TEXTS, AT(missing) },
	{ "task", CHOICE, AT(task), .choices = "auto regression binary multiclass" },
	{ "device", CHOICE, AT(device), .choices = "cpu cuda" },
	{ "rounds", WHOLE, AT(rounds), 1, 100000, 100 },
	{ "early_stopping_rounds", WHOLE, AT(early_stopping_rounds), 0, 100000, 10 },
	{ "seed", WHOLE, AT(seed), 0, 2147483647, 7 },
	{ "max_depth", WHOLE, AT(max_depth), 1, 32, 6 },
	{ "nthread", WHOLE, AT(nthread), 1, 1024, 1 },
	{ "valid_fraction", NUMBER, AT(valid_fraction), 0, 0.9, 0.2 },
	{ "learning_rate", NUMBER, AT(learning_rate), 1e-6, 1, 0.3 },
	{ "subsample", NUMBER, AT(subsample), 0.01, 1, 1 },
	{ "colsample_bytree", NUMBER, AT(colsample_bytree), 0.01, 1, 1 },
	{ "min_child_weight", NUMBER, AT(min_child_weight), 0, 1e9, 1 },
	{ "lambda", NUMBER, AT(lambda), 0, 1e9, 1 },
	{ "alpha", NUMBER, AT(alpha), 0, 1e9, 0 },
};

const char *task_name(int task)
{
	static const char *const names[] = { "auto", "regression", "binary", "multiclass" };
	return names[task];
}

static const struct member *find(const char *name)
{
	for (size_t i = 0; i < MO_COUNT(members); i++)
		if (strcmp(members[i].name, name) == 0)
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

static int read_missing(
	struct mo_arena *arena, const json_t *v, struct options *o, struct mo_err *err)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v) || n > 64)
		return mo_fail_field(err, "missing", "must be a list of at most 64 texts");
	o->missing = mo_arena_zalloc(arena, (n + 1) * sizeof(*o->missing));
	if (!o->missing)
		return mo_fail(err, MO_ENOMEM, "options");
	for (size_t i = 0; i < n; i++) {
		const struct member m = { .name = "missing" };
		if (read_text(arena, &m, json_array_get(v, i), &o->missing[i], err) < 0)
			return -1;
	}
	o->nmissing = n;
	return 0;
}

static int read_member(struct mo_arena *arena, const struct member *m, const json_t *v,
	struct options *o, struct mo_err *err)
{
	void *to = (char *)o + m->offset;

	switch (m->kind) {
	case IGNORED:
		return 0;
	case WHOLE:
		return read_whole(m, v, to, err);
	case NUMBER:
		return read_number(m, v, to, err);
	case TEXT:
		return read_text(arena, m, v, to, err);
	case CHOICE:
		return read_choice(m, v, to, err);
	case TEXTS:
		break;
	}
	return read_missing(arena, v, o, err);
}

static void set_defaults(struct options *o)
{
	for (size_t i = 0; i < MO_COUNT(members); i++) {
		char *to = (char *)o + members[i].offset;
		if (members[i].kind == WHOLE)
			*(int64_t *)(void *)to = (int64_t)members[i].def;
		if (members[i].kind == NUMBER)
			*(double *)(void *)to = members[i].def;
	}
	o->delimiter = ",";
}

static int check_together(struct options *o, const json_t *with, struct mo_err *err)
{
	const json_t *early = json_object_get(with, "early_stopping_rounds");

	if (!o->label)
		return mo_fail_field(err, "label", "is missing: name the column to predict");
	if (strcmp(o->delimiter, "tab") == 0)
		o->delimiter = "\t";
	if (strlen(o->delimiter) != 1 || strchr("\"\r\n", *o->delimiter) || *o->delimiter < 0)
		return mo_fail_field(
			err, "delimiter", "'%.20s' is not one byte (or 'tab')", o->delimiter);
	if (early && json_integer_value(early) > 0 && o->valid_fraction == 0)
		return mo_fail_field(
			err, "early_stopping_rounds", "needs a valid_fraction above 0");
	return 0;
}

static int read_with(
	struct mo_arena *arena, const json_t *with, struct options *o, struct mo_err *err)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)with, name, v)
	{
		const struct member *m = find(name);
		if (!m)
			return mo_fail_field(err, name, "is not known to a %s step",
				o->evaluate ? "evaluate" : "train");
		if (!json_is_null(v) && read_member(arena, m, v, o, err) < 0)
			return -1;
	}
	return check_together(o, with, err);
}

/* The step is the resolved `with` itself, or an object that holds it. */
static int read_step(
	struct mo_arena *arena, const json_t *step, struct options *o, struct mo_err *err)
{
	const json_t *with = json_object_get(step, "with");

	if (!json_is_object(step) || (with && !json_is_object(with)))
		return mo_fail_field(err, "step", "is missing or no object");
	if (read_with(arena, with ? with : step, o, err) < 0)
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
