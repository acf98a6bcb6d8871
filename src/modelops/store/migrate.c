/* Migrations: which version the database has, and the steps up to ours. */
#include "modelops/store/migrate.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/crypto/crypto.h"

#include <stdio.h>
#include <string.h>

enum { SCHEMA_MAX = 1 << 20 };

#define WAL_CEILING ((int64_t)64 << 20)

struct job {
	const struct db_driver *driver;
	struct store_schema schema;
	bool apply;
};

static int take_int(const struct db_row *row, void *ctx, struct mo_err *err)
{
	(void)err;
	*(int64_t *)ctx = db_int(row, 0);
	return 0;
}

static int query_int(const struct db_driver *d, struct db_conn *c, const char *sql, int64_t *ret,
	struct mo_err *err)
{
	struct db_call call = { .sql = sql, .each = take_int, .ctx = ret };

	return d->run(c, &call, err);
}

static int find_version(const struct db_driver *d, struct db_conn *c, int *ret, struct mo_err *err)
{
	int64_t tables = 0, version = 0;
	const char *exists =
		d == &db_sqlite
			? "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'"
			: "SELECT count(*) FROM pg_tables WHERE tablename = 'schema_version' AND "
			  "schemaname = current_schema()";

	if (query_int(d, c, exists, &tables, err) < 0)
		return -1;
	if (tables && query_int(d, c, "SELECT coalesce(max(version), 0) FROM schema_version",
			      &version, err) < 0)
		return -1;
	*ret = (int)version;
	return 0;
}

static const char *own_text(const struct db_driver *d, const struct migration *m)
{
	return d == &db_sqlite ? m->sqlite : m->postgres;
}

/* Of all that runs on this kind of database: the common text, then the driver's own. */
static int checksum(
	const struct db_driver *d, const struct migration *m, char hex[65], struct mo_err *err)
{
	const char *own = own_text(d, m);
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, SCHEMA_MAX);
	mo_buf_puts(&b, m->sql);
	if (own)
		mo_buf_puts(&b, own);
	if (b.failed)
		return mo_fail(err, MO_ENOMEM, "schema");
	const char *text = mo_buf_str(&b);
	crypto_sha256_hex(text, strlen(text), hex);
	return 0;
}

static int take_checksum(const struct db_row *row, void *ctx, struct mo_err *err)
{
	int64_t version = db_int(row, 0);
	char hex[65];

	if (version < 1 || version > migrations_count)
		return 0; /* newer than this program: the version says so */
	if (checksum(ctx, &migrations[version - 1], hex, err) < 0)
		return -1;
	if (mo_streq(db_text(row, 1), hex))
		return 0;
	mo_fail(err, MO_EUNAVAIL,
		"migration %lld '%s' of the database is not the one this program knows",
		(long long)version, migrations[version - 1].name);
	return mo_advise(err, "schema_unknown", "this database was made by another build");
}

/* What was applied is what this program would have applied. */
static int compare(const struct db_driver *d, struct db_conn *c, struct mo_err *err)
{
	struct db_call call = {
		.sql = "SELECT version, checksum FROM schema_version ORDER BY version",
		.each = take_checksum,
		.ctx = (void *)d
	};

	return d->run(c, &call, err);
}

static int record(const struct db_driver *d, struct db_conn *c, int version, struct mo_err *err)
{
	char hex[65];

	if (checksum(d, &migrations[version - 1], hex, err) < 0)
		return -1;
	struct db_arg args[] = { DB_I(version), DB_T(migrations[version - 1].name), DB_T(hex),
		DB_I(mo_now()) };
	struct db_call call = {
		.sql = "INSERT INTO schema_version (version, name, checksum, applied_at) "
		       "VALUES (?1, ?2, ?3, ?4)",
		.args = args,
		.nargs = MO_COUNT(args)
	};
	return d->run(c, &call, err);
}

/* Runs SQL; for SQLite every mark becomes WITHOUT ROWID. */
static int run_schema(
	const struct db_driver *d, struct db_conn *c, const char *sql, struct mo_err *err)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, SCHEMA_MAX); /* before any return: the scope's end frees it */
	if (d != &db_sqlite)
		return d->script(c, sql, err);
	for (const char *mark; (mark = strstr(sql, MIGRATE_KEYED));
		sql = mark + strlen(MIGRATE_KEYED)) {
		mo_buf_append(&b, sql, (size_t)(mark - sql));
		mo_buf_puts(&b, "WITHOUT ROWID");
	}
	mo_buf_puts(&b, sql);
	if (b.failed)
		return mo_fail(err, MO_ENOMEM, "schema");
	return d->script(c, mo_buf_str(&b), err);
}

