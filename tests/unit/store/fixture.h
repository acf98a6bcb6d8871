/* A migrated store with two tenants, for the store's tests. They run on SQLite in a scratch folder,
 * or on the empty database whose URL is the program's argument (tests/run gives one of Postgres; by
 * hand `tests/lib/pg.py PROGRAM` does). Functions given to the store may run on its writer thread,
 * where cmocka's asserts may not jump: they use MO_ASSERT and MUST. */
#ifndef MODELOPS_UNIT_STORE_FIXTURE_H
#define MODELOPS_UNIT_STORE_FIXTURE_H

#include "../unit.h"

#include "modelops/base/arena.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "modelops/store/tenants.h"

#include <stdio.h>
#include <string.h>

enum { FIX_CAPACITY = 7, FIX_QUOTA = 5 };

struct fix {
	struct store *store;
	struct mo_arena arena;
	char folder[64], url[1024];
	int64_t statement_timeout_us;             /* 20 s */
	char a[MO_ID_MAX], b[MO_ID_MAX];          /* tenants; B has no quota */
	char project[MO_ID_MAX], pool[MO_ID_MAX]; /* project of A; pool of FIX_CAPACITY shares, A's
						     quota FIX_QUOTA */
};

/* The call must succeed; else its message and the end. ERR is the caller's. */
#define MUST(call) \
	do { \
		if ((call) < 0) { \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, err->msg); \
			abort(); \
		} \
	} while (0)

typedef int fix_fn(struct store_tx *tx, void *ctx, struct mo_err *err);

int fix_main(int argc, char **argv); /* remembers the URL; 0 */
int fix_up(void **state);            /* cmocka set-up of a test: *state is a struct fix */
int fix_down(void **state);

/* Another store handle on the same database, as another process has. */
struct store *fix_open(const struct fix *f);

/* f->store anew, with another statement timeout. */
void fix_reopen(struct fix *f, int64_t statement_timeout_us);

/* A query that takes minutes: one row, one number. */
#define FIX_SLOW_QUERY \
	"(WITH RECURSIVE c(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM c WHERE n " \
	"< " \
	"100000000000) SELECT count(*) FROM c)"

/* store_write of FN with F, which must succeed; or fail with CODE and SLUG (NULL: any). */
void fix_do(struct fix *f, fix_fn *fn);
void fix_refused(struct fix *f, fix_fn *fn, enum mo_code code, const char *slug);

/* Rows with ids of their own. */
const char *fix_id(struct fix *f, const char *prefix);
const char *fix_run(struct fix *f, struct store_tx *tx);
const char *fix_step(struct fix *f, struct store_tx *tx, const char *run_id, enum step_state state);
struct allocation fix_allocation(
	const struct fix *f, const char *tenant, const char *owner, int64_t shares);
int64_t fix_used(struct store_tx *tx, const struct fix *f);

#endif
