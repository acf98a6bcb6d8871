/* A model put together from its files, and the calls serving makes. */
#include "modelops/model/model.h"

#include "modelops/base/check.h"
#include "modelops/model/alloc.h"
#include "modelops/model/explain.h"
#include "modelops/model/features.h"
#include "modelops/model/xgb_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODEL_MAGIC = 0x6d6f646c, FEATURES_FILE_MAX = 16 << 20 };

struct model {
	uint32_t magic;
	struct xgb_model xgb;
	struct features features;
	char **made_names; /* f0, f1, .. when nothing names the columns */
	struct explain *explain;
	struct tensor_schema *schema;
	struct model_info info;
};

struct model_scratch {
	float *x; /* a tile of rows laid out */
	double *explain;
};

/* f0, f1, .. as XGBoost calls unnamed columns. */
static int make_names(struct model *m, struct mo_err *err)
{
	uint32_t n = m->xgb.forest.features;
	m->made_names = model_calloc(n, sizeof(*m->made_names));
	for (uint32_t i = 0; i < n; i++)
		if (!m->made_names || mo_fault("model.alloc") ||
			asprintf(&m->made_names[i], "f%u", i) < 0)
			return mo_fail(err, MO_ENOMEM, "%u names", n);
	return 0;
}

static enum model_task task_of(const struct xgb_model *x)
{
	return x->classes             ? MODEL_MULTICLASS
	       : x->objective->binary ? MODEL_BINARY
				      : MODEL_REGRESSION;
}

/* features.json must tell the same story as the model. */
static int check_features(const struct model *m, struct mo_err *err)
{
	const struct features *f = &m->features;
	const struct model_info *i = &m->info;
	if (f->name_count != i->features)
		return mo_fail(err, MO_EINVAL,
			"features.json names %zu features, the model takes %u", f->name_count,
			i->features);
	for (uint32_t k = 0; m->xgb.names && k < i->features; k++)
		if (!mo_streq(m->xgb.names[k], f->names[k]))
			return mo_fail(err, MO_EINVAL,
				"feature %u is \"%.60s\" in features.json, \"%.60s\" in the model",
				k, f->names[k], m->xgb.names[k]);
	if (f->task != i->task)
		return mo_fail(err, MO_EINVAL, "features.json's task does not fit objective %s",
			i->objective);
	if (f->classes && f->class_count != i->classes)
		return mo_fail(err, MO_EINVAL, "features.json names %zu classes, the model has %u",
			f->class_count, i->classes);
	return 0;
}

static int describe(struct model *m, bool has_features, struct mo_err *err)
{
	const struct forest *f = &m->xgb.forest;
	m->info = (struct model_info){
		.task = task_of(&m->xgb),
		.features = f->features,
		.groups = f->groups,
		.objective = m->xgb.objective->name,
		.trees = f->trees,
		.nodes = f->nodes,
		.depth = f->depth,
		.version = { m->xgb.version[0], m->xgb.version[1], m->xgb.version[2] },
	};
	m->info.classes = m->info.task == MODEL_BINARY ? 2 : m->xgb.classes;
	if (has_features && check_features(m, err) < 0)
		return -1;
	if (!has_features && !m->xgb.names && make_names(m, err) < 0)
		return -1;
	char **names = has_features   ? m->features.names
		       : m->xgb.names ? m->xgb.names
				      : m->made_names;
	m->info.names = (const char *const *)names;
	m->info.class_names = (const char *const *)m->features.classes;
	m->info.label = m->features.label;
	return 0;
}

int model_parse(const char *text, size_t len, const char *features, size_t features_len,
	struct model **ret_model, struct mo_err *err)
{
	struct model *m = model_calloc(1, sizeof(*m));
	if (!m)
		return mo_fail(err, MO_ENOMEM, "model");
	m->magic = MODEL_MAGIC;
	if (xgb_model_parse(text, len, &m->xgb, err) < 0) {
		free(m);
		return -1;
	}
	if ((features && features_parse(features, features_len, &m->features, err) < 0 &&
		    mo_wrap(err, "features.json") < 0) ||
		describe(m, features != NULL, err) < 0 ||
		tensor_schema_new(m->info.names, m->info.features, &m->schema, err) < 0 ||
		explain_new(&m->xgb.forest, &m->explain, err) < 0) {
		model_free(m);
		return -1;
	}
	*ret_model = m;
	return 0;
}

