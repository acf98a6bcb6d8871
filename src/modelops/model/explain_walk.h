/* One tree of TreeSHAP: passes down and up its splits; internal. Compiled twice (plain and AVX2),
 * chosen at load. */
#ifndef MODELOPS_MODEL_EXPLAIN_WALK_H
#define MODELOPS_MODEL_EXPLAIN_WALK_H

#include <stdint.h>

enum { EXPLAIN_LANES = 4 }; /* quadrature points come in blocks of four doubles */

/* A split. They are ordered by level; within a level those without an earlier split on their column
 * come first, so that the branch on PREV is easy to guess. Node numbers count from the tree's root;
 * the right child is left + 1. */
struct explain_split {
	float cond;
	uint32_t fidx; /* into the laid-out row (forest.h) */
	float w[2];    /* share of the training weight that went left, right */
	uint32_t feat, left, self;
	int32_t prev; /* child by which the path left the last split on the same column above; -1:
			 there is none */
};

struct explain_tree {
	const struct explain_split *split;
	const float *leaf; /* value of each node, 0 for splits; STRIDE bytes apart */
	uint32_t splits, nodes, leaf_stride;
};

/* What the splits on one column leave along a path: share of training weight kept; 1 while the row
 * satisfies all, else 0. */
struct explain_path {
	double z, o;
};

/* Vectors of EXPLAIN_LANES * blocks doubles, 32-byte aligned. */
struct explain_space {
	const double *t, *u;       /* points, 1 - points */
	double *c, *g;             /* per node: factors above, sums below */
	struct explain_path *path; /* per node: of the column that the split above it is on */
	double *phi;               /* per column: what it is credited, before weights */
	uint32_t blocks;
};

void explain_walk_plain(
	const struct explain_tree *tree, const float *x, const struct explain_space *s);
void explain_walk_avx2(
	const struct explain_tree *tree, const float *x, const struct explain_space *s);

#endif
