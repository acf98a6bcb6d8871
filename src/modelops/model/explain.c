/* Exact TreeSHAP by quadrature: the tables of a forest and the loop over its trees. */
#include "modelops/model/explain.h"

#include "modelops/model/alloc.h"
#include "modelops/model/explain_walk.h"

#include <math.h>
#include <string.h>

enum { ALIGN = EXPLAIN_LANES * sizeof(double) };

struct explain {
	const struct forest *f;
	struct explain_split *split; /* of all trees */
	struct explain_tree *tree;
	uint32_t points, most_nodes;
	double *rule; /* t, u and weights: points each, aligned */
	double *base;
	void (*walk)(const struct explain_tree *, const float *, const struct explain_space *);
};

/* Gauss-Legendre nodes and weights on [0,1] by Newton's method (Abramowitz & Stegun 25.4.30). */
static void legendre(uint32_t n, double *point, double *weight)
{
	for (uint32_t i = 0; i < n; i++) {
		double x = cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
		for (int round = 0; round < 100; round++) {
			double p = 1, before = 0;
			for (uint32_t k = 1; k <= n; k++) {
				double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
				before = p;
				p = next;
			}
			slope = n * (x * p - before) / (x * x - 1);
			double dx = p / slope;
			x -= dx;
			if (fabs(dx) < 1e-16)
				break;
		}
		point[i] = 0.5 * (1 - x);
		weight[i] = 1 / ((1 - x * x) * slope * slope);
	}
}

/* Child by which the path to node I (of a tree at ROOT) left the last split on column FEAT; -1 when
 * none is above. */
static int32_t find_prev(
	const struct forest *f, uint32_t root, const uint32_t *parent, uint32_t i, uint32_t feat)
{
	for (uint32_t child = i; child != 0; child = parent[child])
		if (f->cover[root + parent[child]].feat == feat)
			return (int32_t)child;
	return -1;
}

/* Within one level: splits without an earlier one on their column first. */
static void partition(struct explain_split *split, uint32_t first, uint32_t end)
{
	for (uint32_t k = first; k < end; k++)
		if (split[k].prev < 0) {
			struct explain_split other = split[first];
			split[first++] = split[k];
			split[k] = other;
		}
}

/* PARENT has room for the tree's nodes. */
static void make_tree(struct explain *e, const struct forest_tree *t, struct explain_tree *out,
	struct explain_split *split, uint32_t *parent)
{
	const struct forest *f = e->f;
	uint32_t level_end = 1, next = 1, first = 0;
	*out = (struct explain_tree){ .split = split,
		.leaf = &f->node[t->root].leaf,
		.nodes = t->nodes,
		.leaf_stride = sizeof(struct forest_node) };
	for (uint32_t i = 0; i < t->nodes; i++) {
		const struct forest_node *n = &f->node[t->root + i];
		const struct forest_cover *v = &f->cover[t->root + i];
		if (i == level_end) {
			partition(split, first, out->splits);
			first = out->splits;
			level_end = next;
		}
		if (isnan(n->cond))
			continue;
		uint32_t left = n->left - t->root;
		parent[left] = parent[left + 1] = i;
		next = left + 2;
		split[out->splits++] =
			(struct explain_split){ n->cond, n->fidx, { v->wl, v->wr }, v->feat, left,
				i, v->repeat ? find_prev(f, t->root, parent, i, v->feat) : -1 };
	}
}

/* Mean of a tree: leaves weighted by the shares above them. Children come after their parent, so
 * back to front. */
static double tree_mean(const struct explain_tree *t, const struct forest_node *node, double *mean)
{
	for (uint32_t i = 0; i < t->nodes; i++)
		mean[i] = (double)node[i].leaf;
	for (uint32_t k = t->splits; k-- > 0;) {
		const struct explain_split *p = &t->split[k];
		mean[p->self] =
			(double)p->w[0] * mean[p->left] + (double)p->w[1] * mean[p->left + 1];
	}
	return mean[0];
}

