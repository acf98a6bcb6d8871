/* The end of a pool: nothing may hold it any more, and its row stays for what names it. */
#include "modelops/base/id.h"
#include "modelops/domain/state.h"
#include "modelops/store/db.h"
#include "modelops/store/pools.h"
#include "modelops/store/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What keeps a pool: the first whose state is one of STATES' live ones. */
static const struct keeper {
	const char *what, *select, *more; /* SQL before and after the states */
	const struct state_table *states;
} keepers[] = {
	{ "a step of run", "r.id FROM runs r JOIN run_steps s ON s.run_id = r.id WHERE s.state",
		"AND r.state IN ('PENDING', 'RUNNING') AND (s.pool_id = ?1 OR "
		"replace(s.any_of, ?1, '') <> s.any_of)",
		&step_states },
	{ "a revision of deployment", "deployment_id FROM revisions WHERE state",
		"AND pool_id = ?1", &revision_states },
	{ "the allocation of", "owner_id FROM pool_allocations WHERE state", "AND pool_id = ?1",
		&alloc_states },
};

static int check_free(struct store_tx *tx, const struct pool *p, struct mo_err *err)
{
	for (size_t i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++) {
		const struct keeper *k = &keepers[i];
		const char *states = db_states_in(tx, k->states, k->states->live, err);
		const char *sql =
			states ? db_sql(tx, err, "SELECT %s IN (%s) %s ORDER BY 1 LIMIT 1",
					 k->select, states, k->more)
			       : NULL;
		char id[1][MO_ID_MAX];
		size_t n = 0;
		if (!sql || db_ids(tx, sql, DB_ARGS(DB_T(p->id)), id, 1, &n, err) < 0)
			return -1;
		if (n == 0)
			continue;
		mo_fail(err, MO_ECONFLICT, "pool '%s' is in use: %s '%s' names it", p->name,
			k->what, id[0]);
		return mo_advise(err, "in_use", "end that work first");
	}
	return 0;
}

/* "cpu" -> "cpu-8zq1m0v7tc": the name is free again, and the row still says what it was. */
static void retired_name(const struct pool *p, char out[64])
{
	size_t n = strlen(p->id);

	snprintf(out, 64, "%.50s-%.10s", p->name, p->id + (n > 10 ? n - 10 : 0));
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

int store_pool_retire(struct store_tx *tx, const struct pool *p, struct mo_err *err)
{
	char lock[MO_ID_MAX + 8], name[64];

	snprintf(lock, sizeof(lock), "pool:%s", p->id); /* no reservation meanwhile */
	retired_name(p, name);
	if (db_lock(tx, lock, err) < 0 || check_free(tx, p, err) < 0 ||
		db_exec(tx, "DELETE FROM quotas WHERE pool_id = ?1", DB_ARGS(DB_T(p->id)), NULL,
			err) < 0)
		return -1;
	return db_exec_one(tx,
		"UPDATE gpu_pools SET name = ?2, retired_at = ?3, updated_at = ?3 WHERE id = ?1",
		DB_ARGS(DB_T(p->id), DB_T(name), DB_I(store_now(tx))), "pool", p->id, err);
}
