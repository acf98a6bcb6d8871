/* The outer schema of a model file: learner, booster, parameters, objective; then the parts are
 * checked together. */
#include "modelops/model/xgb_model.h"

#include "modelops/base/check.h"
#include "modelops/model/alloc.h"
#include "modelops/model/fnum.h"
#include "modelops/model/xgb_read.h"
#include "modelops/model/xgb_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

struct reader {
	struct xgb_model m;
	struct xgb_tree tree;
	size_t node_cap, tree_cap;
	uint32_t names, num_trees, num_feature, num_class, objective_class, num_target, leaf_vector;
	uint32_t *info;       /* tree_info, 0 when absent */
	float *weight, *base; /* weight_drop; base_score as stored */
	size_t infos, weights, bases;
	int64_t rounds_end; /* last entry of iteration_indptr, -1 without one */
	bool dart, classes_named;
};

/* Appends one element of SIZE bytes to a growing array of at most MAX. NULL with ERR set. */
static void *push(
	void **array, size_t *count, size_t size, size_t max, const char *what, struct mo_err *err)
{
	if (*count >= max) {
		mo_fail(err, MO_EINVAL, "more than %zu %s", max, what);
		return NULL;
	}
	if ((*count & (*count - 1)) == 0) {
		void *grown = model_regrow(*array, *count ? 2 * *count : 1, size);
		if (!grown) {
			mo_fail(err, MO_ENOMEM, "%s", what);
			return NULL;
		}
		*array = grown;
	}
	return (char *)*array + size * (*count)++;
}

static int read_trees(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		size_t had = r->m.forest.trees;
		if (!push((void **)&r->m.forest.tree, &had, sizeof(struct forest_tree),
			    XGB_TREES_MAX, "trees", err))
			return -1;
		char where[32];
		snprintf(where, sizeof(where), "tree %zu", count - 1);
		if (xgb_tree_read(j, &r->tree, err) < 0)
			return mo_wrap(err, where);
		if (r->tree.id != -1 && r->tree.id != (int64_t)count - 1)
			return jscan_fail(j, err, "%s has id %lld", where, (long long)r->tree.id);
		if (r->num_feature < r->tree.num_feature)
			r->num_feature = r->tree.num_feature;
		if (xgb_tree_append(&r->tree, &r->m.forest, &r->node_cap, err) < 0)
			return mo_wrap(err, where);
	}
	return more;
}

static int read_tree_info(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		int64_t v = 0;
		if (jscan_i64(j, &v, err) < 0)
			return -1;
		if (v < 0 || v >= XGB_CLASSES_MAX)
			return jscan_fail(j, err, "group %lld of tree %zu is out of range",
				(long long)v, count - 1);
		uint32_t *slot = push(
			(void **)&r->info, &r->infos, sizeof(*slot), XGB_TREES_MAX, "trees", err);
		if (!slot)
			return -1;
		*slot = (uint32_t)v;
	}
	return more;
}

static int read_weight_drop(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		float *slot = push((void **)&r->weight, &r->weights, sizeof(*slot), XGB_TREES_MAX,
			"weights", err);
		if (!slot || jscan_float(j, slot, err) < 0)
			return -1;
	}
	return more;
}

/* Rounds end where they should: 0, .., num_trees, never backwards. Prediction uses all of them. */
static int read_indptr(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0;
	int64_t last = 0, v;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		if (jscan_i64(j, &v, err) < 0)
			return -1;
		if (v < last || (count == 1 && v != 0))
			return jscan_fail(j, err, "entry %zu is %lld after %lld", count - 1,
				(long long)v, (long long)last);
		last = v;
	}
	r->rounds_end = count > 0 ? last : -1;
	return more;
}

#define READER_COUNT(field, max) \
	static int read_##field(void *ctx, struct jscan *j, struct mo_err *err) \
	{ \
		return xgb_read_count(j, max, &((struct reader *)ctx)->field, err); \
	}

READER_COUNT(num_trees, XGB_TREES_MAX)
READER_COUNT(num_class, XGB_CLASSES_MAX)
READER_COUNT(objective_class, XGB_CLASSES_MAX)
READER_COUNT(num_target, INT32_MAX)
READER_COUNT(leaf_vector, INT32_MAX)

