/* What a kind of executor provides; ids are already validated. */
#ifndef MODELOPS_EXECUTOR_OPS_H
#define MODELOPS_EXECUTOR_OPS_H

#include "modelops/executor/executor.h"

struct executor_ops {
	void (*free)(void *self);
	int (*start)(void *self, const struct exec_spec *spec, struct mo_err *err);
	int (*observe)(
		void *self, const char *id, struct exec_status *ret_status, struct mo_err *err);
	int (*stop)(void *self, const char *id, int64_t grace_us, struct mo_err *err);
	int (*log)(
		void *self, const char *id, int64_t offset, struct mo_buf *buf, struct mo_err *err);
	int (*forget)(void *self, const char *id, struct mo_err *err);
	int (*list)(void *self, int (*fn)(void *ctx, const char *id, struct mo_err *err), void *ctx,
		struct mo_err *err);
};

extern const struct executor_ops executor_local_ops;

int executor_local_open(const struct exec_local_cfg *cfg, void **ret_self, struct mo_err *err);

#endif
