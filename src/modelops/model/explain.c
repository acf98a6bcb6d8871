/* Exact TreeSHAP by quadrature: one walk down and up each tree, four or more points at a time. */
#include "modelops/model/explain.h"

#include "modelops/model/alloc.h"

#include <math.h>
#include <string.h>

enum { LANES = 4 };

typedef double vec
	__attribute__((vector_size(LANES * sizeof(double)))); /* a register type, not a struct */

struct explain {
	const struct forest *f;
	uint32_t blocks; /* points = LANES * blocks, enough for the widest tree */
	double *point, *weight, *base;
	vec point4, weight4; /* the rule of LANES points, exact to 2 * LANES columns */
};

/* The walk of one row: Z per column is 1 unseen, the share kept so far, or -1 once a split was not
 * satisfied. */
struct walk {
	const struct forest_node *node;
	const struct forest_cover *cover;
	const float *x;
	vec point;
	vec *phi;  /* per column, before weights */
	double *z; /* per column */
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

static inline int goes_right(const struct walk *w, uint32_t i)
{
	return !(w->x[w->node[i].fidx] < w->node[i].cond);
}

static inline int is_leaf(const struct walk *w, uint32_t i)
{
	return isnan(w->node[i].cond);
}

static void walk4(struct walk *w, uint32_t i, const vec *c, vec *up);

/* A column's second split on a path that left it already: both sides keep their share of weight,
 * nothing is credited. */
static void walk4_cold(struct walk *w, uint32_t i, const vec *c, vec *up)
{
	const struct forest_cover *v = &w->cover[i];
	uint32_t l = w->node[i].left;
	vec next = *c * (double)v->wl, other;
	walk4(w, l, &next, up);
	next = *c * (double)v->wr;
	walk4(w, l + 1, &next, &other);
	*up = *up * (double)v->wl + other * (double)v->wr;
}

/* C: product over the columns above of z + (o - z) t. UP: the sum over the leaves below of value
 * times the product of the columns below (a repeated column's factor is divided out: F1). */
static void walk4(struct walk *w, uint32_t i, const vec *c, vec *up)
{
	if (is_leaf(w, i)) {
		*up = (vec){ 0 } + (double)w->node[i].leaf;
		return;
	}
	const struct forest_cover *v = &w->cover[i];
	uint32_t right = (uint32_t)goes_right(w, i), left = w->node[i].left;
	double z1 = w->z[v->feat];
	if (v->repeat && z1 < 0) {
		walk4_cold(w, i, c, up);
		return;
	}
	double hot = z1 * (double)(right ? v->wr : v->wl),
	       cold = z1 * (double)(right ? v->wl : v->wr);
	vec f_hot = hot + (1 - hot) * w->point, f_cold = cold - cold * w->point, a = *c,
	    inverse = { 0 };
	if (v->repeat) {
		inverse = 1 / (z1 + (1 - z1) * w->point);
		a *= inverse;
	}
	vec next = a * f_hot, g_hot, g_cold;
	w->z[v->feat] = hot;
	walk4(w, left + right, &next, &g_hot);
	next = a * f_cold;
	w->z[v->feat] = -1;
	walk4(w, left + !right, &next, &g_cold);
	w->z[v->feat] = z1;
	vec credit = a * ((z1 - hot) * g_hot - cold * g_cold),
	    sum = g_hot * f_hot + g_cold * f_cold;
	if (v->repeat) {
		credit *= inverse;
		sum *= inverse;
	}
	w->phi[v->feat] += credit;
	*up = sum;
}

/* The same with any number of blocks; C and the two results live in STACK, one level per depth. */
static void walk_n(struct walk *w, const struct explain *e, uint32_t i, const double *c, double *up,
	double *stack)
{
	uint32_t n = e->blocks * LANES;
	if (is_leaf(w, i)) {
		for (uint32_t k = 0; k < n; k++)
			up[k] = (double)w->node[i].leaf;
		return;
	}
	const struct forest_cover *v = &w->cover[i];
	uint32_t right = (uint32_t)goes_right(w, i), left = w->node[i].left;
	double z1 = w->z[v->feat], *c_next = stack, *g = stack + n, *next = stack + 2 * n;
	double wh = (double)(right ? v->wr : v->wl), wc = (double)(right ? v->wl : v->wr);
	int gone = v->repeat && z1 < 0; /* off this column's path already: shares only, no credit */
	double z = gone ? 1 : z1, hot = z * wh, cold = z * wc,
	       *phi = (double *)(w->phi + (size_t)v->feat * e->blocks);
	for (uint32_t k = 0; k < n; k++)
		c_next[k] =
			gone ? c[k] * wh
			     : c[k] * (hot + (1 - hot) * e->point[k]) / (z + (1 - z) * e->point[k]);
	w->z[v->feat] = gone ? z1 : hot;
	walk_n(w, e, left + right, c_next, up, next);
	for (uint32_t k = 0; k < n; k++)
		c_next[k] = gone ? c[k] * wc
				 : c[k] * (cold - cold * e->point[k]) / (z + (1 - z) * e->point[k]);
	w->z[v->feat] = -1;
	walk_n(w, e, left + !right, c_next, g, next);
	w->z[v->feat] = z1;
	for (uint32_t k = 0; k < n; k++) {
		double t = e->point[k], f1 = z + (1 - z) * t;
		if (gone) {
			up[k] = wh * up[k] + wc * g[k];
			continue;
		}
		phi[k] += c[k] * ((z - hot) * up[k] - cold * g[k]) / (f1 * f1);
		up[k] = ((hot + (1 - hot) * t) * up[k] + (cold - cold * t) * g[k]) / f1;
	}
}

/* Mean of a tree: leaves weighted by the shares above them. Children come after their parent, so
 * back to front. */
static double tree_mean(const struct forest *f, const struct forest_tree *t, double *mean)
{
	for (uint32_t k = t->nodes; k-- > 0;) {
		const struct forest_node *n = &f->node[t->root + k];
		const struct forest_cover *v = &f->cover[t->root + k];
		mean[k] = (double)n->leaf;
		if (!isnan(n->cond)) {
			const double *child = mean + (n->left - t->root);
			mean[k] = (double)v->wl * child[0] + (double)v->wr * child[1];
		}
	}
	return mean[0];
}

static int fill_base(struct explain *e, struct mo_err *err)
{
	const struct forest *f = e->f;
	uint32_t most = 0;
	for (uint32_t t = 0; t < f->trees; t++)
		most = f->tree[t].nodes > most ? f->tree[t].nodes : most;
	double *mean = model_calloc(most, sizeof(*mean));
	if (!mean)
		return mo_fail(err, MO_ENOMEM, "explanation tables");
	for (uint32_t g = 0; g < f->groups; g++)
		e->base[g] = (double)f->base[g];
	for (uint32_t t = 0; t < f->trees; t++)
		e->base[f->tree[t].group] += tree_mean(f, &f->tree[t], mean);
	free(mean);
	return 0;
}

int explain_new(const struct forest *f, struct explain **ret_explain, struct mo_err *err)
{
	uint32_t blocks = (f->unique + 2 * LANES - 1) / (2 * LANES);
	blocks = blocks ? blocks : 1;
	struct explain *e = mo_fault("model.alloc")
				    ? NULL
				    : aligned_alloc(_Alignof(struct explain), sizeof(*e));
	if (!e)
		return mo_fail(err, MO_ENOMEM, "explanation tables");
	*e = (struct explain){ .f = f, .blocks = blocks };
	e->point = model_calloc(blocks * LANES, sizeof(double));
	e->weight = model_calloc(blocks * LANES, sizeof(double));
	e->base = model_calloc(f->groups, sizeof(double));
	if (!e->point || !e->weight || !e->base || fill_base(e, err) < 0) {
		explain_free(e);
		return mo_fail(err, MO_ENOMEM, "explanation tables");
	}
	double point[LANES], weight[LANES];
	legendre(blocks * LANES, e->point, e->weight);
	legendre(LANES, point, weight);
	memcpy(&e->point4, point, sizeof(point));
	memcpy(&e->weight4, weight, sizeof(weight));
	*ret_explain = e;
	return 0;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	free(e->point);
	free(e->weight);
	free(e->base);
	free(e);
}

/* z per column, then phi (LANES * blocks per column), then a stack of two vectors per level, plus
 * alignment. */
size_t explain_scratch(const struct explain *e)
{
	size_t n = (size_t)e->blocks * LANES;
	size_t levels = e->blocks > 1 ? e->f->depth + 2 : 0;
	return e->f->features * (1 + n) + (2 * levels + 2) * n + LANES;
}

static double dot(const double *a, const double *b, uint32_t n)
{
	double sum = 0;
	for (uint32_t k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

/* Adds to OUT what tree T gives each column; narrow trees take four points, wide ones all. */
static void add_tree(
	const struct explain *e, struct walk *w, const struct forest_tree *t, double *stack)
{
	uint32_t n = e->blocks * LANES;
	if (t->unique <= 2 * LANES && e->blocks == 1) {
		vec one = { 1, 1, 1, 1 }, up;
		walk4(w, t->root, &one, &up);
		return;
	}
	for (uint32_t k = 0; k < n; k++)
		stack[k] = 1;
	walk_n(w, e, t->root, stack, stack + n, stack + 2 * n);
}

void explain_row(const struct explain *e, const float *x, double *scratch, double *out)
{
	const struct forest *f = e->f;
	uint32_t n = e->blocks * LANES;
	uintptr_t aligned = ((uintptr_t)scratch + sizeof(vec) - 1) & ~(uintptr_t)(sizeof(vec) - 1);
	vec *phi = (vec *)aligned;
	double *stack = (double *)aligned + (size_t)n * f->features, *z = stack;
	size_t levels = e->blocks > 1 ? f->depth + 2 : 0;
	z += (2 * levels + 2) * n;
	for (uint32_t i = 0; i < f->features; i++)
		z[i] = 1;
	struct walk w = { f->node, f->cover, x, e->point4, phi, z };
	for (uint32_t g = 0; g < f->groups; g++) {
		double *o = out + (size_t)g * (f->features + 1);
		memset(phi, 0, sizeof(double) * n * f->features);
		for (uint32_t t = 0; t < f->trees; t++)
			if (f->tree[t].group == g)
				add_tree(e, &w, &f->tree[t], stack);
		for (uint32_t i = 0; i < f->features; i++)
			o[i] = dot((double *)phi + (size_t)i * n, e->weight, n);
		o[f->features] = e->base[g];
	}
}

double explain_base(const struct explain *e, uint32_t group)
{
	return e->base[group];
}