static int read_num_feature(void *ctx, struct jscan *j, struct mo_err *err)
{
	return xgb_read_count(j, XGB_FEATURES_MAX, &((struct reader *)ctx)->m.forest.features, err);
}

static int read_model_param(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "num_trees", read_num_trees, true },
		{ "size_leaf_vector", read_leaf_vector, false },
	};
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_booster_model(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "gbtree_model_param", read_model_param, true },
		{ "trees", read_trees, true },
		{ "tree_info", read_tree_info, true },
		{ "iteration_indptr", read_indptr, false },
	};
	if (((struct reader *)ctx)->m.forest.trees)
		return jscan_fail(j, err, "a second set of trees");
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_booster_name(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	struct mo_str s;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	if (!mo_str_eq(s, "gbtree") && !mo_str_eq(s, "dart"))
		return jscan_fail(j, err, "booster \"%.*s\" is not supported (gbtree and dart are)",
			(int)(s.n > 40 ? 40 : s.n), s.p);
	r->dart = mo_str_eq(s, "dart");
	return 0;
}

static int read_tree_booster(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = { { "model", read_booster_model, true } };
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_booster(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "name", read_booster_name, true },
		{ "model", read_booster_model, false }, /* gbtree */
		{ "gbtree", read_tree_booster, false }, /* dart */
		{ "weight_drop", read_weight_drop, false },
	};
	struct reader *r = ctx;
	if (xgb_read_object(j, members, MO_COUNT(members), ctx, err) < 0)
		return -1;
	if (r->m.forest.trees == 0)
		return jscan_fail(j, err, "no trees");
	if (r->dart ? r->weights != r->m.forest.trees : r->weights != 0)
		return jscan_fail(j, err, "%zu weights in weight_drop for %u trees", r->weights,
			r->m.forest.trees);
	return 0;
}

/* "5E-1", "[5E-1]" or "[-1E0,2E0,1E-1]". */
static int read_base_score(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	struct mo_str s;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	const char *p = s.p, *end = s.p + s.n;
	bool list = p < end && *p == '[';
	if (list && (end[-1] != ']' || s.n < 3))
		return jscan_fail(
			j, err, "\"%.*s\" is not a score", (int)(s.n > 40 ? 40 : s.n), s.p);
	p += list;
	end -= list;
	for (;;) {
		float *slot = push((void **)&r->base, &r->bases, sizeof(*slot), XGB_CLASSES_MAX,
			"scores", err);
		const char *last = slot ? fnum_read_float(p, end, slot) : NULL;
		if (!slot)
			return -1;
		if (!last || !isfinite(*slot) || (last < end && (!list || *last != ',')))
			return jscan_fail(
				j, err, "\"%.*s\" is not a score", (int)(s.n > 40 ? 40 : s.n), s.p);
		if (last == end)
			return 0;
		p = last + 1;
	}
}

static int read_learner_param(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "base_score", read_base_score, true },
		{ "num_class", read_num_class, true },
		{ "num_feature", read_num_feature, true },
		{ "num_target", read_num_target, false },
	};
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_objective_name(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	struct mo_str s;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	r->m.objective = objective_find(s);
	if (!r->m.objective)
		return jscan_fail(j, err, "objective \"%.*s\" is not supported",
			(int)(s.n > 60 ? 60 : s.n), s.p);
	return 0;
}

static int read_softmax_param(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = { { "num_class", read_objective_class, true } };
	((struct reader *)ctx)->classes_named = true;
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_objective(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "name", read_objective_name, true },
		{ "softmax_multiclass_param", read_softmax_param, false },
	};
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_names(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0, names = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		struct mo_str raw;
		char name[NAME_MAX_BYTES];
		if (jscan_string(j, &raw, err) < 0)
			return -1;
		if (jscan_decode(raw, name, sizeof(name)) < 0)
			return jscan_fail(j, err, "name %zu is longer than %d bytes or no text",
				count - 1, NAME_MAX_BYTES - 1);
		char **slot = push((void **)&r->m.names, &names, sizeof(*slot), XGB_FEATURES_MAX,
			"names", err);
		if (!slot)
			return -1;
		*slot = mo_fault("model.alloc") ? NULL : strdup(name);
		r->names = (uint32_t)names;
		if (!*slot)
			return mo_fail(err, MO_ENOMEM, "name %zu", count - 1);
	}
	return more;
}

