/* Deployments, revisions and instances; followers are told of every change. */
#include "modelops/store/deployments.h"

#include "modelops/base/id.h"
#include "modelops/store/move.h"
#include "modelops/store/records.h"
#include "modelops/store/rows.h"
#include "modelops/store/work_tables.h"

#include <stdio.h>
#include <string.h>

static int tell(struct store_tx *tx, const struct db_table *t, const char *id, struct mo_err *err)
{
	return db_tell(tx, t, id, "deployment", t == &db_deployments ? "id" : "deployment_id", err);
}

static int move(struct store_tx *tx, const struct db_table *t, const struct state_table *states,
	const char *tenant, const char *id, int to, const struct store_set *sets, size_t nsets,
	bool *ret_moved, struct mo_err *err)
{
	bool moved;

	if (db_move(tx, t, states, tenant, id, to, sets, nsets, &moved, err) < 0)
		return -1;
	*ret_moved = moved;
	return moved ? tell(tx, t, id, err) : 0;
}

static int set(struct store_tx *tx, const struct db_table *t, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	if (db_set(tx, t, tenant, id, sets, nsets, err) < 0)
		return -1;
	return tell(tx, t, id, err);
}

int store_deployment_insert(struct store_tx *tx, const struct deployment *row, struct mo_err *err)
{
	if (db_insert(tx, &db_deployments, row, row->name, err) < 0)
		return -1;
	return store_change(tx, "deployment", row->tenant_id, row->id, err);
}

int store_deployment_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct deployment **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_deployments, tenant, id, a, (void **)ret, err);
}

int store_deployment_find(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *ref, struct mo_arena *a, struct deployment **ret, struct mo_err *err)
{
	return db_find_in_project(
		tx, &db_deployments, tenant, project_id, "dep", ref, a, (void **)ret, err);
}

int store_deployment_list(struct store_tx *tx, const char *tenant,
	const struct store_deployment_filter *f, const struct store_page *page, struct mo_arena *a,
	struct deployment **ret_rows, size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "id <", page->after);
	db_where_text(&w, "project_id =", f ? f->project_id : NULL);
	db_where_text(&w, "state =", f ? f->state : NULL);
	db_where_text(&w, "name =", f ? f->name : NULL);
	return db_list_page(tx, &db_deployments, &w, "ORDER BY id DESC", page->limit, a,
		(void **)ret_rows, ret_n, err);
}

int store_deployment_count(
	struct store_tx *tx, const char *tenant, int64_t limit, int64_t *ret, struct mo_err *err)
{
	return db_int_of(tx,
		"SELECT count(*) FROM (SELECT id FROM deployments WHERE tenant_id = ?1 LIMIT ?2) "
		"AS "
		"few",
		DB_ARGS(DB_T(tenant), DB_I(limit)), ret, err);
}

int store_deployment_live(struct store_tx *tx, const char *after, char (*ret_ids)[MO_ID_MAX],
	size_t max, size_t *ret_n, struct mo_err *err)
{
	return db_ids(tx, "SELECT id FROM deployments WHERE id > ?1 ORDER BY id LIMIT ?2",
		DB_ARGS(DB_T(after ? after : ""), DB_I((int64_t)max)), ret_ids, max, ret_n, err);
}

static int bump(struct store_tx *tx, const char *tenant, const char *id, const char *spec,
	int64_t generation, int64_t now, int64_t *ret_changed, struct mo_err *err)
{
	struct db_arg args[] = { DB_T(id), DB_T(spec), DB_I(now), DB_I(generation), DB_T(tenant) };
	const char *sql =
		tenant ? "UPDATE deployments SET spec = ?2, generation = generation + 1, "
			 "updated_at = ?3 "
			 "WHERE id = ?1 AND (?4 = 0 OR generation = ?4) AND tenant_id = ?5"
		       : "UPDATE deployments SET spec = ?2, generation = generation + 1, "
			 "updated_at = ?3 "
			 "WHERE id = ?1 AND (?4 = 0 OR generation = ?4)";

	return db_exec(tx, sql, args, tenant ? 5 : 4, ret_changed, err);
}

static int generation_of(
	struct store_tx *tx, const char *tenant, const char *id, int64_t *ret, struct mo_err *err)
{
	if (!tenant)
		return db_int_of(tx, "SELECT generation FROM deployments WHERE id = ?1",
			DB_ARGS(DB_T(id)), ret, err);
	return db_int_of(tx, "SELECT generation FROM deployments WHERE id = ?1 AND tenant_id = ?2",
		DB_ARGS(DB_T(id), DB_T(tenant)), ret, err);
}

int store_deployment_respec(struct store_tx *tx, const char *tenant, const char *id,
	const char *spec, int64_t generation, int64_t now, int64_t *ret_generation,
	struct mo_err *err)
{
	int64_t changed, found = 0;

