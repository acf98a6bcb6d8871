/* Counts over several nouns. */
#include "modelops/store/overview.h"

#include "modelops/domain/state.h"
#include "modelops/store/db.h"

#include <string.h>

static int queued_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct store_queued *q = ctx;
	q->steps = db_int(row, 0);
	q->shares = db_int(row, 1);
	return 0;
}

int store_pool_queued(
	struct store_tx *tx, const char *pool_id, struct store_queued *ret, struct mo_err *err)
{
	struct store_queued q = { 0 };
	if (db_run(tx,
		    "SELECT count(*), CAST(coalesce(sum(shares), 0) AS BIGINT) FROM run_steps"
		    " WHERE state = 'QUEUED' AND pool_id = ?1",
		    DB_ARGS(DB_T(pool_id)), queued_row, &q, NULL, err) < 0)
		return -1;
	*ret = q;
	return 0;
}

struct holders {
	struct mo_arena *a;
	struct fit_holder *at;
	size_t n, cap;
};

static int holder_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct holders *h = ctx;
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 16;
		struct fit_holder *more = mo_arena_alloc(h->a, cap * sizeof(*more));
		if (!more)
			return mo_fail(err, MO_ENOMEM, "holders of a pool");
		if (h->n)
			memcpy(more, h->at, h->n * sizeof(*more));
		h->at = more;
		h->cap = cap;
	}
	int64_t since = db_int(row, 1), limit_s = db_int(row, 2);
	h->at[h->n++] = (struct fit_holder){
		.shares = db_int(row, 0),
		.ends_at = limit_s ? since + limit_s * INT64_C(1000000) : 0,
	};
	return 0;
}

int store_pool_holders(struct store_tx *tx, const char *pool_id, struct mo_arena *a,
	struct fit_holder **ret, size_t *ret_n, struct mo_err *err)
{
	struct holders h = { .a = a };
	if (db_run(tx,
		    "SELECT p.shares, coalesce(p.bound_at, p.reserved_at), "
		    "coalesce(s.max_runtime_s, 0)"
		    " FROM pool_allocations p LEFT JOIN run_steps s ON s.attempt_id = p.owner_id"
		    " WHERE p.pool_id = ?1 AND p.state <> 'RELEASED'",
		    DB_ARGS(DB_T(pool_id)), holder_row, &h, NULL, err) < 0)
		return -1;
	*ret = h.at;
	*ret_n = h.n;
	return 0;
}

struct waiting {
	int (*row)(void *ctx, const struct store_waiting *w, struct mo_err *err);
	void *ctx;
};

static int waiting_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	const struct waiting *w = ctx;
	const struct store_waiting one = { .pool_id = db_text(row, 0),
		.tenant_id = db_text(row, 1),
		.deployment_id = db_text(row, 2),
		.shares = db_int(row, 3),
		.since = db_int(row, 4) };
	return w->row(w->ctx, &one, err);
}

int store_instance_waiting(struct store_tx *tx,
	int (*row)(void *ctx, const struct store_waiting *w, struct mo_err *err), void *ctx,
	struct mo_err *err)
{
	struct waiting w = { row, ctx };
	/* `<> 'GONE'` is what the index instances_live says. */
	return db_run(tx,
		"SELECT r.pool_id, i.tenant_id, i.deployment_id, r.shares, d.created_at"
		" FROM instances i JOIN revisions r ON r.id = i.revision_id"
		" JOIN deployments d ON d.id = i.deployment_id"
		" WHERE i.state = 'STARTING' AND i.state <> 'GONE' AND i.idx < r.replicas"
		" AND r.state IN ('STARTING', 'READY') AND r.pool_id IS NOT NULL"
		" AND d.state <> 'DELETING'"
		" AND NOT EXISTS (SELECT 1 FROM pool_allocations a WHERE a.owner_id = i.id)"
		" ORDER BY d.created_at, i.id",
		NULL, 0, waiting_row, &w, NULL, err);
}

struct served {
	int (*row)(void *ctx, const char *deployment_id, const char *address, struct mo_err *err);
	void *ctx;
};

