/* Deployments, revisions and instances. Inserts, moves and sets here append to `changes` by
 * themselves: noun "deployment", the deployment's id, whatever of the three changed. */
#ifndef MODELOPS_STORE_DEPLOYMENTS_H
#define MODELOPS_STORE_DEPLOYMENTS_H

#include "modelops/base/id.h"
#include "modelops/domain/deployment.h"
#include "modelops/store/moves.h"

int store_deployment_insert(struct store_tx *tx, const struct deployment *row, struct mo_err *err);
int store_deployment_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct deployment **ret, struct mo_err *err);

/* The one in PROJECT_ID with this id or name. */
int store_deployment_find(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *ref, struct mo_arena *a, struct deployment **ret, struct mo_err *err);

struct store_deployment_filter {
	const char *project_id, *state, *name;
};
int store_deployment_list(struct store_tx *tx, const char *tenant,
	const struct store_deployment_filter *f, const struct store_page *page, struct mo_arena *a,
	struct deployment **ret_rows, size_t *ret_n, struct mo_err *err);

/* How many deployments TENANT has; counts no further than LIMIT. */
int store_deployment_count(
	struct store_tx *tx, const char *tenant, int64_t limit, int64_t *ret, struct mo_err *err);

/* Oldest first: ids of all deployments of all tenants after id AFTER (NULL: from the first), MAX
 * at most. */
int store_deployment_live(struct store_tx *tx, const char *after, char (*ret_ids)[MO_ID_MAX],
	size_t max, size_t *ret_n, struct mo_err *err);

/* A new spec: generation + 1. MO_EPRECOND when the generation is not GENERATION any more (0:
 * whatever it is). */
int store_deployment_respec(struct store_tx *tx, const char *tenant, const char *id,
	const char *spec, int64_t generation, int64_t now, int64_t *ret_generation,
	struct mo_err *err);
int store_deployment_move(struct store_tx *tx, const char *tenant, const char *id,
	enum deployment_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err);
int store_deployment_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err);

/* Removes the row of a DELETING deployment with its revisions and instances. */
int store_deployment_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err);

int store_revision_insert(struct store_tx *tx, const struct revision *row, struct mo_err *err);
int store_revision_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct revision **ret, struct mo_err *err);

/* Newest first; PAGE NULL: all. */
int store_revision_list(struct store_tx *tx, const char *tenant, const char *deployment_id,
	const struct store_page *page, struct mo_arena *a, struct revision **ret_rows,
	size_t *ret_n, struct mo_err *err);

/* Newest first: those a deployment still has to do with: the newest one, the CURRENT one (may be
 * NULL), those that are neither GONE nor FAILED, and those that have an instance. */
int store_revision_live(struct store_tx *tx, const char *deployment_id, const char *current,
	struct mo_arena *a, struct revision **ret_rows, size_t *ret_n, struct mo_err *err);
int store_revision_move(struct store_tx *tx, const char *tenant, const char *id,
	enum revision_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err);

int store_instance_insert(struct store_tx *tx, const struct instance *row, struct mo_err *err);
int store_instance_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct instance **ret, struct mo_err *err);

/* Newest first; PAGE NULL: all. LIVE: without GONE ones. */
int store_instance_list(struct store_tx *tx, const char *tenant, const char *deployment_id,
	bool live, const struct store_page *page, struct mo_arena *a, struct instance **ret_rows,
	size_t *ret_n, struct mo_err *err);

int store_instance_move(struct store_tx *tx, const char *tenant, const char *id,
	enum instance_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err);
int store_instance_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err);

#endif
