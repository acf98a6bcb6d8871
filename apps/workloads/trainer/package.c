/* Writers of the package's files. */
#include "package.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/jw.h"
#include "split.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKGROUND_ROWS = 200, TEXT_MAX = 64 << 20 };

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* NAME in out/ appears whole or not at all. */
static int save(const char *name, const struct mo_buf *text, struct mo_err *err)
{
	char temporary[64], path[64];

	if (text->failed)
		return mo_fail(err, MO_ENOMEM, "%s does not fit into memory", name);
	snprintf(temporary, sizeof(temporary), "out/.%s.part", name);
	snprintf(path, sizeof(path), "out/%s", name);
	mo_autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write_all(fd, mo_buf_str(text), text->len) < 0 || rename(temporary, path) < 0)
		return mo_fail_errno(err, errno, "%s", path);
	return 0;
}

static void write_classes(struct jw *w, const struct prepared *data, bool rows)
{
	const struct table_label *l = &data->table->label;

	jw_key(w, "classes");
	if (data->task == TASK_REGRESSION) {
		jw_null(w);
		return;
	}
	jw_arr(w);
	for (size_t i = 0; i < l->nclasses; i++) {
		if (!rows) {
			jw_str(w, l->classes[i]);
			continue;
		}
		jw_obj(w);
		jw_kstr(w, "name", l->classes[i]);
		jw_ki64(w, "rows", (int64_t)l->class_rows[i]);
		jw_end_obj(w);
	}
	jw_end_arr(w);
}

static const char *type_name(enum table_type type)
{
	return type == TABLE_INT ? "int" : "float";
}

int package_features(const struct result *r, struct mo_err *err)
{
	const struct table *t = r->data->table;
	mo_autobuf struct mo_buf text;
	struct jw w;

	mo_buf_init(&text, TEXT_MAX);
	jw_init(&w, &text);
	jw_obj(&w);
	jw_ki64(&w, "format", 1);
	jw_kstr(&w, "task", task_name(r->data->task));
	jw_kstr(&w, "label", t->label.name);
	jw_key(&w, "features");
	jw_arr(&w);
	for (size_t i = 0; i < t->ncols; i++) {
		jw_obj(&w);
		jw_kstr(&w, "name", t->cols[i].name);
		jw_kstr(&w, "type", type_name(t->cols[i].type));
		jw_end_obj(&w);
	}
	jw_end_arr(&w);
	write_classes(&w, r->data, false);
	jw_end_obj(&w);
	jw_done(&w);
	return save(PACKAGE_FEATURES, &text, err);
}

static void write_columns(struct jw *w, const struct table *t)
{
	jw_key(w, "columns");
	jw_arr(w);
	for (size_t i = 0; i < t->ncols; i++) {
		const struct table_column *c = &t->cols[i];
		jw_obj(w);
		jw_kstr(w, "name", c->name);
		jw_kstr(w, "type", type_name(c->type));
		jw_ki64(w, "missing", (int64_t)c->missing);
		jw_kf64(w, "min", c->min);
		jw_kf64(w, "max", c->max);
		jw_kf64(w, "mean", c->mean);
		jw_end_obj(w);
	}
	jw_end_arr(w);
}

int package_metrics(const struct result *r, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	char version[32];
	struct jw w;

	xgb_version(version);
	mo_buf_init(&text, TEXT_MAX);
	jw_init(&w, &text);
	jw_obj(&w);
	jw_ki64(&w, "format", 1);
	jw_kstr(&w, "task", task_name(r->data->task));
	jw_key(&w, "metrics");
	jw_obj(&w);
	for (size_t i = 0; i < r->nmetrics; i++)
		jw_kf64(&w, r->metrics[i].key, r->metrics[i].value);
	jw_end_obj(&w);
	if (r->best_iteration >= 0) {
		jw_ki64(&w, "best_iteration", r->best_iteration);
		jw_ki64(&w, "rounds", r->rounds);
		jw_kstr(&w, "watched", r->watched);
		jw_ki64(&w, "train_rows", (int64_t)r->data->ntrain);
		jw_ki64(&w, "valid_rows", (int64_t)r->data->nvalid);
	}
	jw_ki64(&w, "rows", (int64_t)r->data->table->rows);
	write_columns(&w, r->data->table);
	write_classes(&w, r->data, true);
	jw_kstr(&w, "device", r->device);
	jw_ki64(&w, "threads", r->options->nthread);
	jw_kstr(&w, "framework", "xgboost");
	jw_kstr(&w, "framework_version", version);
	jw_kf64(&w, "seconds", r->seconds);
	jw_end_obj(&w);
	jw_done(&w);
	return save(PACKAGE_METRICS, &text, err);
}

