/* Checks of `with` maps against the table. */
#include "modelops/domain/with.h"

#include "modelops/base/str.h"
#include "modelops/domain/pipeline_spec.h"

#include <stdio.h>
#include <string.h>

static bool is_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (const char *p = choices; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, text, n) == 0)
			return true;
		p += len;
	}
	return false;
}

static int wrong(
	const struct with_key *k, const struct value *v, const char *want, struct mo_err *err)
{
	return mo_fail_field(
		err, k->name, "%s must be %s; a %s was given", k->name, want, value_kind(v->type));
}

static int check_text(const struct with_key *k, const struct value *v, struct mo_err *err)
{
	if (v->type != VALUE_TEXT)
		return wrong(k, v, "text", err);
	if (v->text[0] == '\0')
		return mo_fail_field(err, k->name, "%s is empty", k->name);
	if (k->choices && !is_choice(k->choices, v->text))
		return mo_fail_field(
			err, k->name, "%s is '%s'; one of: %s", k->name, v->text, k->choices);
	if (k->type == WITH_DELIMITER &&
		(v->text[1] || strchr("\"\r\n", v->text[0]) || (unsigned char)v->text[0] > 127))
		return mo_fail_field(err, k->name,
			"%s is '%s'; it is one ASCII byte, no quote and no line end", k->name,
			v->text);
	if (k->type == WITH_NAME && !mo_name_valid(v->text, strlen(v->text)))
		return mo_fail_field(err, k->name, "%s '%s' is no name", k->name, v->text);
	return 0;
}

static int check_number(const struct with_key *k, const struct value *v, struct mo_err *err)
{
	if (v->type != VALUE_INT && (v->type != VALUE_NUMBER || k->type == WITH_INT))
		return wrong(k, v, k->type == WITH_INT ? "a whole number" : "a number", err);
	if (k->max > k->min && !(v->number >= k->min && v->number <= k->max))
		return mo_fail_field(err, k->name, "%s is %g; %g to %.12g are accepted", k->name,
			v->number, k->min, k->max);
	return 0;
}

static int check_texts(const struct with_key *k, const struct value *v, struct mo_err *err)
{
	if (v->type != VALUE_LIST)
		return wrong(k, v, "a list of text", err);
	if ((double)v->count > k->max)
		return mo_fail_field(err, k->name, "%s has %zu texts; at most %g are accepted",
			k->name, v->count, k->max);
	for (size_t i = 0; i < v->count; i++) {
		const struct value *one = &v->members[i].value;
		if (one->type != VALUE_TEXT)
			return wrong(k, one, "a list of text", err);
		if (one->text[0] == '\0')
			return mo_fail_field(err, k->name, "%s holds an empty text", k->name);
	}
	return 0;
}

static int check_map(const struct with_key *keys, size_t count, const struct value *map,
	int template, struct mo_err *err);

static int check_value(
	const struct with_key *k, const struct value *v, int template, struct mo_err *err)
{
	if (template && v->type == VALUE_TEXT && strstr(v->text, "${params."))
		return 0;
	switch (k->type) {
	case WITH_INT:
	case WITH_NUMBER:
		return check_number(k, v, err);
	case WITH_TEXTS:
		return check_texts(k, v, err);
	case WITH_MAP:
		if (v->type != VALUE_MAP)
			return wrong(k, v, "an object", err);
		if (check_map(k->keys, k->key_count, v, template, err) < 0)
			return mo_wrap_field(err, k->name);
		return 0;
	default:
		return check_text(k, v, err);
	}
}

static const struct with_key *find(const struct with_key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (mo_streq(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int check_map(const struct with_key *keys, size_t count, const struct value *map,
	int template, struct mo_err *err)
{
	for (size_t i = 0; map && i < map->count; i++) {
		const struct value_member *m = &map->members[i];
		const struct with_key *k = find(keys, count, m->key);
		if (!k)
			return mo_fail_field(err, m->key, "unknown setting '%s'", m->key);
		if (m->value.type != VALUE_NULL && check_value(k, &m->value, template, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct value *v = value_get(map, keys[i].name);
		if (keys[i].required && (!v || v->type == VALUE_NULL))
			return mo_fail_field(err, keys[i].name, "'%s' is missing", keys[i].name);
	}
	return 0;
}

/* What the table cannot say: which keys go together. */
static int check_deploy(const struct value *with, struct mo_err *err)
{
	bool from = value_get(with, "from"), model = value_get(with, "model");
	if (from == model)
		return mo_fail_field(err, "from", "a deploy step names either 'from' or 'model'");
	bool version = value_get(with, "version"), alias = value_get(with, "alias");
	if (model && version == alias)
		return mo_fail_field(
			err, "version", "'model' goes with either 'version' or 'alias'");
	if (from && (version || alias))
		return mo_fail_field(
			err, version ? "version" : "alias", "'from' already says which version");
	return 0;
}

static int check_train(const struct value *with, struct mo_err *err)
{
	const struct value *fraction = value_get(with, "valid_fraction");
	bool none = fraction && (fraction->type == VALUE_INT || fraction->type == VALUE_NUMBER) &&
		    fraction->number == 0;
	if (none && value_int(with, "early_stopping_rounds", 0) > 0)
		return mo_fail_field(err, "early_stopping_rounds",
			"early_stopping_rounds needs a valid_fraction above 0");
	return 0;
}

static int check_together(enum step_kind kind, const struct value *with, struct mo_err *err)
{
	switch (kind) {
	case STEP_TRAIN:
		return check_train(with, err);
	case STEP_DEPLOY:
		return check_deploy(with, err);
	default:
		return 0;
	}
}

int with_validate(enum step_kind kind, const struct value *with, int template, struct mo_err *err)
{
	if (check_map(with_keys[kind].keys, with_keys[kind].count, with, template, err) < 0 ||
		check_together(kind, with, err) < 0)
		return mo_wrap_field(err, "with");
	return 0;
}
