/* Registered models, their versions and aliases. */
#include "modelops/store/models.h"

#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/store/move.h"
#include "modelops/store/rows.h"
#include "modelops/store/work_tables.h"

#include <stdio.h>
#include <string.h>

int store_model_insert(struct store_tx *tx, const struct model *row, struct mo_err *err)
{
	return db_insert(tx, &db_models, row, row->name, err);
}

int store_model_get(struct store_tx *tx, const char *tenant, const char *id, struct mo_arena *a,
	struct model **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_models, tenant, id, a, (void **)ret, err);
}

int store_model_find(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *ref, struct mo_arena *a, struct model **ret, struct mo_err *err)
{
	return db_find_in_project(
		tx, &db_models, tenant, project_id, "mdl", ref, a, (void **)ret, err);
}

int store_model_list(struct store_tx *tx, const char *tenant, const char *project_id,
	const char *name, const struct store_page *page, struct mo_arena *a,
	struct model **ret_rows, size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "id <", page->after);
	db_where_text(&w, "project_id =", project_id);
	db_where_text(&w, "name =", name);
	return db_list_page(tx, &db_models, &w, "ORDER BY id DESC", page->limit, a,
		(void **)ret_rows, ret_n, err);
}

int store_model_next_version(struct store_tx *tx, const char *tenant, const char *model_id,
	int64_t *ret_version, struct mo_err *err)
{
	char name[MO_ID_MAX + 8];

	snprintf(name, sizeof(name), "model:%s", model_id);
	if (db_lock(tx, name, err) < 0)
		return -1;
	return db_int_of(tx,
		"SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE model_id = ?1",
		DB_ARGS(DB_T(model_id)), ret_version, err);
}

int store_model_version_insert(
	struct store_tx *tx, const struct model_version *row, struct mo_err *err)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)row->version);
	return db_insert(tx, &db_model_versions, row, key, err);
}

int store_model_version_get(struct store_tx *tx, const char *tenant, const char *id,
	struct mo_arena *a, struct model_version **ret, struct mo_err *err)
{
	return db_get_owned(tx, &db_model_versions, tenant, id, a, (void **)ret, err);
}

/* The first row of a filtered list, MO_ENOTFOUND naming KEY. */
static int first(struct store_tx *tx, const struct db_table *t, const struct db_where *w,
	const char *tail, const char *key, struct mo_arena *a, void **ret, struct mo_err *err)
{
	void *rows;
	size_t n;

	if (db_list_where(tx, t, w, tail, a, &rows, &n, err) < 0)
		return -1;
	if (n == 0)
		return mo_fail(err, MO_ENOTFOUND, "no %s '%.80s'", t->noun, key);
	*ret = rows;
	return 0;
}

int store_model_version_find(struct store_tx *tx, const char *tenant, const char *model_id,
	int64_t version, struct mo_arena *a, struct model_version **ret, struct mo_err *err)
{
	struct db_where w = { .n = 0 };
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)version);
	db_where_text(&w, "model_id =", model_id);
	db_where_int(&w, "version =", version);
	db_where_text(&w, "tenant_id =", tenant);
	return first(tx, &db_model_versions, &w, "", key, a, (void **)ret, err);
}

int store_model_version_list(struct store_tx *tx, const char *tenant, const char *model_id,
	const struct store_page *page, struct mo_arena *a, struct model_version **ret_rows,
	size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };
	int64_t after;

	db_where_text(&w, "model_id =", model_id);
	db_where_text(&w, "tenant_id =", tenant);
	if (page->after) {
		if (mo_parse_i64(page->after, strlen(page->after), &after) < 0)
			return mo_fail_field(
				err, "cursor", "'%.40s' is no cursor of this list", page->after);
		db_where_int(&w, "version <", after);
	}
	return db_list_page(tx, &db_model_versions, &w, "ORDER BY version DESC", page->limit, a,
		(void **)ret_rows, ret_n, err);
}

int store_model_alias_put(struct store_tx *tx, const struct model_alias *row, struct mo_err *err)
{
	int64_t n;

	if (db_int_of(tx,
		    "SELECT count(*) FROM model_versions WHERE model_id = ?1 AND version = ?2 AND "
		    "tenant_id = ?3",
		    DB_ARGS(DB_T(row->model_id), DB_I(row->version), DB_T(row->tenant_id)), &n,
		    err) < 0)
		return -1;
	if (n == 0)
		return mo_fail(
			err, MO_ENOTFOUND, "no model version '%lld'", (long long)row->version);
	return db_exec(tx,
		"INSERT INTO model_aliases (model_id, alias, tenant_id, version, created_at) "
		"VALUES (?1, ?2, "
		"?3, ?4, ?5) ON CONFLICT (model_id, alias) DO UPDATE SET version = "
		"excluded.version",
		DB_ARGS(DB_T(row->model_id), DB_T(row->alias), DB_T(row->tenant_id),
			DB_I(row->version), DB_I(row->created_at)),
		NULL, err);
}

int store_model_alias_get(struct store_tx *tx, const char *tenant, const char *model_id,
	const char *alias, struct mo_arena *a, struct model_alias **ret, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "model_id =", model_id);
	db_where_text(&w, "alias =", alias);
	db_where_text(&w, "tenant_id =", tenant);
	return first(tx, &db_model_aliases, &w, "", alias, a, (void **)ret, err);
}

int store_model_alias_list(struct store_tx *tx, const char *tenant, const char *model_id,
	const struct store_page *page, struct mo_arena *a, struct model_alias **ret_rows,
	size_t *ret_n, struct mo_err *err)
{
	struct db_where w = { .n = 0 };

	db_where_text(&w, "model_id =", model_id);
	db_where_text(&w, "tenant_id =", tenant);
	db_where_text(&w, "alias >", page->after);
	return db_list_page(tx, &db_model_aliases, &w, "ORDER BY alias", page->limit, a,
		(void **)ret_rows, ret_n, err);
}

int store_model_alias_delete(struct store_tx *tx, const char *tenant, const char *model_id,
	const char *alias, struct mo_err *err)
{
	if (!tenant)
		return db_delete(tx, "DELETE FROM model_aliases WHERE model_id = ?1 AND alias = ?2",
			DB_ARGS(DB_T(model_id), DB_T(alias)), "alias", alias, err);
	return db_delete(tx,
		"DELETE FROM model_aliases WHERE model_id = ?1 AND alias = ?2 AND tenant_id = ?3",
		DB_ARGS(DB_T(model_id), DB_T(alias), DB_T(tenant)), "alias", alias, err);
}