	if (bump(tx, tenant, id, spec, generation, now, &changed, err) < 0 ||
		generation_of(tx, tenant, id, &found, err) < 0)
		return -1;
	if (found == 0)
		return mo_fail(err, MO_ENOTFOUND, "no deployment '%.80s'", id);
	if (!changed)
		return mo_fail(err, MO_EPRECOND, "deployment '%.80s' has generation %lld, not %lld",
			id, (long long)found, (long long)generation);
	*ret_generation = found;
	return tell(tx, &db_deployments, id, err);
}

int store_deployment_move(struct store_tx *tx, const char *tenant, const char *id,
	enum deployment_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err)
{
	return move(tx, &db_deployments, &deployment_states, tenant, id, (int)to, sets, nsets,
		ret_moved, err);
}

int store_deployment_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	return set(tx, &db_deployments, tenant, id, sets, nsets, err);
}

int store_deployment_delete(
	struct store_tx *tx, const char *tenant, const char *id, struct mo_err *err)
{
	struct db_arg args[] = { DB_T(id), DB_T(tenant) };

	if (tell(tx, &db_deployments, id, err) < 0) /* while the row still says whose it is */
		return -1;
	return db_delete(tx,
		tenant ? "DELETE FROM deployments WHERE id = ?1 AND state = 'DELETING' AND "
			 "tenant_id = ?2"
		       : "DELETE FROM deployments WHERE id = ?1 AND state = 'DELETING'",
		args, tenant ? 2 : 1, "deployment", id, err);
}

int store_revision_insert(struct store_tx *tx, const struct revision *row, struct mo_err *err)
{
	if (db_insert(tx, &db_revisions, row, row->id, err) < 0)
		return -1;
	return tell(tx, &db_revisions, row->id, err);
}

int store_revision_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct revision **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_revisions, tenant, id, a, (void **)ret, err);
}

/* Rows of a deployment, newest first. */
static int list_of(struct store_tx *tx, const struct db_table *t, const char *tenant,
	const char *deployment_id, const char *tail, const struct store_page *page,
	struct mo_arena *a, void **ret, size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "deployment_id =", deployment_id);
	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "id <", page ? page->after : NULL);
	return db_list_page(tx, t, &w, tail, page ? page->limit : 10000, a, ret, ret_n, err);
}

int store_revision_list(struct store_tx *tx, const char *tenant, const char *deployment_id,
	const struct store_page *page, struct mo_arena *a, struct revision **ret_rows,
	size_t *ret_n, struct mo_err *err)
{
	return list_of(tx, &db_revisions, tenant, deployment_id, "ORDER BY id DESC", page, a,
		(void **)ret_rows, ret_n, err);
}

int store_revision_live(struct store_tx *tx, const char *deployment_id, const char *current,
	struct mo_arena *a, struct revision **ret_rows, size_t *ret_n, struct mo_err *err)
{
	return db_list(tx, &db_revisions,
		"WHERE deployment_id = ?1 AND (state NOT IN ('GONE', 'FAILED') OR id = ?2 OR "
		"number = (SELECT max(number) FROM revisions WHERE deployment_id = ?1) OR "
		"id IN (SELECT revision_id FROM instances WHERE deployment_id = ?1 AND "
		"state <> 'GONE')) ORDER BY id DESC",
		DB_ARGS(DB_T(deployment_id), DB_T(current ? current : "")), a, (void **)ret_rows,
		ret_n, err);
}

int store_revision_move(struct store_tx *tx, const char *tenant, const char *id,
	enum revision_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err)
{
	return move(tx, &db_revisions, &revision_states, tenant, id, (int)to, sets, nsets,
		ret_moved, err);
}

int store_instance_insert(struct store_tx *tx, const struct instance *row, struct mo_err *err)
{
	if (db_insert(tx, &db_instances, row, row->id, err) < 0)
		return -1;
	return tell(tx, &db_instances, row->id, err);
}

int store_instance_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct instance **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_instances, tenant, id, a, (void **)ret, err);
}

int store_instance_list(struct store_tx *tx, const char *tenant, const char *deployment_id,
	bool live, const struct store_page *page, struct mo_arena *a, struct instance **ret_rows,
	size_t *ret_n, struct mo_err *err)
{
	return list_of(tx, &db_instances, tenant, deployment_id,
		live ? "AND state <> 'GONE' ORDER BY id DESC" : "ORDER BY id DESC", page, a,
		(void **)ret_rows, ret_n, err);
}

int store_instance_move(struct store_tx *tx, const char *tenant, const char *id,
	enum instance_state to, const struct store_set *sets, size_t nsets, bool *ret_moved,
	struct mo_err *err)
{
	return move(tx, &db_instances, &instance_states, tenant, id, (int)to, sets, nsets,
		ret_moved, err);
}

int store_instance_set(struct store_tx *tx, const char *tenant, const char *id,
	const struct store_set *sets, size_t nsets, struct mo_err *err)
{
	return set(tx, &db_instances, tenant, id, sets, nsets, err);
}