static int apply_one(const struct db_driver *d, struct db_conn *c, int version, struct mo_err *err)
{
	const struct migration *m = &migrations[version - 1];
	const char *own = own_text(d, m);

	if (d->begin(c, true, err) < 0)
		return -1;
	if (run_schema(d, c, m->sql, err) < 0 || (own && d->script(c, own, err) < 0) ||
		record(d, c, version, err) < 0 || d->commit(c, err) < 0) {
		d->rollback(c);
		mo_wrap(err, m->name);
		return -1;
	}
	return 0;
}

static int run_job(struct db_conn *c, void *ctx, struct mo_err *err)
{
	struct job *j = ctx;
	const struct db_driver *d = j->driver;
	bool locked = j->apply && d == &db_postgres;

	if (locked && d->script(c, "SELECT pg_advisory_lock(7305711)", err) < 0)
		return -1;
	j->schema.known = migrations_count;
	int rc = find_version(d, c, &j->schema.found, err);
	if (rc == 0 && j->schema.found > 0)
		rc = compare(d, c, err);
	if (rc == 0 && j->apply && j->schema.found > migrations_count)
		rc = mo_fail(err, MO_EUNAVAIL,
			"the database has schema %d, newer than this program's %d", j->schema.found,
			migrations_count);
	for (int v = j->schema.found + 1; rc == 0 && j->apply && v <= migrations_count; v++)
		rc = apply_one(d, c, v, err);
	if (locked)
		d->script(c, "SELECT pg_advisory_unlock(7305711)", NULL);
	return rc;
}

int store_schema_status(struct store *s, struct store_schema *ret, struct mo_err *err)
{
	struct job j = { .driver = store_driver(s) };

	if (store_alone(s, run_job, &j, err) < 0)
		return -1;
	*ret = j.schema;
	return 0;
}

int store_migrate(struct store *s, struct store_schema *ret_before, struct mo_err *err)
{
	struct job j = { .driver = store_driver(s), .apply = true };

	if (store_alone(s, run_job, &j, err) < 0)
		return -1;
	*ret_before = j.schema;
	return 0;
}

static int log_pages(const struct db_row *row, void *ctx, struct mo_err *err)
{
	(void)err;
	*(int64_t *)ctx = db_int(row, 1);
	return 0;
}

/* What writers wait for: the WAL file is made empty. Not long, so that they do not wait long. */
static int truncate_wal(struct db_conn *c, void *ctx, struct mo_err *err)
{
	(void)ctx;
	db_sqlite_patience(c, 20000);
	int rc = db_sqlite.script(c, "PRAGMA wal_checkpoint(TRUNCATE)", err);
	db_sqlite_patience(c, 0);
	return rc;
}

/* On a connection of its own and without the writers' turn: writers go on meanwhile. */
static int checkpoint(const struct store_cfg *cfg, int64_t *ret_bytes, struct mo_err *err)
{
	struct db_conn *c;
	int64_t page = 0, pages = 0;
	struct db_call call = {
		.sql = "PRAGMA wal_checkpoint(PASSIVE)", .each = log_pages, .ctx = &pages
	};

	if (db_sqlite.open(cfg, false, &c, err) < 0)
		return -1;
	int rc = db_sqlite.run(c, &call, err) < 0 ||
				 query_int(&db_sqlite, c, "PRAGMA page_size", &page, err) < 0
			 ? -1
			 : 0;
	db_sqlite.close(c);
	if (rc == 0)
		*ret_bytes = pages > 0 ? pages * page : 0;
	return rc;
}

int store_checkpoint(struct store *s, int64_t *ret_wal_bytes, struct mo_err *err)
{
	int64_t bytes = 0;

	if (store_is_sqlite(s)) {
		if (checkpoint(store_config(s), &bytes, err) < 0)
			return -1;
		if (bytes > WAL_CEILING && store_alone(s, truncate_wal, NULL, err) < 0)
			return -1;
	}
	*ret_wal_bytes = bytes;
	return 0;
}