/* Reads a whole regular file of at most MAX bytes. Caller frees. */
static int read_file(
	const char *path, size_t max, char **ret_text, size_t *ret_len, struct mo_err *err)
{
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return mo_fail(err, MO_EINVAL, "%s is not a file", path);
	if ((uint64_t)st.st_size > max)
		return mo_fail(err, MO_ETOOBIG, "%s: %lld bytes (at most %zu)", path,
			(long long)st.st_size, max);
	size_t size = (size_t)st.st_size, got = 0;
	mo_autofree char *text = mo_fault("model.alloc") ? NULL : malloc(size + 1);
	if (!text)
		return mo_fail(err, MO_ENOMEM, "%s", path);
	while (got < size) {
		ssize_t n = read(fd, text + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mo_fail_errno(err, errno, "%s", path);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret_text = MO_TAKE(text);
	*ret_len = got;
	return 0;
}

int model_load(const char *model_path, const char *features_path, struct model **ret_model,
	struct mo_err *err)
{
	mo_autofree char *text = NULL, *features = NULL;
	size_t len = 0, features_len = 0;
	if (read_file(model_path, XGB_FILE_MAX, &text, &len, err) < 0)
		return -1;
	if (features_path &&
		read_file(features_path, FEATURES_FILE_MAX, &features, &features_len, err) < 0)
		return -1;
	return model_parse(text, len, features, features_len, ret_model, err) < 0
		       ? mo_wrap(err, model_path)
		       : 0;
}

int model_load_dir(const char *dir, struct model **ret_model, struct mo_err *err)
{
	mo_autofree char *model = NULL, *features = NULL;
	if (asprintf(&model, "%s/model.json", dir) < 0) {
		model = NULL;
		return mo_fail(err, MO_ENOMEM, "%s", dir);
	}
	if (asprintf(&features, "%s/features.json", dir) < 0) {
		features = NULL;
		return mo_fail(err, MO_ENOMEM, "%s", dir);
	}
	return model_load(model, access(features, F_OK) == 0 ? features : NULL, ret_model, err);
}

void model_free(struct model *m)
{
	if (!m)
		return;
	MO_CHECK(m, MODEL_MAGIC);
	tensor_schema_free(m->schema);
	explain_free(m->explain);
	for (uint32_t i = 0; m->made_names && i < m->xgb.forest.features; i++)
		free(m->made_names[i]);
	free(m->made_names);
	features_free(&m->features);
	xgb_model_free(&m->xgb);
	m->magic = 0;
	free(m);
}

const struct model_info *model_info(const struct model *m)
{
	MO_CHECK(m, MODEL_MAGIC);
	return &m->info;
}

const struct tensor_schema *model_schema(const struct model *m)
{
	return m->schema;
}

int model_scratch_new(const struct model *m, struct model_scratch **ret_scratch, struct mo_err *err)
{
	MO_CHECK(m, MODEL_MAGIC);
	struct model_scratch *s = model_calloc(1, sizeof(*s));
	if (s) {
		s->x = model_calloc(
			forest_tile(&m->xgb.forest) * 2 * m->info.features, sizeof(*s->x));
		s->explain = model_calloc(explain_scratch(m->explain), sizeof(*s->explain));
	}
	if (!s || !s->x || !s->explain) {
		model_scratch_free(s);
		return mo_fail(err, MO_ENOMEM, "scratch");
	}
	*ret_scratch = s;
	return 0;
}

void model_scratch_free(struct model_scratch *s)
{
	if (!s)
		return;
	free(s->x);
	free(s->explain);
	free(s);
}

void model_margin(
	const struct model *m, struct model_scratch *s, const float *rows, size_t n, float *out)
{
	forest_margin_rows(&m->xgb.forest, rows, n, s->x, out);
}

uint32_t model_output(const struct model *m, const float *margin, float *out)
{
	objective_predict(m->xgb.objective, margin, m->info.groups, out);
	return m->xgb.objective->kind == OBJECTIVE_SOFTPROB ? m->info.groups : 1;
}

void model_proba(const struct model *m, const float *margin, float *out)
{
	MO_ASSERT(m->info.classes > 0);
	if (m->info.task == MODEL_MULTICLASS) {
		objective_proba(m->xgb.objective, margin, m->info.groups, out);
		return;
	}
	float p;
	objective_proba(m->xgb.objective, margin, 1, &p);
	out[0] = 1.0f - p;
	out[1] = p;
}

/* Softmax keeps the order of the margins, so the highest margin decides (first one on a tie, as
 * multi:softmax). */
uint32_t model_class(const struct model *m, const float *margin)
{
	if (m->info.task == MODEL_BINARY) {
		float p;
		objective_proba(m->xgb.objective, margin, 1, &p);
		return p > 0.5f;
	}
	uint32_t best = 0;
	for (uint32_t i = 1; i < m->info.groups; i++)
		if (margin[i] > margin[best])
			best = i;
	return best;
}

void model_explain(const struct model *m, struct model_scratch *s, const float *row, double *out)
{
	forest_row(&m->xgb.forest, row, s->x);
	explain_row(m->explain, s->x, s->explain, out);
}