static int read_types(void *ctx, struct jscan *j, struct mo_err *err)
{
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		struct mo_str s;
		if (jscan_string(j, &s, err) < 0)
			return -1;
		if (mo_str_eq(s, "c"))
			return jscan_fail(
				j, err, "feature %zu is categorical: not supported", count - 1);
	}
	return more;
}

static int read_learner(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "gradient_booster", read_booster, true },
		{ "learner_model_param", read_learner_param, true },
		{ "objective", read_objective, true },
		{ "feature_names", read_names, false },
		{ "feature_types", read_types, false },
	};
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

static int read_version(void *ctx, struct jscan *j, struct mo_err *err)
{
	struct reader *r = ctx;
	size_t count = 0;
	int more;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	while ((more = jscan_element(j, &count, err)) > 0) {
		int64_t v = 0;
		if (jscan_i64(j, &v, err) < 0)
			return -1;
		if (count > 3 || v < 0 || v > 10000)
			return jscan_fail(j, err, "version entry %zu is %lld", count, (long long)v);
		r->m.version[count - 1] = (int)v;
	}
	if (more == 0 && (count != 3 || r->m.version[0] < 1))
		return jscan_fail(j, err, "not a version of XGBoost from 1.0 on");
	return more;
}

/* Classes, targets and groups agree with the objective. */
static int check_groups(struct reader *r, struct mo_err *err)
{
	struct forest *f = &r->m.forest;
	bool multi = r->m.objective->kind == OBJECTIVE_SOFTPROB ||
		     r->m.objective->kind == OBJECTIVE_SOFTMAX;
	if (r->num_target > 1)
		return mo_fail(err, MO_EINVAL,
			"num_target is %u: several targets are not supported", r->num_target);
	if (r->leaf_vector > 1)
		return mo_fail(err, MO_EINVAL,
			"size_leaf_vector is %u: vector leaves are not supported", r->leaf_vector);
	if (multi ? r->num_class < 2 : r->num_class > 1)
		return mo_fail(err, MO_EINVAL, "num_class is %u for %s", r->num_class,
			r->m.objective->name);
	if (r->classes_named && r->objective_class != r->num_class)
		return mo_fail(err, MO_EINVAL, "num_class is %u, the objective's is %u",
			r->num_class, r->objective_class);
	f->groups = multi ? r->num_class : 1;
	r->m.classes = multi ? r->num_class : 0;
	if (r->bases != 1 && r->bases != f->groups)
		return mo_fail(err, MO_EINVAL, "base_score holds %zu values for %u groups",
			r->bases, f->groups);
	return 0;
}

static int check_trees(struct reader *r, struct mo_err *err)
{
	struct forest *f = &r->m.forest;
	if (r->num_trees != f->trees || r->infos != f->trees)
		return mo_fail(err, MO_EINVAL,
			"num_trees is %u: %u trees and %zu entries in tree_info", r->num_trees,
			f->trees, r->infos);
	if (r->rounds_end != -1 && r->rounds_end != f->trees)
		return mo_fail(err, MO_EINVAL, "iteration_indptr ends at %lld of %u trees",
			(long long)r->rounds_end, f->trees);
	mo_autofree uint32_t *count = model_calloc(f->groups, sizeof(*count));
	if (!count)
		return mo_fail(err, MO_ENOMEM, "%u groups", f->groups);
	for (uint32_t t = 0; t < f->trees; t++) {
		if (r->info[t] >= f->groups)
			return mo_fail(err, MO_EINVAL, "tree %u adds to group %u of %u", t,
				r->info[t], f->groups);
		f->tree[t].group = r->info[t];
		count[r->info[t]]++;
	}
	for (uint32_t g = 1; g < f->groups; g++)
		if (count[g] != count[0])
			return mo_fail(err, MO_EINVAL, "class 0 has %u trees, class %u has %u",
				count[0], g, count[g]);
	return 0;
}

