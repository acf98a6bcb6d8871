/* Rules of a pipeline's specification: names, parameters, the graph. */
#include "modelops/domain/pipeline_spec.h"

#include "modelops/base/buf.h"
#include "modelops/base/str.h"
#include "modelops/domain/spec_params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 48 };

int spec_step_index(const struct pipeline_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->step_count; i++)
		if (mo_streq(spec->steps[i].name, name))
			return (int)i;
	return -1;
}

/* Puts "steps[I]" before the field in ERR. */
static int in_step(struct mo_err *err, size_t i)
{
	char path[PATH];
	snprintf(path, sizeof(path), "steps[%zu]", i);
	return mo_wrap_field(err, path);
}

/* Bit set of the steps that step I names in its needs. */
static uint64_t need_bits(const struct pipeline_spec *spec, size_t i)
{
	uint64_t bits = 0;
	for (size_t n = 0; n < spec->steps[i].needs.count; n++)
		bits |= UINT64_C(1) << spec_step_index(spec, spec->steps[i].needs.at[n]);
	return bits;
}

static int check_needs(const struct pipeline_spec *spec, size_t i, struct mo_err *err)
{
	const struct spec_step *s = &spec->steps[i];
	for (size_t n = 0; n < s->needs.count; n++) {
		char path[PATH];
		snprintf(path, sizeof(path), "needs[%zu]", n);
		if (spec_step_index(spec, s->needs.at[n]) < 0)
			return mo_fail_field(err, path, "step '%s' needs '%s', which is no step",
				s->name, s->needs.at[n]);
		for (size_t k = 0; k < n; k++)
			if (mo_streq(s->needs.at[k], s->needs.at[n]))
				return mo_fail_field(err, path, "step '%s' needs '%s' twice",
					s->name, s->needs.at[n]);
	}
	return 0;
}

/* Names a cycle that step START lies on: "a -> b -> a". */
static int fail_cycle(const struct pipeline_spec *spec, const uint64_t *needs, size_t start,
	uint64_t left, struct mo_err *err)
{
	/* every step left needs another one left, so walking needs comes back to a step seen */
	uint64_t seen = 0;
	size_t at = start;
	while (!(seen >> at & 1)) {
		seen |= UINT64_C(1) << at;
		at = (size_t)__builtin_ctzll(needs[at] & left);
	}
	mo_autobuf struct mo_buf text;
	mo_buf_init(&text, 4096);
	size_t first = at;
	mo_buf_puts(&text, spec->steps[at].name);
	do {
		at = (size_t)__builtin_ctzll(needs[at] & left);
		mo_buf_printf(&text, " -> %s", spec->steps[at].name);
	} while (at != first);
	char path[PATH];
	snprintf(path, sizeof(path), "steps[%zu].needs", first);
	return mo_fail_field(
		err, path, "the steps need each other in a circle: %s", mo_buf_str(&text));
}

/* Fills REACH (all steps needed directly or not) by taking away, again and again, the steps whose
 * needs are all taken away. */
static int check_graph(const struct pipeline_spec *spec, uint64_t *reach, struct mo_err *err)
{
	uint64_t needs[SPEC_MAX_STEPS], done = 0;
	uint64_t all = spec->step_count == 64 ? UINT64_MAX : (UINT64_C(1) << spec->step_count) - 1;
	for (size_t i = 0; i < spec->step_count; i++)
		needs[i] = need_bits(spec, i);
	while (done != all) {
		uint64_t before = done;
		for (size_t i = 0; i < spec->step_count; i++) {
			if (done >> i & 1 || needs[i] & ~done)
				continue;
			reach[i] = needs[i];
			for (size_t k = 0; k < spec->step_count; k++)
				if (needs[i] >> k & 1)
					reach[i] |= reach[k];
			done |= UINT64_C(1) << i;
		}
		if (done == before)
			return fail_cycle(spec, needs, (size_t)__builtin_ctzll(all & ~done),
				all & ~done, err);
	}
	return 0;
}

/* A `with` key that names a step: it exists, is of a kind that fits, and is among the needs. */
static int check_step_ref(const struct pipeline_spec *spec, size_t i, uint64_t reach,
	const char *key, bool must, unsigned kinds, struct mo_err *err)
{
	const char *name = value_text(spec->steps[i].with, key, NULL);
	if (!name || strstr(name, "${params."))
		return 0;
	int other = spec_step_index(spec, name);
	char path[PATH];
	snprintf(path, sizeof(path), "with.%s", key);
	if (other < 0)
		return must ? mo_fail_field(err, path, "'%s' is no step", name) : 0;
	if (!(kinds >> spec->steps[other].kind & 1))
		return mo_fail_field(err, path, "step '%s' is of kind %s and gives no model", name,
			enum_name(&step_kinds, (int)spec->steps[other].kind));
	if (!(reach >> other & 1))
		return mo_fail_field(err, path, "step '%s' uses step '%s' but does not need it",
			spec->steps[i].name, name);
	return 0;
}

