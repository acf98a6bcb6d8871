/* One tree of a model file: its arrays, checked, then appended to a forest; internal to the XGBoost
 * reader. */
#ifndef MODELOPS_MODEL_XGB_TREE_H
#define MODELOPS_MODEL_XGB_TREE_H

#include "modelops/model/forest.h"
#include "modelops/model/jscan.h"

/* Arrays of the tree being read; reused for the next one. All have N entries once read. */
struct xgb_tree {
	int32_t *left, *right, *parent, *feature;
	float *cond, *hess;
	uint8_t *default_left;
	uint32_t *order,
		*unique; /* breadth-first order of the nodes; different columns above each */
	size_t n, cap;
	bool sized; /* N is known: every later array must have as many */
	uint32_t num_nodes, num_deleted, num_feature, leaf_vector;
	int64_t id;
};

/* Reads the object at the cursor; all arrays are as long as tree_param says. */
int xgb_tree_read(struct jscan *j, struct xgb_tree *t, struct mo_err *err);

/* Checks that T is a tree (each node reached once, the rest deleted, depth and indices in range)
 * and appends it to F, whose node arrays have room for *node_cap nodes. Thresholds, leaves and
 * covers are finite already. */
int xgb_tree_append(struct xgb_tree *t, struct forest *f, size_t *node_cap, struct mo_err *err);

void xgb_tree_free(struct xgb_tree *t);

#endif