static int served_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	const struct served *s = ctx;
	return s->row(s->ctx, db_text(row, 0), db_text(row, 1), err);
}

int store_deployment_served(struct store_tx *tx,
	int (*row)(void *ctx, const char *deployment_id, const char *address, struct mo_err *err),
	void *ctx, struct mo_err *err)
{
	struct served s = { row, ctx };
	return db_run(tx,
		"SELECT d.id, i.address FROM deployments d JOIN tenants t"
		" ON t.id = d.tenant_id AND t.state = 'ACTIVE' LEFT JOIN instances i"
		" ON i.deployment_id = d.id AND i.state = 'READY' WHERE d.current_revision_id IS "
		"NOT NULL"
		" AND d.state IN ('READY', 'DEGRADED', 'ROLLING') ORDER BY d.id",
		NULL, 0, served_row, &s, NULL, err);
}

struct counts {
	int64_t *at;
	size_t n;
};

static int count_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct counts *c = ctx;
	int state = state_parse(&deployment_states, db_text(row, 0));
	if (state >= 0 && (size_t)state < c->n)
		c->at[state] = db_int(row, 1);
	return 0;
}

int store_deployment_counts(struct store_tx *tx, int64_t *counts, size_t n, struct mo_err *err)
{
	struct counts c = { counts, n };
	memset(counts, 0, n * sizeof(*counts));
	return db_run(tx, "SELECT state, count(*) FROM deployments GROUP BY state", NULL, 0,
		count_row, &c, NULL, err);
}

struct sums {
	struct mo_arena *a;
	struct store_usage_sum *at;
	size_t n, cap;
};

static int sum_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct sums *s = ctx;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct store_usage_sum *more = mo_arena_alloc(s->a, cap * sizeof(*more));
		if (!more)
			return mo_fail(err, MO_ENOMEM, "usage");
		if (s->n)
			memcpy(more, s->at, s->n * sizeof(*more));
		s->at = more;
		s->cap = cap;
	}
	s->at[s->n++] = (struct store_usage_sum){
		.metric = mo_arena_strdup(s->a, db_text(row, 0)),
		.price_class = mo_arena_strdup(s->a, db_text(row, 1)),
		.reason = mo_arena_strdup(s->a, db_text(row, 2)),
		.project_id = mo_arena_strdup(s->a, db_text(row, 3)),
		.resource_id = mo_arena_strdup(s->a, db_text(row, 4)),
		.day = db_int(row, 5),
		.quantity = db_int(row, 6),
		.windows = db_int(row, 7),
	};
	return 0;
}

int store_usage_sums(struct store_tx *tx, const char *tenant, const struct store_usage_filter *f,
	struct mo_arena *a, struct store_usage_sum **ret, size_t *ret_n, struct mo_err *err)
{
	struct sums s = { .a = a };
	/* A window that ends at midnight is of the day before. */
	static const char day_sql[] = "(end_at - 1) - (end_at - 1) % 86400000000";
	const char *project = f->by_project ? "project_id" : "NULL",
		   *resource = f->by_resource ? "resource_id" : "NULL",
		   *day = f->by_day ? day_sql : "CAST(0 AS BIGINT)";
	const char *more = f->by_project ? "4, " : f->by_resource ? "5, " : f->by_day ? "6, " : "";
	const char *sql = db_sql(tx, err,
		"SELECT metric, price_class, reason, %s, %s, %s, CAST(sum(quantity) AS BIGINT), "
		"count(*)"
		" FROM usage_windows WHERE tenant_id = ?1 AND end_at > ?2 AND end_at <= ?3 AND (?4 "
		"= '' OR project_id = ?4)"
		" GROUP BY %s1, 2, 3 ORDER BY %s1, 2, 3",
		project, resource, day, more, more);
	if (!sql || db_run(tx, sql,
			    DB_ARGS(DB_T(tenant), DB_I(f->from), DB_I(f->to),
				    DB_T(f->project_id ? f->project_id : "")),
			    sum_row, &s, NULL, err) < 0)
		return -1;
	*ret = s.at;
	*ret_n = s.n;
	return 0;
}