static int check_refs(
	const struct pipeline_spec *spec, size_t i, uint64_t reach, struct mo_err *err)
{
	switch (spec->steps[i].kind) {
	case STEP_EVALUATE:
		return check_step_ref(spec, i, reach, "model", false, 1U << STEP_TRAIN, err);
	case STEP_REGISTER:
		return check_step_ref(spec, i, reach, "from", true, 1U << STEP_TRAIN, err);
	case STEP_DEPLOY:
		return check_step_ref(
			spec, i, reach, "from", true, 1U << STEP_REGISTER | 1U << STEP_TRAIN, err);
	default:
		return 0;
	}
}

/* Register and deploy steps are a few rows: nothing to place, and what fails there fails again. */
static int check_inline(const struct spec_step *s, struct mo_err *err)
{
	const char *kind = enum_name(&step_kinds, (int)s->kind);
	if (s->pool || s->any_of.count)
		return mo_fail_field(err, s->pool ? "pool" : "any_of",
			"a %s step runs in the controller and takes no shares", kind);
	if (s->retries)
		return mo_fail_field(err, "retries",
			"retries is %" PRId64 "; a %s step is not tried again", s->retries, kind);
	return 0;
}

static int check_placing(const struct spec_step *s, struct mo_err *err)
{
	if (!step_kind_runs_job(s->kind))
		return check_inline(s, err);
	if (s->pool && s->any_of.count)
		return mo_fail_field(err, "any_of", "step '%s' has both pool and any_of", s->name);
	return 0;
}

static int check_step(const struct pipeline_spec *spec, size_t i, int template, struct mo_err *err)
{
	const struct spec_step *s = &spec->steps[i];
	if (!s->name || !mo_name_valid(s->name, strlen(s->name)))
		return mo_fail_field(err, "name", "'%s' is no name", s->name ? s->name : "");
	if (spec_step_index(spec, s->name) != (int)i)
		return mo_fail_field(err, "name", "two steps are called '%s'", s->name);
	if (s->shares < 1 || s->shares > SPEC_MAX_SHARES)
		return mo_fail_field(err, "shares", "shares is %" PRId64 "; 1 to %d are accepted",
			s->shares, SPEC_MAX_SHARES);
	if (s->retries < 0 || s->retries > SPEC_MAX_RETRIES)
		return mo_fail_field(err, "retries", "retries is %" PRId64 "; 0 to %d are accepted",
			s->retries, SPEC_MAX_RETRIES);
	if (check_placing(s, err) < 0 || check_needs(spec, i, err) < 0)
		return -1;
	return with_validate(s->kind, s->with, template, err);
}

static int check_steps(const struct pipeline_spec *spec, int template, struct mo_err *err)
{
	uint64_t reach[SPEC_MAX_STEPS] = { 0 };
	if (spec->step_count == 0)
		return mo_fail_field(err, "steps", "a pipeline has at least one step");
	if (spec->step_count > SPEC_MAX_STEPS)
		return mo_fail_field(err, "steps", "%zu steps; at most %d are accepted",
			spec->step_count, SPEC_MAX_STEPS);
	for (size_t i = 0; i < spec->step_count; i++)
		if (check_step(spec, i, template, err) < 0)
			return in_step(err, i);
	if (check_graph(spec, reach, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->step_count; i++)
		if (check_refs(spec, i, reach[i], err) < 0)
			return in_step(err, i);
	return 0;
}

int spec_validate(const struct pipeline_spec *spec, struct mo_err *err)
{
	if (!spec->name || !mo_name_valid(spec->name, strlen(spec->name)))
		return mo_fail_field(err, "name", "'%s' is no name", spec->name ? spec->name : "");
	if (spec_check_params(spec, err) < 0 || check_steps(spec, true, err) < 0)
		return -1;
	return spec_check_references(spec, err);
}

int spec_resolve(const struct pipeline_spec *spec, const struct value *params, const char *pool,
	struct mo_arena *arena, struct pipeline_spec *ret, struct mo_err *err)
{
	struct pipeline_spec out;
	if (spec_fill(spec, params, pool, arena, &out, err) < 0 ||
		check_steps(&out, false, err) < 0)
		return -1;
	*ret = out;
	return 0;
}
