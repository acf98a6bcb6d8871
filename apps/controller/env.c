/* The whole environment of a workload: nothing of the controller's own leaks into it. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/line.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ENV_MAX = 24, THREADS_MAX = 256 /* of SERVING_THREADS */ };

struct env {
	struct mo_arena *arena;
	const char **list;
	size_t n;
	bool failed;
};

static void add(struct env *e, const char *name, const char *value)
{
	char *text = mo_arena_printf(e->arena, "%s=%s", name, value);

	MO_ASSERT(e->n + 1 < ENV_MAX);
	e->failed = e->failed || !text;
	e->list[e->n++] = text;
	e->list[e->n] = NULL;
}

/* The API writes its address when it listens; it may have moved since the last start. */
static int door(struct controller *ctl, char out[300], struct mo_err *err)
{
	char path[512], address[256];

	if (ctl->cfg->door_url) {
		snprintf(out, 300, "%s", ctl->cfg->door_url);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/run/api.door", ctl->cfg->data);
	if (mo_line_read(path, address, sizeof(address)) < 0)
		return mo_fail(err, MO_EUNAVAIL, "the API's address is not known yet ('%s')", path);
	snprintf(out, 300, "%s/v1/workload", address);
	return 0;
}

static int begin(struct controller *ctl, struct env *e, const char *id, const char *tenant,
	const char *project, struct mo_err *err)
{
	char url[300], token[WORKLOAD_TOKEN_TEXT];

	*e = (struct env){ .arena = &ctl->arena };
	e->list = mo_arena_zalloc(&ctl->arena, ENV_MAX * sizeof(*e->list));
	if (!e->list)
		return mo_fail(err, MO_ENOMEM, "environment of '%s'", id);
	if (door(ctl, url, err) < 0)
		return -1;
	workload_token(&ctl->key, id, tenant, token);
	add(e, "PATH", "/usr/local/bin:/usr/bin:/bin");
	add(e, "LANG", "C.UTF-8");
	add(e, "TZ", "UTC");
	add(e, "MODELOPS_RUN_URL", url);
	add(e, "MODELOPS_RUN_TOKEN", token);
	add(e, "MODELOPS_ATTEMPT_ID", id);
	add(e, "TENANT_ID", tenant);
	add(e, "PROJECT_ID", project);
	explicit_bzero(token, sizeof(token));
	return 0;
}

static int end(const struct env *e, const char *const **ret, struct mo_err *err)
{
	if (e->failed)
		return mo_fail(err, MO_ENOMEM, "environment");
	*ret = e->list;
	return 0;
}

/* A share of a CPU pool is a core. */
static void threads_of(int64_t shares, char out[24])
{
	int64_t n = shares < 1 ? 1 : shares > THREADS_MAX ? THREADS_MAX : shares;

	snprintf(out, 24, "%lld", (long long)n);
}

int env_of_step(struct controller *ctl, const struct run_step *step, const char *const **ret,
	struct mo_err *err)
{
	struct env e;
	char threads[24];

	if (begin(ctl, &e, step->attempt_id, step->tenant_id, step->project_id, err) < 0)
		return -1;
	threads_of(step->shares, threads);
	add(&e, "RUN_ID", step->run_id);
	add(&e, "STEP_NAME", step->name);
	if (step->device == DEVICE_CPU)
		add(&e, "OMP_NUM_THREADS", threads);
	return end(&e, ret, err);
}

int env_of_instance(struct controller *ctl, const struct deployment *dep,
	const struct revision *rev, const struct instance *ins, const char *const **ret,
	struct mo_err *err)
{
	struct env e;
	char secret[WORKLOAD_SECRET_TEXT], number[24], threads[24];

	if (begin(ctl, &e, ins->id, dep->tenant_id, dep->project_id, err) < 0)
		return -1;
	workload_instance_secret(&ctl->key, ins->id, secret);
	snprintf(number, sizeof(number), "%lld", (long long)rev->concurrency);
	threads_of(rev->shares, threads);
	add(&e, "SERVING_MODEL_DIR", "in");
	add(&e, "SERVING_LISTEN", "unix:s");
	add(&e, "SERVING_MAX_CONCURRENCY", number);
	add(&e, "SERVING_THREADS", threads);
	add(&e, "INSTANCE_ID", ins->id);
	add(&e, "INSTANCE_SECRET", secret);
	add(&e, "DEPLOYMENT_ID", dep->id);
	add(&e, "MODEL_VERSION", rev->model_version_id);
	explicit_bzero(secret, sizeof(secret));
	return end(&e, ret, err);
}