/* A name as a CSV field: quoted when it must be. */
static void put_field(struct mo_buf *out, const char *s)
{
	size_t n = strlen(s);
	bool plain =
		n > 0 && !strpbrk(s, ",\"\r\n") && !strchr(" \t", s[0]) && !strchr(" \t", s[n - 1]);

	if (plain) {
		mo_buf_puts(out, s);
		return;
	}
	mo_buf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			mo_buf_putc(out, '"');
		mo_buf_putc(out, *s);
	}
	mo_buf_putc(out, '"');
}

/* The shortest text that reads back as the same float. */
static void put_float(struct mo_buf *out, float v)
{
	char text[32];

	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	mo_buf_puts(out, text);
}

static void put_row(struct mo_buf *out, const struct table *t, size_t row)
{
	for (size_t k = 0; k < t->ncols; k++) {
		float v = t->values[row * t->ncols + k];
		if (k)
			mo_buf_putc(out, ',');
		if (isnan(v))
			mo_buf_puts(out, t->ncols == 1 ? "NA" : ""); /* no empty line */
		else
			put_float(out, v);
	}
	mo_buf_putc(out, '\n');
}

int package_background(const struct result *r, struct mo_err *err)
{
	const struct table *t = r->data->table;
	mo_autofree unsigned char *picked = calloc(r->data->ntrain, 1);
	size_t count = r->data->ntrain < BACKGROUND_ROWS ? r->data->ntrain : BACKGROUND_ROWS;
	mo_autobuf struct mo_buf text;

	mo_buf_init(&text, TEXT_MAX);
	if (!picked ||
		split_sample(r->data->ntrain, count, (uint64_t)r->options->seed, picked, err) < 0)
		return mo_fail(err, MO_ENOMEM, "background sample");
	for (size_t k = 0; k < t->ncols; k++) {
		if (k)
			mo_buf_putc(&text, ',');
		put_field(&text, t->cols[k].name);
	}
	mo_buf_putc(&text, '\n');
	for (size_t i = 0, train = 0; i < t->rows; i++)
		if (!r->data->valid[i] && picked[train++])
			put_row(&text, t, i);
	return save(PACKAGE_BACKGROUND, &text, err);
}

int package_split(const struct result *r, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;

	mo_buf_init(&text, TEXT_MAX);
	mo_buf_puts(&text, "row,valid\n");
	for (size_t i = 0; i < r->data->table->rows; i++)
		mo_buf_printf(&text, "%zu,%d\n", i, r->data->valid[i]);
	return save("split.csv", &text, err);
}

int package_manifest(struct mo_arena *arena, const struct result *r, const char *kind,
	struct manifest *ret_manifest, struct mo_err *err)
{
	static const char *const names[] = { PACKAGE_METRICS, PACKAGE_MODEL, PACKAGE_FEATURES,
		PACKAGE_BACKGROUND };
	bool model = strcmp(kind, "model") == 0;
	struct manifest m = { .attempt_id = r->options->attempt_id,
		.kind = kind,
		.nfiles = model ? MO_COUNT(names) : 1,
		.nmetrics = r->nmetrics,
		.device = r->device,
		.best_iteration = r->best_iteration,
		.created_at = mo_now() };
	mo_autobuf struct mo_buf text;

	mo_buf_init(&text, MANIFEST_BYTES_MAX);
	m.files = mo_arena_zalloc(arena, m.nfiles * sizeof(*m.files));
	m.metrics = mo_arena_zalloc(arena, (m.nmetrics + 1) * sizeof(*m.metrics));
	if (!m.files || !m.metrics)
		return mo_fail(err, MO_ENOMEM, "manifest");
	for (size_t i = 0; i < m.nfiles; i++) {
		char path[64];
		m.files[i].path = names[i];
		snprintf(path, sizeof(path), "out/%s", names[i]);
		if (manifest_digest(AT_FDCWD, path, &m.files[i].size, m.files[i].sha256, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < m.nmetrics; i++)
		m.metrics[i] = (struct manifest_metric){ r->metrics[i].key, r->metrics[i].value };
	if (manifest_write(&m, &text, err) < 0 || save(PACKAGE_MANIFEST, &text, err) < 0)
		return -1;
	*ret_manifest = m;
	return 0;
}
