/* Reads the arrays of one tree; nothing is sized by a number in the file, only by elements that are
 * there. */
#include "modelops/model/xgb_tree.h"

#include "modelops/base/check.h"
#include "modelops/model/alloc.h"
#include "modelops/model/xgb_read.h"

#include <limits.h>
#include <string.h>

/* Elements of the array at the cursor: commas before the first ']' plus one. No strings stand in
 * these arrays. */
static size_t count_elements(const struct jscan *j)
{
	const char *end = memchr(j->p, ']', (size_t)(j->end - j->p));
	size_t commas = 0;
	for (const char *p = j->p; end && p < end; p++)
		commas += *p == ',';
	return commas + 1;
}

static int grow(struct xgb_tree *t, size_t n)
{
	void **arrays[] = { (void **)&t->left, (void **)&t->right, (void **)&t->parent,
		(void **)&t->feature, (void **)&t->cond, (void **)&t->hess, (void **)&t->order,
		(void **)&t->unique };
	for (size_t i = 0; i < MO_COUNT(arrays); i++) {
		free(*arrays[i]);
		*arrays[i] = NULL;
	}
	free(t->default_left);
	t->default_left = NULL;
	t->cap = 0;
	for (size_t i = 0; i < MO_COUNT(arrays); i++)
		if (!(*arrays[i] = model_calloc(n, 4)))
			return -1;
	if (!(t->default_left = model_calloc(n, 1)))
		return -1;
	t->cap = n;
	return 0;
}

/* The first array of a tree says how many nodes there are; memory follows it. */
static int size_tree(struct jscan *j, struct xgb_tree *t, struct mo_err *err)
{
	if (t->sized)
		return 0;
	t->n = count_elements(j);
	t->sized = true;
	if (t->n > INT32_MAX / 4)
		return jscan_fail(j, err, "a tree of %zu nodes", t->n);
	if (t->n > t->cap && grow(t, t->n) < 0)
		return mo_fail(err, MO_ENOMEM, "a tree of %zu nodes", t->n);
	return 0;
}

enum kind { KIND_INT, KIND_FLOAT, KIND_COVER, KIND_BOOL, KIND_ZERO, KIND_ANY };

static int read_int(struct jscan *j, int32_t *out, struct mo_err *err)
{
	int64_t v = 0;
	if (jscan_i64(j, &v, err) < 0)
		return -1;
	if (v < INT32_MIN || v > INT32_MAX)
		return jscan_fail(j, err, "%lld is out of range", (long long)v);
	*out = (int32_t)v;
	return 0;
}

/* 0, 1, false or true. */
static int read_bool(struct jscan *j, uint8_t *out, struct mo_err *err)
{
	char c = jscan_peek(j);
	if (c == 't' || c == 'f') {
		*out = c == 't';
		return jscan_skip(j, err);
	}
	int32_t v = 0;
	if (read_int(j, &v, err) < 0)
		return -1;
	if (v != 0 && v != 1)
		return jscan_fail(j, err, "%d is not 0 or 1", v);
	*out = (uint8_t)v;
	return 0;
}

static int read_element(struct jscan *j, enum kind kind, void *array, size_t i, struct mo_err *err)
{
	int32_t zero = 0;
	switch (kind) {
	case KIND_INT:
		return read_int(j, (int32_t *)array + i, err);
	case KIND_FLOAT:
	case KIND_COVER:
		if (jscan_float(j, (float *)array + i, err) < 0)
			return -1;
		if (kind == KIND_COVER && ((float *)array)[i] < 0)
			return jscan_fail(j, err, "%g is negative", (double)((float *)array)[i]);
		return 0;
	case KIND_BOOL:
		return read_bool(j, (uint8_t *)array + i, err);
	case KIND_ZERO:
		if (read_int(j, &zero, err) < 0)
			return -1;
		return zero ? jscan_fail(j, err, "categorical splits are not supported") : 0;
	case KIND_ANY:
		break;
	}
	return jscan_skip(j, err);
}