static int check_features(struct reader *r, struct mo_err *err)
{
	struct forest *f = &r->m.forest;
	if (f->features == 0)
		return mo_fail(err, MO_EINVAL, "num_feature is 0");
	if ((uint64_t)f->features * f->groups > XGB_OUTPUTS_MAX)
		return mo_fail(err, MO_EINVAL, "%u features times %u classes is too much",
			f->features, f->groups);
	if (r->num_feature > f->features)
		return mo_fail(err, MO_EINVAL, "a tree has num_feature %u, the model %u",
			r->num_feature, f->features);
	if (r->names != 0 && r->names != f->features)
		return mo_fail(
			err, MO_EINVAL, "%u feature names for %u features", r->names, f->features);
	for (uint32_t i = 0; i < f->nodes; i++)
		if (f->cover[i].feat >= f->features)
			return mo_fail(err, MO_EINVAL, "a split on feature %u of %u",
				f->cover[i].feat, f->features);
	return 0;
}

/* Dart weights go into the leaves, the default direction into the index of the laid-out row
 * (forest.h). */
static int finish_nodes(struct reader *r, struct mo_err *err)
{
	struct forest *f = &r->m.forest;
	for (uint32_t t = 0; t < f->trees; t++) {
		struct forest_node *node = f->node + f->tree[t].root;
		for (uint32_t i = 0; i < f->tree[t].nodes; i++) {
			if (r->dart)
				node[i].leaf *= r->weight[t];
			if (!isfinite(node[i].leaf))
				return mo_fail(err, MO_EINVAL,
					"tree %u: a weighted leaf is not finite", t);
			if (!isnan(node[i].cond))
				node[i].fidx = f->cover[f->tree[t].root + i].feat +
					       node[i].fidx * f->features;
		}
	}
	return 0;
}

static int finish_base(struct reader *r, struct mo_err *err)
{
	struct forest *f = &r->m.forest;
	f->base = model_calloc(f->groups, sizeof(*f->base));
	if (!f->base)
		return mo_fail(err, MO_ENOMEM, "%u groups", f->groups);
	for (uint32_t g = 0; g < f->groups; g++) {
		f->base[g] = r->base[r->bases == 1 ? 0 : g];
		if (objective_base(r->m.objective, r->m.version, &f->base[g], err) < 0)
			return -1;
	}
	return 0;
}

/* Gives back what growing left over. A failed shrink leaves the block as it was. */
static void shrink(struct forest *f)
{
	void *p = realloc(f->node, (f->nodes + 1) * sizeof(*f->node));
	f->node = p ? p : f->node;
	p = realloc(f->cover, (f->nodes + 1) * sizeof(*f->cover));
	f->cover = p ? p : f->cover;
}

static int parse(struct reader *r, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "learner", read_learner, true },
		{ "version", read_version, true },
	};
	if (xgb_read_object(j, members, MO_COUNT(members), r, err) < 0 ||
		jscan_finish(j, err) < 0 || check_groups(r, err) < 0 || check_trees(r, err) < 0 ||
		check_features(r, err) < 0 || finish_nodes(r, err) < 0 || finish_base(r, err) < 0)
		return -1;
	shrink(&r->m.forest);
	return forest_prepare(&r->m.forest) < 0 ? mo_fail(err, MO_ENOMEM, "forest") : 0;
}

int xgb_model_parse(const char *text, size_t len, struct xgb_model *ret_model, struct mo_err *err)
{
	if (len > XGB_FILE_MAX)
		return mo_fail(
			err, MO_ETOOBIG, "a model of %zu bytes (at most %d)", len, XGB_FILE_MAX);
	struct reader r = { .rounds_end = -1 };
	struct jscan j;
	jscan_init(&j, text, len);
	int rc = parse(&r, &j, err);
	xgb_tree_free(&r.tree);
	free(r.info);
	free(r.weight);
	free(r.base);
	if (rc == 0 && r.names == 0) {
		free(r.m.names);
		r.m.names = NULL;
	}
	if (rc < 0) {
		r.m.forest.features = r.names; /* how many names there are to free */
		xgb_model_free(&r.m);
		return -1;
	}
	*ret_model = r.m;
	return 0;
}

void xgb_model_free(struct xgb_model *m)
{
	for (uint32_t i = 0; m->names && i < m->forest.features; i++)
		free(m->names[i]);
	free(m->names);
	forest_free(&m->forest);
	*m = (struct xgb_model){ 0 };
}
