/* The store's handle: opens a driver, runs functions in transactions, retries what may be retried.
 */
#include "modelops/store/store.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/map.h"
#include "modelops/base/str.h"
#include "modelops/store/migrate.h"
#include "modelops/store/pool.h"
#include "modelops/store/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STORE_MAGIC 0x53544f52u

enum { RETRIES = 20, STALE_MAX = 64 };

struct store {
	unsigned magic;
	const struct db_driver *driver;
	struct store_cfg cfg;
	char *url, *data_dir;
	struct db_pool *pool;
	struct turn *turn;     /* SQLite */
	struct writer *writer; /* SQLite */
	pthread_mutex_t intern_lock;
	struct mo_map texts;
};

struct store_reader {
	struct store *store;
	struct db_conn *conn;
};

static int copy_cfg(struct store *s, const struct store_cfg *cfg, struct mo_err *err)
{
	s->cfg = *cfg;
	s->url = strdup(cfg->url);
	s->cfg.url = s->url;
	if (cfg->data_dir) {
		s->data_dir = strdup(cfg->data_dir);
	} else {
		const char *path = cfg->url + strcspn(cfg->url, ":") + 1,
			   *slash = strrchr(path, '/');
		s->data_dir = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	}
	return s->url && s->data_dir ? 0 : mo_fail(err, MO_ENOMEM, "store");
}

static int open_driver(struct store *s, struct mo_err *err)
{
	if (strncmp(s->url, "sqlite:", 7) == 0 && s->url[7]) {
		s->driver = &db_sqlite;
		if (turn_open(s->data_dir, &s->turn, err) < 0 ||
			writer_new(s, &s->cfg, s->turn, &s->writer, err) < 0)
			return -1;
	} else if (strncmp(s->url, "postgres://", 11) == 0 ||
		   strncmp(s->url, "postgresql://", 13) == 0) {
		s->driver = &db_postgres;
	} else {
		return mo_fail(
			err, MO_EINVAL, "DATABASE_URL must begin with sqlite: or postgres://");
	}
	return db_pool_new(s->driver, &s->cfg, s->driver == &db_sqlite, &s->pool, err);
}

static int check_schema(struct store *s, struct mo_err *err)
{
	struct store_schema schema;

	if (store_schema_status(s, &schema, err) < 0)
		return -1;
	if (schema.found == schema.known)
		return 0;
	mo_fail(err, MO_EUNAVAIL, "the database has schema %d, this program needs %d", schema.found,
		schema.known);
	return mo_advise(err, "schema_unknown", "run modelops-admin db migrate");
}