/* One array with an entry per node; ARRAY is read after sizing, so it comes by address. */
static int read_array(struct xgb_tree *t, struct jscan *j, enum kind kind, void *array_address,
	struct mo_err *err)
{
	if (jscan_enter(j, '[', err) < 0 || size_tree(j, t, err) < 0)
		return -1;
	void *array = array_address ? *(void **)array_address : NULL;
	size_t count = 0;
	int more;
	while ((more = jscan_element(j, &count, err)) > 0) {
		if (count > t->n)
			return jscan_fail(j, err, "more than %zu entries", t->n);
		if (read_element(j, kind, array, count - 1, err) < 0)
			return -1;
	}
	if (more == 0 && count != t->n)
		return jscan_fail(j, err, "%zu entries for %zu nodes", count, t->n);
	return more;
}

#define NODE_ARRAY(field, kind, address) \
	static int read_##field(void *ctx, struct jscan *j, struct mo_err *err) \
	{ \
		struct xgb_tree *t = ctx; \
		return read_array(t, j, kind, address, err); \
	}

NODE_ARRAY(left, KIND_INT, &t->left)
NODE_ARRAY(right, KIND_INT, &t->right)
NODE_ARRAY(parent, KIND_INT, &t->parent)
NODE_ARRAY(feature, KIND_INT, &t->feature)
NODE_ARRAY(cond, KIND_FLOAT, &t->cond)
NODE_ARRAY(hess, KIND_COVER, &t->hess)
NODE_ARRAY(default_left, KIND_BOOL, &t->default_left)
NODE_ARRAY(split_type, KIND_ZERO, NULL)
NODE_ARRAY(unused, KIND_ANY, NULL)

static int read_id(void *ctx, struct jscan *j, struct mo_err *err)
{
	return jscan_i64(j, &((struct xgb_tree *)ctx)->id, err);
}

static int read_categories(void *ctx, struct jscan *j, struct mo_err *err)
{
	size_t count = 0;
	if (jscan_enter(j, '[', err) < 0)
		return -1;
	int more = jscan_element(j, &count, err);
	return more > 0 ? jscan_fail(j, err, "categorical splits are not supported") : more;
}

#define TREE_COUNT(field, max) \
	static int read_##field(void *ctx, struct jscan *j, struct mo_err *err) \
	{ \
		return xgb_read_count(j, max, &((struct xgb_tree *)ctx)->field, err); \
	}

TREE_COUNT(num_nodes, INT32_MAX)
TREE_COUNT(num_deleted, INT32_MAX)
TREE_COUNT(num_feature, INT32_MAX)
TREE_COUNT(leaf_vector, INT32_MAX)

static int read_param(void *ctx, struct jscan *j, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "num_nodes", read_num_nodes, true },
		{ "num_deleted", read_num_deleted, false },
		{ "num_feature", read_num_feature, false },
		{ "size_leaf_vector", read_leaf_vector, false },
	};
	return xgb_read_object(j, members, MO_COUNT(members), ctx, err);
}

int xgb_tree_read(struct jscan *j, struct xgb_tree *t, struct mo_err *err)
{
	static const struct xgb_member members[] = {
		{ "id", read_id, false },
		{ "left_children", read_left, true },
		{ "right_children", read_right, true },
		{ "parents", read_parent, true },
		{ "split_indices", read_feature, true },
		{ "split_conditions", read_cond, true },
		{ "sum_hessian", read_hess, true },
		{ "default_left", read_default_left, true },
		{ "base_weights", read_unused, false },
		{ "loss_changes", read_unused, false },
		{ "split_type", read_split_type, false },
		{ "categories", read_categories, false },
		{ "categories_nodes", read_categories, false },
		{ "categories_segments", read_categories, false },
		{ "categories_sizes", read_categories, false },
		{ "tree_param", read_param, true },
	};
	t->sized = false;
	t->num_deleted = t->num_feature = t->leaf_vector = 0;
	t->id = -1;
	if (xgb_read_object(j, members, MO_COUNT(members), t, err) < 0)
		return -1;
	if (t->leaf_vector > 1)
		return jscan_fail(j, err, "size_leaf_vector is %u: vector leaves are not supported",
			t->leaf_vector);
	if (t->num_nodes != t->n)
		return jscan_fail(
			j, err, "num_nodes is %u, the arrays have %zu entries", t->num_nodes, t->n);
	return 0;
}

void xgb_tree_free(struct xgb_tree *t)
{
	free(t->left);
	free(t->right);
	free(t->parent);
	free(t->feature);
	free(t->cond);
	free(t->hess);
	free(t->default_left);
	free(t->order);
	free(t->unique);
	*t = (struct xgb_tree){ 0 };
}
