/* features.json: strict, small, read with the same scanner as the model. */
#include "modelops/model/features.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/model/alloc.h"
#include "modelops/model/xgb_model.h"
#include "modelops/model/xgb_read.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = MO_NAME_BYTES + 1 };

/* The string at the cursor, decoded, in memory of its own. */
static int read_text(struct jscan *j, char **ret_text, struct mo_err *err)
{
	struct mo_str raw;
	char text[TEXT_MAX];
	if (jscan_string(j, &raw, err) < 0)
		return -1;
	if (jscan_decode(raw, text, sizeof(text)) < 0)
		return jscan_fail(
			j, err, "a text is longer than %d bytes or malformed", TEXT_MAX - 1);
	char *copy = mo_fault("model.alloc") ? NULL : strdup(text);
	if (!copy)
		return mo_fail(err, MO_ENOMEM, "features");
	*ret_text = copy;
	return 0;
}

/* Appends TEXT (taken, also on failure) to a list of at most MAX. */
static int add_text(char ***list, size_t *count, size_t max, char *text, struct mo_err *err)
{
	if (*count >= max) {
		free(text);
		return mo_fail(err, MO_EINVAL, "more than %zu entries", max);
	}
	if ((*count & (*count - 1)) == 0) {
		char **grown = model_regrow(*list, *count ? 2 * *count : 1, sizeof(*grown));
		if (!grown) {
			free(text);
			return mo_fail(err, MO_ENOMEM, "features");
		}
		*list = grown;
	}
	(*list)[(*count)++] = text;
	return 0;
}

static int read_format(void *ctx, struct jscan *j, struct mo_err *err)
{
	int64_t v = 0;
	if (jscan_i64(j, &v, err) < 0)
		return -1;
	return v == 1 ? 0 : jscan_fail(j, err, "format %lld is not known (1 is)", (long long)v);
}

static int read_task(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const char *const tasks[] = {
		[MODEL_REGRESSION] = "regression",
		[MODEL_BINARY] = "binary",
		[MODEL_MULTICLASS] = "multiclass",
	};
	struct features *f = ctx;
	struct mo_str s;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < MO_COUNT(tasks); i++)
		if (mo_str_eq(s, tasks[i])) {
			f->task = (enum model_task)i;
			return 0;
		}
	return jscan_fail(j, err, "task \"%.*s\" is not regression, binary or multiclass",
		(int)(s.n > 40 ? 40 : s.n), s.p);
}

static int read_name(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct features *f = ctx;
	char *text = NULL;
	if (read_text(j, &text, err) < 0)
		return -1;
	return add_text(&f->names, &f->name_count, XGB_FEATURES_MAX, text, err);
}

static int read_type(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct mo_str s;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	if (!mo_str_eq(s, "float") && !mo_str_eq(s, "int"))
		return jscan_fail(j, err, "type \"%.*s\" is not float or int",
			(int)(s.n > 40 ? 40 : s.n), s.p);
	return 0;
}

static int read_columns(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = { { "name", read_name, true },
		{ "type", read_type, true } };
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0)
		if (xgb_read_object(j, members, MO_COUNT(members), ctx, err) < 0)
			return -1;
	return more;
}

/* A class may be written as a number: its text is kept. */
static int read_class(struct jscan *j, char **ret_text, struct mo_err *err)
{
	char c = jscan_peek(j);
	if (c == '"')
		return read_text(j, ret_text, err);
	int64_t v = 0;
	if (jscan_i64(j, &v, err) < 0)
		return -1;
	char *text = NULL;
	if (mo_fault("model.alloc") || asprintf(&text, "%lld", (long long)v) < 0)
		return mo_fail(err, MO_ENOMEM, "features");
	*ret_text = text;
	return 0;
}

static int read_classes(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct features *f = ctx;
	size_t count = 0;
	int more;
	if (jscan_peek(j) == 'n')
		return jscan_skip(j, err);
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		char *text = NULL;
		if (read_class(j, &text, err) < 0 ||
			add_text(&f->classes, &f->class_count, XGB_CLASSES_MAX, text, err) < 0)
			return -1;
	}
	return more;
}

static int read_label(void *ctx, struct jscan *j, struct mo_err *err)
{
	if (jscan_peek(j) == 'n')
		return jscan_skip(j, err);
	return read_text(j, &((struct features *)ctx)->label, err);
}

int features_parse(const char *text, size_t len, struct features *ret_features, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "format", read_format, true },
		{ "task", read_task, true },
		{ "features", read_columns, true },
		{ "classes", read_classes, false },
		{ "label", read_label, false },
	};
	struct features f = { 0 };
	struct jscan j;
	jscan_init(&j, text, len);
	if (xgb_read_object(&j, members, MO_COUNT(members), &f, err) < 0 ||
		jscan_finish(&j, err) < 0) {
		features_free(&f);
		return -1;
	}
	*ret_features = f;
	return 0;
}

void features_free(struct features *f)
{
	for (size_t i = 0; i < f->name_count; i++)
		free(f->names[i]);
	for (size_t i = 0; i < f->class_count; i++)
		free(f->classes[i]);
	free(f->names);
	free(f->classes);
	free(f->label);
	*f = (struct features){ 0 };
}
