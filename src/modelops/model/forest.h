/* Boosted trees as flat arrays: validated once, then walked without a branch per node. */
#ifndef MODELOPS_MODEL_FOREST_H
#define MODELOPS_MODEL_FOREST_H

#include <stddef.h>
#include <stdint.h>

/* Node of a tree, breadth first, the right child follows the left one. A row is laid out twice
 * (forest_row): missing values read as +inf in the first copy (they go right) and as -inf in the
 * second (they go left), so FIDX alone decides where a missing value goes and the step is: i = left
 * + (x[fidx] >= cond). A leaf steps to itself: its COND is NaN and its LEFT is its own index.
 */
struct forest_node {
	float cond;
	uint32_t fidx;
	uint32_t left;
	float leaf; /* value times the tree's weight (dart); 0 for a split */
};

/* What TreeSHAP needs of the same node. */
struct forest_cover {
	float wl, wr;    /* share of this node's training weight that went left, right */
	uint32_t feat;   /* column */
	uint32_t repeat; /* 1: a node above split on the same column */
};

struct forest_tree {
	uint32_t root, nodes;
	uint32_t depth;  /* edges from the root to the deepest leaf */
	uint32_t unique; /* most different columns on one path */
	uint32_t group;  /* output it adds to */
};

struct forest {
	struct forest_node *node;
	struct forest_cover *cover;
	struct forest_tree *tree;
	uint32_t nodes, trees, features, groups;
	uint32_t depth, unique; /* largest of all trees */
	float *base;            /* groups: margin before the first tree */
	uint32_t *root;         /* of each tree; made by forest_prepare like the next */
	uint32_t *walk_depth;   /* deepest of each eight trees */
};

/* Call once when the forest is complete. -1 when memory is out. */
int forest_prepare(struct forest *f);

/* Lays ROW (features values, NaN missing) out in X (2 * features). */
void forest_row(const struct forest *f, const float *row, float *x);

/* Margins of one laid-out row into OUT (groups): base, then every tree in file order, summed in
 * float as XGBoost does, so the result has the same bits. */
void forest_margin(const struct forest *f, const float *x, float *out);

/* Rows that forest_margin_rows lays out at a time: X below holds 2 * features floats for each. */
size_t forest_tile(const struct forest *f);

/* Margins of N rows into OUT (n * groups), a tile of rows at a time; X is scratch. The same bits as
 * forest_margin. */
void forest_margin_rows(const struct forest *f, const float *rows, size_t n, float *x, float *out);

void forest_free(struct forest *f);

#endif