static int make_trees(struct explain *e)
{
	const struct forest *f = e->f;
	uint32_t at = 0;
	for (uint32_t t = 0; t < f->trees; t++)
		e->most_nodes = f->tree[t].nodes > e->most_nodes ? f->tree[t].nodes : e->most_nodes;
	double *scratch = model_calloc(e->most_nodes, sizeof(double));
	if (!scratch)
		return -1;
	for (uint32_t g = 0; g < f->groups; g++)
		e->base[g] = (double)f->base[g];
	for (uint32_t t = 0; t < f->trees; t++) {
		make_tree(e, &f->tree[t], &e->tree[t], e->split + at, (uint32_t *)scratch);
		at += e->tree[t].splits;
		e->base[f->tree[t].group] +=
			tree_mean(&e->tree[t], f->node + f->tree[t].root, scratch);
	}
	free(scratch);
	return 0;
}

static int make_rule(struct explain *e)
{
	uint32_t n = e->points;
	e->rule = mo_fault("model.alloc") ? NULL : aligned_alloc(ALIGN, 3 * n * sizeof(double));
	if (!e->rule)
		return -1;
	legendre(n, e->rule, e->rule + 2 * n);
	for (uint32_t k = 0; k < n; k++)
		e->rule[n + k] = 1 - e->rule[k];
	return 0;
}

int explain_new(const struct forest *f, struct explain **ret_explain, struct mo_err *err)
{
	struct explain *e = model_calloc(1, sizeof(*e));
	if (!e)
		return mo_fail(err, MO_ENOMEM, "explanation tables");
	uint32_t blocks = (f->unique + 2 * EXPLAIN_LANES - 1) / (2 * EXPLAIN_LANES);
	e->f = f;
	e->points = EXPLAIN_LANES * (blocks ? blocks : 1);
	e->walk = explain_walk_plain;
#ifdef MODELOPS_EXPLAIN_HAS_AVX2
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		e->walk = explain_walk_avx2;
#endif
	e->split = model_calloc(
		f->nodes / 2, sizeof(*e->split)); /* a binary tree has fewer splits than leaves */
	e->tree = model_calloc(f->trees, sizeof(*e->tree));
	e->base = model_calloc(f->groups, sizeof(*e->base));
	if (!e->split || !e->tree || !e->base || make_rule(e) < 0 || make_trees(e) < 0) {
		explain_free(e);
		return mo_fail(err, MO_ENOMEM, "explanation tables");
	}
	*ret_explain = e;
	return 0;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	free(e->split);
	free(e->tree);
	free(e->rule);
	free(e->base);
	free(e);
}

size_t explain_scratch(const struct explain *e)
{
	return (size_t)e->points * (e->f->features + 2 * (size_t)e->most_nodes) +
	       2 * (size_t)e->most_nodes + EXPLAIN_LANES;
}

static double dot(const double *a, const double *b, uint32_t n)
{
	double sum = 0;
	for (uint32_t k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

void explain_row(const struct explain *e, const float *x, double *scratch, double *out)
{
	const struct forest *f = e->f;
	size_t n = e->points;
	uintptr_t skip = (ALIGN - (uintptr_t)scratch % ALIGN) % ALIGN / sizeof(double);
	double *phi = scratch + skip, *c = phi + n * f->features, *g = c + n * e->most_nodes;
	struct explain_path *path = (struct explain_path *)(g + n * e->most_nodes);
	struct explain_space s = { e->rule, e->rule + n, c, g, path, phi,
		e->points / EXPLAIN_LANES };
	for (uint32_t group = 0; group < f->groups; group++) {
		double *o = out + (size_t)group * (f->features + 1);
		memset(phi, 0, sizeof(double) * n * f->features);
		for (uint32_t t = 0; t < f->trees; t++)
			if (f->tree[t].group == group)
				e->walk(&e->tree[t], x, &s);
		for (uint32_t i = 0; i < f->features; i++)
			o[i] = dot(phi + i * n, e->rule + 2 * n, e->points);
		o[f->features] = e->base[group];
	}
}
