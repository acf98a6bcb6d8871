/* Walks flat trees: eight chains side by side hide the latency of each step. */
#include "modelops/model/forest.h"

#include "modelops/model/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8, CHECK_EVERY = 8, TILE_MAX = 64, TILE_BYTES = 16384 };

void forest_row(const struct forest *f, const float *row, float *x)
{
	float *left = x + f->features;
	for (uint32_t i = 0; i < f->features; i++) {
		float v = row[i];
		x[i] = isnan(v) ? INFINITY : v;
		left[i] = isnan(v) ? -INFINITY : v;
	}
}

static inline uint32_t step(const struct forest_node *node, const float *x, uint32_t i)
{
	const struct forest_node *n = &node[i];
	return n->left +
	       (x[n->fidx] >= n->cond); /* neither is NaN in a split: the same as !(x < cond) */
}

/* Moves LANES chains down to their leaves: chain K starts at AT[K] in the laid-out row X + K *
 * STRIDE. The chains live in registers: they are independent, so their loads overlap. (AVX2 gathers
 * took twice the time on Zen 4.) Uneven deep trees stop when no chain moved for CHECK_EVERY levels.
 */
static inline void walk(const struct forest_node *node, const float *x, size_t stride,
	uint32_t depth, uint32_t at[LANES])
{
	uint32_t i[LANES], moved;
	memcpy(i, at, sizeof(i));
	do {
		uint32_t levels = depth < CHECK_EVERY ? depth : CHECK_EVERY;
		for (uint32_t d = 0; d < levels; d++)
#pragma GCC unroll 8
			for (int k = 0; k < LANES; k++)
				i[k] = step(node, x + (size_t)k * stride, i[k]);
		moved = 0;
		for (int k = 0; k < LANES; k++) {
			moved |= i[k] ^ at[k];
			at[k] = i[k];
		}
		depth -= levels;
	} while (depth && moved);
}

int forest_prepare(struct forest *f)
{
	f->root = model_calloc(f->trees, sizeof(*f->root));
	f->walk_depth = model_calloc(f->trees / LANES, sizeof(*f->walk_depth));
	if (!f->root || !f->walk_depth)
		return -1;
	for (uint32_t t = 0; t < f->trees; t++) {
		f->root[t] = f->tree[t].root;
		if (t / LANES < f->trees / LANES && f->tree[t].depth > f->walk_depth[t / LANES])
			f->walk_depth[t / LANES] = f->tree[t].depth;
	}
	return 0;
}

static uint32_t walk_one(const struct forest *f, const struct forest_tree *t, const float *x)
{
	uint32_t i = t->root;
	for (uint32_t next; (next = step(f->node, x, i)) != i;)
		i = next;
	return i;
}

/* One output: the sum stays in a register. */
static void margin_one(const struct forest *f, const float *x, float *out)
{
	float sum = f->base[0];
	uint32_t t = 0, at[LANES];
	for (; t + LANES <= f->trees; t += LANES) {
		memcpy(at, f->root + t, sizeof(at));
		walk(f->node, x, 0, f->walk_depth[t / LANES], at);
		for (int k = 0; k < LANES; k++)
			sum += f->node[at[k]].leaf;
	}
	for (; t < f->trees; t++)
		sum += f->node[walk_one(f, &f->tree[t], x)].leaf;
	out[0] = sum;
}

void forest_margin(const struct forest *f, const float *x, float *out)
{
	if (f->groups == 1) {
		margin_one(f, x, out);
		return;
	}
	for (uint32_t g = 0; g < f->groups; g++)
		out[g] = f->base[g];
	uint32_t t = 0, at[LANES];
	for (; t + LANES <= f->trees; t += LANES) {
		memcpy(at, f->root + t, sizeof(at));
		walk(f->node, x, 0, f->walk_depth[t / LANES], at);
		for (int k = 0; k < LANES; k++)
			out[f->tree[t + (uint32_t)k].group] += f->node[at[k]].leaf;
	}
	for (; t < f->trees; t++)
		out[f->tree[t].group] += f->node[walk_one(f, &f->tree[t], x)].leaf;
}

/* Leaves of LANES rows in one tree. */
static void walk_rows(
	const struct forest *f, const struct forest_tree *t, const float *x, uint32_t at[LANES])
{
	for (int k = 0; k < LANES; k++)
		at[k] = t->root;
	walk(f->node, x, 2 * (size_t)f->features, t->depth, at);
}

/* N laid-out rows, N a multiple of LANES: all of them pass one tree before the next is touched, so
 * that its nodes are read into the cache once. */
static void margin_tile(const struct forest *f, const float *x, size_t n, float *out)
{
	uint32_t at[LANES];
	for (size_t k = 0; k < n; k++)
		memcpy(out + k * f->groups, f->base, f->groups * sizeof(*out));
	for (uint32_t t = 0; t < f->trees; t++)
		for (size_t i = 0; i < n; i += LANES) {
			walk_rows(f, &f->tree[t], x + 2 * i * f->features, at);
			float *o = out + i * f->groups + f->tree[t].group;
			for (size_t k = 0; k < LANES; k++)
				o[k * f->groups] += f->node[at[k]].leaf;
		}
}

size_t forest_tile(const struct forest *f)
{
	size_t rows = TILE_BYTES / (2 * sizeof(float) * f->features) / LANES * LANES;
	return rows < LANES ? LANES : rows > TILE_MAX ? TILE_MAX : rows;
}

void forest_margin_rows(const struct forest *f, const float *rows, size_t n, float *x, float *out)
{
	size_t width = f->features, most = forest_tile(f), i = 0;
	while (n - i >= LANES) {
		size_t tile = (n - i < most ? n - i : most) / LANES * LANES;
		for (size_t k = 0; k < tile; k++)
			forest_row(f, rows + (i + k) * width, x + 2 * k * width);
		margin_tile(f, x, tile, out + i * f->groups);
		i += tile;
	}
	for (; i < n; i++) {
		forest_row(f, rows + i * width, x);
		forest_margin(f, x, out + i * f->groups);
	}
}

void forest_free(struct forest *f)
{
	free(f->node);
	free(f->cover);
	free(f->tree);
	free(f->base);
	free(f->root);
	free(f->walk_depth);
	*f = (struct forest){ 0 };
}
