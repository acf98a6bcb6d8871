/* From the arrays of a tree to flat nodes: breadth first, right child after the left one, every
 * index checked. */
#include "modelops/base/check.h"
#include "modelops/model/alloc.h"
#include "modelops/model/xgb_model.h"
#include "modelops/model/xgb_tree.h"

#include <math.h>

enum { DELETED_PARENT = INT32_MAX };

/* Checks node I and puts its children at the end of the order. */
static int enqueue(struct xgb_tree *t, uint32_t i, size_t *tail, struct mo_err *err)
{
	int32_t l = t->left[i], r = t->right[i];
	if (l == -1 && r == -1)
		return 0;
	int32_t n = (int32_t)t->n;
	if (l <= 0 || r <= 0 || l >= n || r >= n || l == r)
		return mo_fail(
			err, MO_EINVAL, "node %u: children %d and %d of %d nodes", i, l, r, n);
	if (t->parent[l] != (int32_t)i || t->parent[r] != (int32_t)i)
		return mo_fail(err, MO_EINVAL,
			"node %u: its children %d and %d name parents %d and %d", i, l, r,
			t->parent[l], t->parent[r]);
	if (t->feature[i] < 0 || t->feature[i] >= XGB_FEATURES_MAX)
		return mo_fail(err, MO_EINVAL, "node %u: split_indices %d is out of range", i,
			t->feature[i]);
	/* The parents agree, so no node can be put twice and the order cannot grow past n. */
	t->order[(*tail)++] = (uint32_t)l;
	t->order[(*tail)++] = (uint32_t)r;
	return 0;
}

static int order_nodes(struct xgb_tree *t, size_t *ret_reached, struct mo_err *err)
{
	size_t tail = 1;
	t->order[0] = 0;
	if (t->parent[0] != DELETED_PARENT && t->parent[0] != -1)
		return mo_fail(err, MO_EINVAL, "node 0: the root names parent %d", t->parent[0]);
	for (size_t head = 0; head < tail; head++) {
		if (enqueue(t, t->order[head], &tail, err) < 0)
			return -1;
	}
	if (tail + t->num_deleted != t->n)
		return mo_fail(err, MO_EINVAL,
			"%zu of %zu nodes cannot be reached, num_deleted is %u", t->n - tail, t->n,
			t->num_deleted);
	*ret_reached = tail;
	return 0;
}

static int make_room(struct forest *f, size_t *cap, size_t more, struct mo_err *err)
{
	size_t need = f->nodes + more;
	if (need > INT32_MAX)
		return mo_fail(err, MO_EINVAL, "more than %d nodes", INT32_MAX);
	if (need <= *cap)
		return 0;
	size_t want = need + need / 2 + 256;
	struct forest_node *node = model_regrow(f->node, want, sizeof(*node));
	if (node)
		f->node = node;
	struct forest_cover *cover = node ? model_regrow(f->cover, want, sizeof(*cover)) : NULL;
	if (!cover)
		return mo_fail(err, MO_ENOMEM, "%zu nodes", want);
	f->cover = cover;
	*cap = want;
	return 0;
}

/* BranchWeight of XGBoost's shap.cc: a node that saw no rows splits evenly, and no child gets
 * nothing at all, so that nothing is divided by zero later. */
static float share(float child, float parent)
{
	float w = parent > 0 ? child / parent : 0.5f;
	if (!isfinite(w))
		return 0.5f;
	return w < 1e-12f ? 1e-12f : w;
}

/* Whether a node above I (in T's numbering) splits on the same column. */
static bool splits_above(const struct xgb_tree *t, uint32_t i)
{
	for (uint32_t p = i; p != 0;) {
		p = (uint32_t)t->parent[p];
		if (t->feature[p] == t->feature[i])
			return true;
	}
	return false;
}

static void put_leaf(struct forest *f, uint32_t at, float value)
{
	f->node[at] = (struct forest_node){ .cond = NAN, .fidx = 0, .left = at, .leaf = value };
	f->cover[at] = (struct forest_cover){ .wl = 0 };
}

/* FIDX keeps the column and the default direction apart until the number of columns is known
 * (xgb_model.c). */
static void put_split(
	const struct xgb_tree *t, struct forest *f, uint32_t i, uint32_t at, uint32_t left)
{
	f->node[at] = (struct forest_node){
		.cond = t->cond[i], .fidx = t->default_left[i], .left = left
	};
	f->cover[at] = (struct forest_cover){
		.wl = share(t->hess[t->left[i]], t->hess[i]),
		.wr = share(t->hess[t->right[i]], t->hess[i]),
		.feat = (uint32_t)t->feature[i],
		.repeat = splits_above(t, i),
	};
}

static int put_nodes(struct xgb_tree *t, struct forest *f, size_t reached, struct forest_tree *out,
	struct mo_err *err)
{
	uint32_t next = 1, level_end = 1, depth = 0;
	t->unique[0] = 0;
	for (uint32_t k = 0; k < reached; k++) {
		if (k == level_end) {
			level_end = next;
			if (++depth > XGB_DEPTH_MAX)
				return mo_fail(err, MO_EINVAL, "deeper than %d", XGB_DEPTH_MAX);
		}
		uint32_t i = t->order[k], at = out->root + k;
		if (t->left[i] == -1) {
			put_leaf(f, at, t->cond[i]);
			continue;
		}
		put_split(t, f, i, at, out->root + next);
		uint32_t u = t->unique[k] + !f->cover[at].repeat;
		t->unique[next] = t->unique[next + 1] = u;
		out->unique = u > out->unique ? u : out->unique;
		next += 2;
	}
	out->depth = depth;
	return 0;
}

int xgb_tree_append(struct xgb_tree *t, struct forest *f, size_t *node_cap, struct mo_err *err)
{
	size_t reached = 0;
	if (order_nodes(t, &reached, err) < 0 || make_room(f, node_cap, reached, err) < 0)
		return -1;
	struct forest_tree tree = { .root = f->nodes, .nodes = (uint32_t)reached };
	if (put_nodes(t, f, reached, &tree, err) < 0)
		return -1;
	f->nodes += (uint32_t)reached;
	f->tree[f->trees++] = tree;
	f->depth = tree.depth > f->depth ? tree.depth : f->depth;
	f->unique = tree.unique > f->unique ? tree.unique : f->unique;
	return 0;
}
