/* The front of the executors: ids checked, then the implementation's table. */
#include "modelops/executor/executor.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/executor/ops.h"

#include <stdlib.h>
#include <string.h>

struct executor {
	const struct executor_ops *ops;
	void *self;
};

static bool id_ok(const char *id)
{
	return id && (mo_id_valid(id, strlen(id), "att") || mo_id_valid(id, strlen(id), "ins"));
}

static int bad_id(const char *id, struct mo_err *err)
{
	return mo_fail(err, MO_EINVAL, "'%.60s' is no attempt or instance id", id ? id : "");
}

int executor_local(const struct exec_local_cfg *cfg, struct executor **ret_ex, struct mo_err *err)
{
	mo_autofree struct executor *ex = calloc(1, sizeof(*ex));

	if (!ex)
		return mo_fail(err, MO_ENOMEM, "executor");
	ex->ops = &executor_local_ops;
	if (executor_local_open(cfg, &ex->self, err) < 0)
		return -1;
	*ret_ex = MO_TAKE(ex);
	return 0;
}

void executor_free(struct executor *ex)
{
	if (!ex)
		return;
	ex->ops->free(ex->self);
	free(ex);
}

int executor_start(struct executor *ex, const struct exec_spec *spec, struct mo_err *err)
{
	if (!id_ok(spec->id))
		return bad_id(spec->id, err);
	return ex->ops->start(ex->self, spec, err);
}

int executor_observe(
	struct executor *ex, const char *id, struct exec_status *ret_status, struct mo_err *err)
{
	struct exec_status status = { .state = EXEC_ABSENT, .exit_code = -1 };

	if (id_ok(id) && ex->ops->observe(ex->self, id, &status, err) < 0)
		return -1;
	*ret_status = status;
	return 0;
}

int executor_stop(struct executor *ex, const char *id, int64_t grace_us, struct mo_err *err)
{
	return id_ok(id) ? ex->ops->stop(ex->self, id, grace_us, err) : 0;
}

int executor_log(
	struct executor *ex, const char *id, int64_t offset, struct mo_buf *buf, struct mo_err *err)
{
	return id_ok(id) ? ex->ops->log(ex->self, id, offset, buf, err) : 0;
}

int executor_forget(struct executor *ex, const char *id, struct mo_err *err)
{
	return id_ok(id) ? ex->ops->forget(ex->self, id, err) : 0;
}

int executor_list(struct executor *ex, int (*fn)(void *ctx, const char *id, struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	return ex->ops->list(ex->self, fn, ctx, err);
}

const char *exec_state_name(enum exec_state state)
{
	static const char *const names[] = { "ABSENT", "STARTING", "RUNNING", "EXITED", "LOST" };

	MO_ASSERT(state < MO_COUNT(names));
	return names[state];
}
