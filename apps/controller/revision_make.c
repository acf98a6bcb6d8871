/* Makes the revision of a deployment's newest generation. */
#include "deployments.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/domain/deployment_spec.h"
#include "modelops/store/deployments.h"
#include "modelops/store/models.h"
#include "modelops/store/pool_choice.h"
#include "modelops/store/records.h"
#include "modelops/wire/deployment.h"

#include <stdio.h>

struct making {
	struct controller *ctl;
	struct live_deployment *live;
	struct deployment_spec spec;
	char id[MO_ID_MAX];
	char refused[256];
};

/* The version that the spec means now; what is missing is the user's matter. */
static int find_version(
	struct store_tx *tx, struct making *m, struct model_version **ret, struct mo_err *err)
{
	const struct deployment *dep = m->live->dep;
	struct mo_arena *a = &m->ctl->arena;
	struct model_alias *alias;
	struct model *model;
	int64_t version = m->spec.version;

	if (store_model_find(tx, dep->tenant_id, dep->project_id, m->spec.model, a, &model, err) <
		0)
		return -1;
	if (!version) {
		if (store_model_alias_get(tx, dep->tenant_id, model->id,
			    m->spec.alias ? m->spec.alias : "", a, &alias, err) < 0)
			return -1;
		version = alias->version;
	}
	if (store_model_version_find(tx, dep->tenant_id, model->id, version, a, ret, err) < 0)
		return -1;
	if ((*ret)->state != MV_READY)
		return mo_fail(err, MO_ENOTFOUND, "model '%s' version %lld is not READY",
			m->spec.model, (long long)version);
	return 0;
}

/* What was still starting for an older generation is not wanted any more. */
static int supersede(struct store_tx *tx, struct making *m, struct mo_err *err)
{
	bool moved;

	for (size_t i = 0; i < m->live->nrevs; i++)
		if (m->live->revs[i].state == REVISION_STARTING &&
			store_revision_move(tx, m->live->dep->tenant_id, m->live->revs[i].id,
				REVISION_DRAINING, NO_SETS, &moved, err) < 0)
			return -1;
	return 0;
}

static int find_pool(struct store_tx *tx, struct making *m, struct pool **ret, struct mo_err *err)
{
	struct pool_wish wish = { .tenant = m->live->dep->tenant_id,
		.pool = m->spec.pool,
		.field = "pool",
		.shares = m->spec.shares,
		.device = DEVICE_CPU };

	return store_pool_choose(tx, &wish, &m->ctl->arena, ret, err);
}

/* Without VERSION and POOL: one that failed. */
static int insert(struct store_tx *tx, struct making *m, const struct model_version *version,
	const struct pool *pool, struct mo_err *err)
{
	const struct deployment *dep = m->live->dep;
	struct revision row = { .id = mo_id_new("rev", m->id),
		.tenant_id = dep->tenant_id,
		.deployment_id = dep->id,
		.number = dep->generation,
		.model_version_id = version ? version->id : NULL,
		.spec = dep->spec,
		.replicas = m->spec.replicas.min,
		.concurrency = m->spec.concurrency,
		.pool_id = pool ? pool->id : NULL,
		.shares = m->spec.shares,
		.state = version ? REVISION_STARTING : REVISION_FAILED,
		.created_at = store_now(tx) };

	return store_revision_insert(tx, &row, err);
}

/* The generation cannot be served: said in the deployment, and never tried again. */
static int refuse(struct store_tx *tx, struct making *m, struct mo_err *err)
{
	const struct deployment *dep = m->live->dep;
	bool moved;

	if (insert(tx, m, NULL, NULL, err) < 0)
		return -1;
	if (m->live->current)
		return store_deployment_set(
			tx, dep->tenant_id, dep->id, SETS(SET_TEXT("reason", m->refused)), err);
	return store_deployment_move(tx, dep->tenant_id, dep->id, DEPLOYMENT_FAILED,
		SETS(SET_TEXT("reason", m->refused), SET_TIME("updated_at", store_now(tx))), &moved,
		err);
}

static int make(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct making *m = ctx;
	struct mo_err mine = { 0 };
	struct model_version *version;
	struct pool *pool;

	if (supersede(tx, m, err) < 0)
		return -1;
	if (find_version(tx, m, &version, &mine) == 0 && find_pool(tx, m, &pool, &mine) == 0) {
		if (insert(tx, m, version, pool, err) < 0)
			return -1;
		return store_event(tx, m->live->dep->tenant_id, "deployment", m->live->dep->id,
			"RevisionCreated", "A new revision is rolled out.", err);
	}
	if (mine.code != MO_ENOTFOUND && mine.code != MO_EFIELD) {
		*err = mine;
		return -1;
	}
	snprintf(m->refused, sizeof(m->refused), "%.250s", mine.msg);
	return refuse(tx, m, err);
}

int revision_make(struct controller *ctl, struct live_deployment *live, struct mo_err *err)
{
	struct making m = { .ctl = ctl, .live = live };

	if (wire_deployment_spec_parse(live->dep->spec, &ctl->arena, &m.spec, err) < 0)
		return -1;
	return ctl_write(ctl, make, &m, err);
}
