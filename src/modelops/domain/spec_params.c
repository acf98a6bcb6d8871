/* Parameters: their values, and the text and values that refer to them. */
#include "modelops/domain/spec_params.h"

#include "modelops/base/buf.h"
#include "modelops/base/str.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REF_OPEN "${params."

enum { PATH = 64, TEXT_MAX = 4096 };

/* What filling needs to know. */
struct filler {
	const struct pipeline_spec *spec;
	const struct value *params; /* given values, or NULL */
	struct mo_arena *arena;     /* NULL: references are only checked */
};

static bool param_name(const char *s, size_t len)
{
	if (len == 0 || len > 63 || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			    (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			return false;
	return true;
}

static const struct spec_param *find(const struct pipeline_spec *spec, const char *name, size_t len)
{
	for (size_t i = 0; i < spec->param_count; i++)
		if (strlen(spec->params[i].name) == len && !memcmp(spec->params[i].name, name, len))
			return &spec->params[i];
	return NULL;
}

static bool fits_type(enum param_type type, const struct value *v)
{
	switch (type) {
	case PARAM_INT:
		return v->type == VALUE_INT;
	case PARAM_NUMBER:
		return v->type == VALUE_INT || v->type == VALUE_NUMBER;
	case PARAM_BOOL:
		return v->type == VALUE_BOOL;
	default:
		return v->type == VALUE_TEXT;
	}
}

int spec_check_params(const struct pipeline_spec *spec, struct mo_err *err)
{
	if (spec->param_count > SPEC_MAX_PARAMS)
		return mo_fail_field(err, "parameters", "%zu parameters; at most %d are accepted",
			spec->param_count, SPEC_MAX_PARAMS);
	for (size_t i = 0; i < spec->param_count; i++) {
		const struct spec_param *p = &spec->params[i];
		char path[PATH];
		snprintf(path, sizeof(path), "parameters[%zu].name", i);
		if (!param_name(p->name, strlen(p->name)))
			return mo_fail_field(err, path,
				"'%s' is no parameter name: letters, digits and '_'", p->name);
		if (find(spec, p->name, strlen(p->name)) != p)
			return mo_fail_field(err, path, "two parameters are called '%s'", p->name);
		snprintf(path, sizeof(path), "parameters[%zu].default", i);
		if (p->def && !fits_type(p->type, p->def))
			return mo_fail_field(err, path, "default of '%s' is a %s, not of type %s",
				p->name, value_kind(p->def->type),
				enum_name(&param_types, (int)p->type));
	}
	return 0;
}

/* The value of parameter P in this run. */
static const struct value *value_of(const struct filler *f, const struct spec_param *p)
{
	const struct value *v = value_get(f->params, p->name);
	return v ? v : p->def;
}

/* One reference at the start of TEXT: its parameter and its length. */
static int read_ref(const struct filler *f, const char *text, const struct spec_param **ret,
	size_t *ret_len, struct mo_err *err)
{
	const char *name = text + strlen(REF_OPEN);
	const char *end = strchr(name, '}');
	if (!end)
		return mo_fail_field(err, "", "'%s' has no closing brace", text);
	*ret = find(f->spec, name, (size_t)(end - name));
	if (!*ret)
		return mo_fail_field(err, "", "'%.*s' is no parameter of this pipeline",
			(int)(end - name), name);
	*ret_len = (size_t)(end + 1 - text);
	return 0;
}

static void paste(struct mo_buf *out, const struct value *v)
{
	char text[32];
	switch (v->type) {
	case VALUE_TEXT:
		mo_buf_puts(out, v->text);
		break;
	case VALUE_INT:
		mo_buf_printf(out, "%" PRId64, v->integer);
		break;
	case VALUE_BOOL:
		mo_buf_puts(out, v->boolean ? "true" : "false");
		break;
	default:
		snprintf(text, sizeof(text), "%.15g", v->number);
		if (strtod(text, NULL) != v->number)
			snprintf(text, sizeof(text), "%.17g", v->number);
		mo_buf_puts(out, text);
	}
}

/* TEXT with every reference pasted; *ret is TEXT itself when it has none. */
static int fill_text(const struct filler *f, const char *text, const char **ret, struct mo_err *err)
{
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, TEXT_MAX);
	const char *p = text;
	for (const char *ref; (ref = strstr(p, REF_OPEN));) {
		const struct spec_param *param;
		size_t len;
		if (read_ref(f, ref, &param, &len, err) < 0)
			return -1;
		mo_buf_append(&out, p, (size_t)(ref - p));
		if (f->arena)
			paste(&out, value_of(f, param));
		p = ref + len;
	}
	if (p == text || !f->arena) {
		*ret = text;
		return 0;
	}
	mo_buf_puts(&out, p);
	if (out.failed)
		return mo_fail_field(
			err, "", "the text is longer than %d bytes once filled in", TEXT_MAX);
	const char *copy = mo_arena_memdup(f->arena, mo_buf_str(&out), out.len);
	if (!copy)
		return mo_fail(err, MO_ENOMEM, "text of a parameter");
	*ret = copy;
	return 0;
}

/* Text that is one reference and nothing else keeps the parameter's type. */
static int fill_text_value(
	const struct filler *f, const struct value *v, struct value *ret, struct mo_err *err)
{
	if (strncmp(v->text, REF_OPEN, strlen(REF_OPEN)) == 0) {
		const struct spec_param *param;
		size_t len;
		if (read_ref(f, v->text, &param, &len, err) < 0)
			return -1;
		if (v->text[len] == '\0') {
			*ret = f->arena ? *value_of(f, param) : *v;
			return 0;
		}
	}
	*ret = *v;
	return fill_text(f, v->text, &ret->text, err);
}

static int fill_value(
	const struct filler *f, const struct value *v, struct value *ret, struct mo_err *err)
{
	*ret = *v;
	if (v->type == VALUE_TEXT)
		return fill_text_value(f, v, ret, err);
	if (v->count == 0)
		return 0;
	struct value_member *members = NULL;
	if (f->arena) {
		members = mo_arena_zalloc(f->arena, v->count * sizeof(*members));
		if (!members)
			return mo_fail(err, MO_ENOMEM, "value of %zu members", v->count);
		ret->members = members;
	}
	for (size_t i = 0; i < v->count; i++) {
		struct value checked;
		struct value *slot = members ? &members[i].value : &checked;
		if (members)
			members[i].key = v->members[i].key;
		if (fill_value(f, &v->members[i].value, slot, err) < 0)
			return v->members[i].key ? mo_wrap_field(err, v->members[i].key) : -1;
	}
	return 0;
}

static int fill_list(const struct filler *f, const struct text_list *list, struct text_list *ret,
	struct mo_err *err)
{
	const char *unused;
	const char **at =
		f->arena ? mo_arena_zalloc(f->arena, (list->count + 1) * sizeof(*at)) : NULL;
	if (f->arena && !at)
		return mo_fail(err, MO_ENOMEM, "list of pools");
	for (size_t i = 0; i < list->count; i++)
		if (fill_text(f, list->at[i], at ? &at[i] : &unused, err) < 0)
			return mo_wrap_field(err, "any_of");
	if (at)
		*ret = (struct text_list){ at, list->count };
	return 0;
}

static int fill_step(const struct filler *f, const struct spec_step *s, struct spec_step *ret,
	struct mo_err *err)
{
	*ret = *s;
	if (s->pool && fill_text(f, s->pool, &ret->pool, err) < 0)
		return mo_wrap_field(err, "pool");
	if (fill_list(f, &s->any_of, &ret->any_of, err) < 0)
		return -1;
	if (!s->with)
		return 0;
	struct value checked;
	struct value *with = f->arena ? mo_arena_zalloc(f->arena, sizeof(*with)) : &checked;
	if (!with)
		return mo_fail(err, MO_ENOMEM, "settings of step '%s'", s->name);
	if (fill_value(f, s->with, with, err) < 0)
		return mo_wrap_field(err, "with");
	ret->with = f->arena ? with : s->with;
	return 0;
}

static int fill_steps(const struct filler *f, const struct pipeline_spec *spec,
	struct spec_step *ret, struct mo_err *err)
{
	for (size_t i = 0; i < spec->step_count; i++) {
		struct spec_step checked;
		if (fill_step(f, &spec->steps[i], ret ? &ret[i] : &checked, err) < 0) {
			char path[PATH];
			snprintf(path, sizeof(path), "steps[%zu]", i);
			return mo_wrap_field(err, path);
		}
	}
	return 0;
}

int spec_check_references(const struct pipeline_spec *spec, struct mo_err *err)
{
	struct filler f = { .spec = spec };
	return fill_steps(&f, spec, NULL, err);
}

/* Each value given belongs to a parameter and has its type; each parameter has a value. */
static int check_given(const struct filler *f, struct mo_err *err)
{
	char path[PATH + 16];
	for (size_t i = 0; f->params && i < f->params->count; i++) {
		const char *key = f->params->members[i].key;
		snprintf(path, sizeof(path), "params.%s", key);
		if (!find(f->spec, key, strlen(key)))
			return mo_fail_field(
				err, path, "'%s' is no parameter of this pipeline", key);
	}
	for (size_t i = 0; i < f->spec->param_count; i++) {
		const struct spec_param *p = &f->spec->params[i];
		const struct value *v = value_of(f, p);
		snprintf(path, sizeof(path), "params.%s", p->name);
		if (!v)
			return mo_fail_field(err, path,
				"parameter '%s' has no default and was not given", p->name);
		if (!fits_type(p->type, v))
			return mo_fail_field(err, path,
				"parameter '%s' is of type %s; a %s was given", p->name,
				enum_name(&param_types, (int)p->type), value_kind(v->type));
	}
	return 0;
}

int spec_fill(const struct pipeline_spec *spec, const struct value *params, const char *pool,
	struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err)
{
	struct filler f = { spec, params, arena };
	if (check_given(&f, err) < 0)
		return -1;
	struct spec_step *steps = mo_arena_zalloc(arena, (spec->step_count + 1) * sizeof(*steps));
	if (!steps)
		return mo_fail(err, MO_ENOMEM, "%zu steps", spec->step_count);
	if (fill_steps(&f, spec, steps, err) < 0)
		return -1;
	for (size_t i = 0; pool && i < spec->step_count; i++) {
		if (!step_kind_runs_job(steps[i].kind))
			continue;
		steps[i].pool = pool;
		steps[i].any_of = (struct text_list){ 0 };
	}
	*ret = *spec;
	ret->steps = steps;
	return 0;
}
