/* Inside the store: connections that are lent to one thread at a time. */
#ifndef MODELOPS_STORE_POOL_H
#define MODELOPS_STORE_POOL_H

#include "modelops/store/driver.h"

struct db_pool;

/* At most MAX connections, opened when first needed. DRIVER and CFG are borrowed for its life. */
int db_pool_new(const struct db_driver *driver, const struct store_cfg *cfg, bool readonly,
	struct db_pool **ret, struct mo_err *err);

/* Lends a connection; waits when all are lent. */
int db_pool_take(struct db_pool *p, struct db_conn **ret, struct mo_err *err);

/* Takes it back; a broken one is closed. */
void db_pool_give(struct db_pool *p, struct db_conn *conn);

void db_pool_free(struct db_pool *p); /* all given back; accepts NULL */

#endif