int store_open(const struct store_cfg *cfg, struct store **ret, struct mo_err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return mo_fail(err, MO_ENOMEM, "store");
	s->magic = STORE_MAGIC;
	pthread_mutex_init(&s->intern_lock, NULL);
	mo_map_init(&s->texts, SIZE_MAX); /* as many as the code has; tools/check-sql */
	if (copy_cfg(s, cfg, err) < 0 || open_driver(s, err) < 0 ||
		(!cfg->any_schema && check_schema(s, err) < 0)) {
		store_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	char *text;

	if (!s)
		return;
	writer_free(s->writer);
	db_pool_free(s->pool);
	turn_close(s->turn);
	for (size_t pos = 0; (text = mo_map_next(&s->texts, &pos, NULL));)
		free(text);
	mo_map_free(&s->texts);
	pthread_mutex_destroy(&s->intern_lock);
	free(s->url);
	free(s->data_dir);
	free(s);
}

bool store_is_sqlite(const struct store *s)
{
	MO_CHECK(s, STORE_MAGIC);
	return s->driver == &db_sqlite;
}

/* A pooled connection with a transaction begun. Connections that died while they lay idle (the
 * server was restarted) are dropped here: nothing was done on them yet. */
static int take_begun(struct store *s, bool write, struct db_conn **ret, struct mo_err *err)
{
	for (int stale = 0;; stale++) {
		struct db_conn *conn;
		if (db_pool_take(s->pool, &conn, err) < 0)
			return -1;
		if (s->driver->begin(conn, write, err) == 0) {
			*ret = conn;
			return 0;
		}
		bool broken = s->driver->broken(conn);
		s->driver->rollback(conn);
		db_pool_give(s->pool, conn);
		if (!broken || stale == STALE_MAX)
			return -1;
	}
}

/* One transaction on a pooled connection. */
static int run_once(struct store *s, bool write,
	int (*fn)(struct store_tx *, void *, struct mo_err *), void *ctx, struct mo_err *err)
{
	struct db_conn *conn;

	if (take_begun(s, write, &conn, err) < 0)
		return -1;
	struct store_tx tx = { .store = s, .conn = conn, .driver = s->driver };
	int rc = fn(&tx, ctx, err);
	if (rc == 0 && tx.failed) {
		if (err)
			*err = tx.clock_err;
		rc = -1;
	}
	if (rc == 0)
		rc = s->driver->commit(conn, err);
	if (rc < 0)
		s->driver->rollback(conn);
	db_pool_give(s->pool, conn);
	return rc;
}

static void pause_before_retry(int attempt)
{
	unsigned random;

	mo_random(&random, sizeof(random));
	struct timespec ts = { .tv_nsec = (long)(random % 1000000) * (attempt + 1) };
	nanosleep(&ts, NULL);
}

int store_write(struct store *s, int (*fn)(struct store_tx *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	struct mo_err mine = { 0 };

	MO_CHECK(s, STORE_MAGIC);
	if (s->writer)
		return writer_run(s->writer, fn, ctx, err);
	for (int attempt = 0; attempt < RETRIES; attempt++) {
		if (run_once(s, true, fn, ctx, &mine) == 0)
			return 0;
		if (!mo_streq(mine.slug, "retry_transaction"))
			break;
		pause_before_retry(attempt);
	}
	if (err)
		*err = mine;
	return -1;
}

int store_submit(struct store *s, struct store_job *job, struct mo_err *err)
{
	MO_CHECK(s, STORE_MAGIC);
	if (!s->writer)
		return mo_fail(err, MO_EINTERNAL, "jobs are for SQLite's writer");
	return writer_submit(s->writer, job, err);
}

int store_read(struct store *s, int (*fn)(struct store_tx *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	MO_CHECK(s, STORE_MAGIC);
	return run_once(s, false, fn, ctx, err);
}

int store_reader_open(struct store *s, struct store_reader **ret, struct mo_err *err)
{
	MO_CHECK(s, STORE_MAGIC);
	if (s->driver != &db_sqlite)
		return mo_fail(err, MO_EINVAL, "reads on a loop are for SQLite only");
	mo_autofree struct store_reader *r = calloc(1, sizeof(*r));
	if (!r)
		return mo_fail(err, MO_ENOMEM, "reader");
	r->store = s;
	if (s->driver->open(&s->cfg, true, &r->conn, err) < 0)
		return -1;
	db_sqlite_patience(r->conn, 20000); /* a loop may not wait */
	*ret = MO_TAKE(r);
	return 0;
}

int store_reader_run(struct store_reader *r, int (*fn)(struct store_tx *, void *, struct mo_err *),
	void *ctx, struct mo_err *err)
{
	struct store_tx tx = { .store = r->store, .conn = r->conn, .driver = r->store->driver };

	return fn(&tx, ctx, err);
}

void store_reader_close(struct store_reader *r)
{
	if (!r)
		return;
	r->store->driver->close(r->conn);
	free(r);
}

int64_t store_now(struct store_tx *tx)
{
	if (tx->now == 0 && tx->driver->now(tx->conn, &tx->now, &tx->clock_err) < 0)
		tx->failed = true; /* no error can be said here: the transaction ends with it */
	return tx->now;
}

bool db_is_sqlite(const struct store_tx *tx)
{
	return tx->driver == &db_sqlite;
}

const char *store_intern_text(struct store *s, const char *text)
{
	size_t len = strlen(text);

	pthread_mutex_lock(&s->intern_lock);
	char *found = mo_map_get(&s->texts, text, len);
	if (!found) {
		found = strdup(text);
		if (found && mo_map_set(&s->texts, text, len, found, NULL) < 0) {
			free(found);
			found = NULL;
		}
	}
	pthread_mutex_unlock(&s->intern_lock);
	return found;
}

const char *store_intern(
	struct store *s, const void *a, const void *b, char *(*make)(const void *, const void *))
{
	const void *key[2] = { a, b };

	pthread_mutex_lock(&s->intern_lock);
	char *found = mo_map_get(&s->texts, (const char *)key, sizeof(key));
	if (!found) {
		found = make(a, b);
		if (found &&
			mo_map_set(&s->texts, (const char *)key, sizeof(key), found, NULL) < 0) {
			free(found);
			found = NULL;
		}
	}
	pthread_mutex_unlock(&s->intern_lock);
	return found;
}

/* Runs FN alone: on SQLite's write connection in the writers' turn, on Postgres on a connection of
 * its own. */
int store_alone(struct store *s, int (*fn)(struct db_conn *, void *, struct mo_err *), void *ctx,
	struct mo_err *err)
{
	struct db_conn *conn;

	if (s->writer)
		return writer_alone(s->writer, fn, ctx, err);
	if (db_pool_take(s->pool, &conn, err) < 0)
		return -1;
	int rc = fn(conn, ctx, err);
	db_pool_give(s->pool, conn);
	return rc;
}

const struct db_driver *store_driver(const struct store *s)
{
	return s->driver;
}

const struct store_cfg *store_config(const struct store *s)
{
	return &s->cfg;
}
