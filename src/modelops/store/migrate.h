/* Inside the store: migrations, forward only, each in one transaction. */
#ifndef MODELOPS_STORE_MIGRATE_H
#define MODELOPS_STORE_MIGRATE_H

#include "modelops/store/driver.h"

/* One step of the schema. Both databases run SQL (BIGINT, TEXT and DOUBLE PRECISION mean the same
 * to both); SQLITE or POSTGRES is run after it on that database only. */
struct migration {
	const char *name, *sql, *sqlite, *postgres;
};

/* Marks a table that SQLite keeps in key order (WITHOUT ROWID): one b-tree less to write. Not for
 * big documents. */
#define MIGRATE_KEYED "/*keyed*/"

extern const struct migration migrations[];
extern const int migrations_count;

/* Runs FN alone, outside transactions, with no other writer (see store.c). */
int store_alone(struct store *s, int (*fn)(struct db_conn *, void *, struct mo_err *), void *ctx,
	struct mo_err *err);
const struct db_driver *store_driver(const struct store *s);
const struct store_cfg *store_config(const struct store *s);

#endif
