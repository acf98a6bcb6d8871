/* TreeSHAP by quadrature, one tree: factors of the columns above each node go down, sums over its
 * leaves come up.
 *
 * With t a point, u = 1 - t, and for a split: z the share of weight kept by earlier splits on its
 * column and o whether the row satisfied them (both 1 without any), zh and zc the shares kept after
 * it on the row's side and on the other. The column's factor is (zh u + o t) / F on the row's side
 * and zc u / F on the other, F = z u + o t. g of a node is the sum over the leaves below of value
 * times the factors below, c the product of the factors above. With S = zh g_hot + zc g_cold the
 * column is credited c o (z g_hot - S) / F^2, and g = (u S + o t g_hot) / F. */
#include "modelops/model/explain_walk.h"

#include <stddef.h>

typedef double vec __attribute__((
	vector_size(EXPLAIN_LANES * sizeof(double)))); /* a register type, not a struct */

#ifdef MODELOPS_EXPLAIN_AVX2
#define EXPLAIN_WALK explain_walk_avx2
#else
#define EXPLAIN_WALK explain_walk_plain
#endif

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS vec *at(double *vectors, uint32_t i, uint32_t blocks)
{
	return (vec *)(void *)vectors + (size_t)i * blocks;
}

ALWAYS uint32_t goes_right(const struct explain_split *p, const float *x)
{
	return !(x[p->fidx] < p->cond);
}

/* Z and o of the path's earlier splits on P's column. */
ALWAYS struct explain_path path(const struct explain_split *p, const struct explain_space *s)
{
	return p->prev < 0 ? (struct explain_path){ 1, 1 } : s->path[p->prev];
}

ALWAYS void down(const struct explain_split *p, const float *x, const struct explain_space *s,
	uint32_t blocks)
{
	uint32_t right = goes_right(p, x), hot = p->left + right, cold = p->left + !right;
	struct explain_path z = path(p, s);
	double zh = z.z * (double)p->w[right], zc = z.z * (double)p->w[!right];
	s->path[hot] = (struct explain_path){ zh, z.o };
	s->path[cold] = (struct explain_path){ zc, 0 };
	vec *c = at(s->c, p->self, blocks), *c_hot = at(s->c, hot, blocks),
	    *c_cold = at(s->c, cold, blocks);
	vec *inverse = at(s->g, p->self, blocks);
	const vec *u = (const vec *)(const void *)s->u, *t = (const vec *)(const void *)s->t;
	for (uint32_t k = 0; k < blocks; k++) {
		vec a = c[k];
		if (p->prev >= 0) {
			inverse[k] = 1 / (z.z * u[k] + z.o * t[k]);
			a *= inverse[k];
			c[k] = a;
		}
		vec au = a * u[k];
		c_cold[k] = zc * au;
		c_hot[k] = zh * au + z.o * (a - au);
	}
}

ALWAYS void up(const struct explain_split *p, const float *x, const struct explain_space *s,
	uint32_t blocks)
{
	uint32_t right = goes_right(p, x);
	struct explain_path z = path(p, s);
	double zh = z.z * (double)p->w[right], zc = z.z * (double)p->w[!right];
	const vec *g_hot = at(s->g, p->left + right, blocks),
		  *g_cold = at(s->g, p->left + !right, blocks);
	const vec *u = (const vec *)(const void *)s->u, *t = (const vec *)(const void *)s->t;
	vec *g = at(s->g, p->self, blocks), *c = at(s->c, p->self, blocks),
	    *phi = at(s->phi, p->feat, blocks);
	for (uint32_t k = 0; k < blocks; k++) {
		vec sum = zh * g_hot[k] + zc * g_cold[k];
		if (p->prev < 0) {
			vec d = g_hot[k] - sum;
			phi[k] += c[k] * d;
			g[k] = sum + t[k] * d;
		} else {
			vec inverse = g[k];
			phi[k] += z.o * c[k] * inverse * (z.z * g_hot[k] - sum);
			g[k] = (sum * u[k] + z.o * t[k] * g_hot[k]) * inverse;
		}
	}
}

ALWAYS void walk(const struct explain_tree *tree, const float *x, const struct explain_space *s,
	uint32_t blocks)
{
	const char *leaf = (const char *)tree->leaf;
	for (uint32_t i = 0; i < tree->nodes; i++) {
		vec v = (vec){
			0
		} + (double)*(const float *)(const void *)(leaf + (size_t)i * tree->leaf_stride);
		for (uint32_t k = 0; k < blocks; k++)
			at(s->g, i, blocks)[k] = v;
	}
	for (uint32_t k = 0; k < blocks; k++)
		at(s->c, 0, blocks)[k] = (vec){ 0 } + 1;
	for (uint32_t i = 0; i < tree->splits; i++)
		down(&tree->split[i], x, s, blocks);
	for (uint32_t i = tree->splits; i-- > 0;)
		up(&tree->split[i], x, s, blocks);
}

void EXPLAIN_WALK(const struct explain_tree *tree, const float *x, const struct explain_space *s)
{
	if (s->blocks == 1)
		walk(tree, x, s, 1);
	else
		walk(tree, x, s, s->blocks);
}
