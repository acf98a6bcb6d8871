/* Objects of a model file read by a table of their members; internal to the XGBoost reader. */
#ifndef MODELOPS_MODEL_XGB_READ_H
#define MODELOPS_MODEL_XGB_READ_H

#include "modelops/model/jscan.h"

/* One known member: READ gets CTX with the cursor on its value. */
struct xgb_member {
	const char *name;
	int (*read)(void *ctx, struct jscan *j, struct mo_err *err);
	bool required;
};

/* Reads the object at the cursor. Unknown members are checked and skipped; a known member twice, or
 * a required one missing, fails. Errors are wrapped with the member's name. At most 32 members. */
int xgb_read_object(struct jscan *j, const struct xgb_member *table, size_t count, void *ctx,
	struct mo_err *err);

/* A count written as text ("100"), at most MAX. */
int xgb_read_count(struct jscan *j, uint64_t max, uint32_t *ret_v, struct mo_err *err);

#endif
