/* Connections lent to one thread at a time. */
#include "modelops/store/pool.h"

#include "modelops/base/check.h"

#include <pthread.h>

enum { POOL_MAX = 800 };

struct db_pool {
	const struct db_driver *driver;
	const struct store_cfg *cfg;
	bool readonly;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned max, open, idle;
	struct db_conn *conns[POOL_MAX]; /* the idle ones */
};

int db_pool_new(const struct db_driver *driver, const struct store_cfg *cfg, bool readonly,
	struct db_pool **ret, struct mo_err *err)
{
	struct db_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return mo_fail(err, MO_ENOMEM, "connection pool");
	p->driver = driver;
	p->cfg = cfg;
	p->readonly = readonly;
	p->max = cfg->readers < 1 ? 1 : cfg->readers > POOL_MAX ? POOL_MAX : (unsigned)cfg->readers;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->freed, NULL);
	*ret = p;
	return 0;
}

static void forget(struct db_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->open--;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->lock);
}

int db_pool_take(struct db_pool *p, struct db_conn **ret, struct mo_err *err)
{
	struct db_conn *conn = NULL;

	pthread_mutex_lock(&p->lock);
	while (p->idle == 0 && p->open == p->max)
		pthread_cond_wait(&p->freed, &p->lock);
	if (p->idle > 0)
		conn = p->conns[--p->idle];
	else
		p->open++;
	pthread_mutex_unlock(&p->lock);
	if (!conn && p->driver->open(p->cfg, p->readonly, &conn, err) < 0) {
		forget(p);
		return -1;
	}
	*ret = conn;
	return 0;
}

void db_pool_give(struct db_pool *p, struct db_conn *conn)
{
	if (p->driver->broken(conn)) {
		p->driver->close(conn);
		forget(p);
		return;
	}
	pthread_mutex_lock(&p->lock);
	p->conns[p->idle++] = conn;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->lock);
}

void db_pool_free(struct db_pool *p)
{
	if (!p)
		return;
	MO_ASSERT(p->idle == p->open);
	while (p->idle > 0)
		p->driver->close(p->conns[--p->idle]);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->freed);
	free(p);
}
