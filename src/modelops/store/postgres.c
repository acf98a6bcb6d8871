/* Postgres driver over libpq: text parameters and results, statements prepared once per connection.
 */
#include "modelops/store/driver.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/str.h"
#include "modelops/store/statements.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 40 };

struct db_conn {
	PGconn *pg;
	struct statements statements;
	uint64_t last; /* number of the last statement; it is its name */
};

/* Five letters of SQLSTATE -> what the caller may do. */
static const struct {
	const char *state;
	enum mo_code code;
	const char *slug;
} states[] = {
	{ "23505", MO_ECONFLICT, "unique_violation" },
	{ "23503", MO_ECONFLICT, "reference_violation" },
	{ "40001", MO_EUNAVAIL, "retry_transaction" },
	{ "40P01", MO_EUNAVAIL, "retry_transaction" },
	{ "53100", MO_EFULL, NULL },
	{ "57014", MO_ETIMEOUT, NULL },
	{ "25006", MO_EUNAVAIL, NULL },
};

static int fail(struct db_conn *c, const PGresult *res, const char *what, struct mo_err *err)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	for (size_t i = 0; state && i < MO_COUNT(states); i++) {
		if (strcmp(state, states[i].state) == 0) {
			mo_fail(err, states[i].code, "Postgres: %s", text ? text : state);
			return mo_advise(err, states[i].slug, NULL);
		}
	}
	/* Class 42 (syntax, unknown column), 22 (data) and 23 (check) are our bugs; the rest is the
	 * server's state. */
	if (state && (memcmp(state, "42", 2) == 0 || memcmp(state, "22", 2) == 0 ||
			     memcmp(state, "23", 2) == 0))
		return mo_fail(err, MO_EINTERNAL, "%.120s: %s", what, text ? text : state);
	const char *line = text ? text : PQerrorMessage(c->pg);
	return mo_fail(err, MO_EUNAVAIL, "Postgres: %.*s", (int)strcspn(line, "\n"), line);
}

static int finish(struct db_conn *c, PGresult *res, const char *what, struct mo_err *err)
{
	ExecStatusType status = PQresultStatus(res);
	int rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0
									 : fail(c, res, what, err);

	PQclear(res);
	return rc;
}

static int script(struct db_conn *c, const char *sql, struct mo_err *err)
{
	return finish(c, PQexec(c->pg, sql), sql, err);
}

static void conn_close(struct db_conn *c)
{
	struct statement *st;

	PQfinish(c->pg); /* they end with it */
	while ((st = statements_oldest(&c->statements)))
		statements_remove(&c->statements, st);
	statements_free(&c->statements);
	free(c);
}

static void quiet(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

/* Whether libpq can read the URL: what it says of one that it cannot quotes pieces, and a piece may
 * be the password. */
static int check_url(const char *url, struct mo_err *err)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool ok = options != NULL;

	for (PQconninfoOption *o = options; ok && o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "port") == 0)
			ok = o->val[strspn(o->val, "0123456789,")] == '\0';
		if (o->val && strcmp(o->keyword, "host") == 0)
			ok = !strchr(o->val, '@');
	}
	PQconninfoFree(options);
	if (ok)
		return 0;
	mo_fail(err, MO_EINVAL, "DATABASE_URL is no postgres:// URL that can be read");
	return mo_advise(err, NULL, "in a password, / @ : % # are written as %2F %40 %3A %25 %23");
}

static int conn_open(
	const struct store_cfg *cfg, bool readonly, struct db_conn **ret, struct mo_err *err)
{
	char settings[96];

	(void)readonly; /* decided per transaction */
	if (check_url(cfg->url, err) < 0)
		return -1;
	struct db_conn *c = calloc(1, sizeof(*c));
	if (!c)
		return mo_fail(err, MO_ENOMEM, "database connection");
	statements_init(&c->statements);
	/* A server that is gone without a word is noticed; what the URL says comes later and wins.
	 */
	static const char *const keys[] = { "connect_timeout", "tcp_user_timeout",
		"application_name", "dbname", NULL };
	const char *const values[] = { "5", "15000", "modelops", cfg->url, NULL };
	c->pg = PQconnectdbParams(keys, values, 1);
	if (!c->pg || PQstatus(c->pg) != CONNECTION_OK) {
		/* The message of libpq names host and port, never the password. */
		const char *text = c->pg ? PQerrorMessage(c->pg) : "out of memory";
		mo_fail(err, MO_EUNAVAIL, "cannot reach Postgres: %.*s", (int)strcspn(text, "\n"),
			text);
		conn_close(c);
		return -1;
	}
	PQsetNoticeProcessor(c->pg, quiet, NULL);
	snprintf(settings, sizeof(settings), "SET statement_timeout = %lld; SET TIME ZONE 'UTC'",
		(long long)(cfg->statement_timeout_us / 1000));
	if (script(c, settings, err) < 0) {
		conn_close(c);
		return -1;
	}
	*ret = c;
	return 0;
}

static int begin(struct db_conn *c, bool write, struct mo_err *err)
{
	return script(c, write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

static int commit(struct db_conn *c, struct mo_err *err)
{
	if (mo_fault("store.commit"))
		return mo_fail(err, MO_EUNAVAIL, "Postgres: injected failure of COMMIT");
	PGresult *res = PQexec(c->pg, "COMMIT");
	/* COMMIT of a failed transaction answers ROLLBACK without an error. */
	if (PQresultStatus(res) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(res), "COMMIT") != 0) {
		PQclear(res);
		return mo_fail(err, MO_EINTERNAL, "Postgres: a failed transaction was committed");
	}
	if (finish(c, res, "COMMIT", err) < 0)
		return -1;
	(void)mo_fault("store.committed"); /* tests kill here: durable, not yet answered */
	return 0;
}

static void rollback(struct db_conn *c)
{
	if (PQstatus(c->pg) == CONNECTION_OK && PQtransactionStatus(c->pg) != PQTRANS_IDLE)
		PQclear(PQexec(c->pg, "ROLLBACK"));
}

/* ?1 -> $1 outside quotes. Caller frees. */
static char *dollar(const char *sql)
{
	char *out = strdup(sql);
	bool quoted = false;

	for (char *p = out; p && *p; p++) {
		if (*p == '\'')
			quoted = !quoted;
		else if (*p == '?' && !quoted)
			*p = '$';
	}
	return out;
}

/* Said outright: Postgres cannot tell the type of an argument that is only compared with NULL. */
static void arg_types(const struct db_call *call, Oid types[ARGS_MAX])
{
	enum { OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701 }; /* fixed in pg_type.dat */

	for (size_t i = 0; i < call->nargs; i++) {
		enum db_type type = call->args[i].type;
		types[i] = type == DB_TEXT ? OID_TEXT : type == DB_REAL ? OID_FLOAT8 : OID_INT8;
	}
}

static int forget(struct db_conn *c, struct statement *st, struct mo_err *err)
{
	char sql[48];

	snprintf(sql, sizeof(sql), "DEALLOCATE s%llu", (unsigned long long)st->number);
	statements_remove(&c->statements, st);
	return script(c, sql, err);
}

static int prepare_new(
	struct db_conn *c, const struct db_call *call, char name[24], struct mo_err *err)
{
	struct statement *old = statements_full(&c->statements);
	mo_autofree char *text = dollar(call->sql);
	Oid types[ARGS_MAX];

	if (!text)
		return mo_fail(err, MO_ENOMEM, "statement");
	if (old && forget(c, old, err) < 0)
		return -1;
	snprintf(name, 24, "s%llu", (unsigned long long)++c->last);
	arg_types(call, types);
	if (finish(c, PQprepare(c->pg, name, text, (int)call->nargs, types), call->sql, err) < 0)
		return -1;
	struct statement *st = statements_add(&c->statements, call->sql);
	if (!st)
		return mo_fail(err, MO_ENOMEM, "statement cache");
	st->number = c->last;
	return 0;
}

static int prepare(struct db_conn *c, const struct db_call *call, char name[24], struct mo_err *err)
{
	const struct statement *known = statements_get(&c->statements, call->sql);

	if (!known)
		return prepare_new(c, call, name, err);
	snprintf(name, 24, "s%llu", (unsigned long long)known->number);
	return 0;
}

/* Text forms of ARGS; numbers are written into SPACE. */
static void bind(const struct db_arg *args, size_t n, const char *values[], char space[][32])
{
	for (size_t i = 0; i < n; i++) {
		const struct db_arg *a = &args[i];
		values[i] = space[i];
		if (a->type == DB_TEXT)
			values[i] = a->text;
		else if (a->type == DB_REAL)
			snprintf(space[i], 32, "%.17g", a->d);
		else if (a->type == DB_TIME && a->i == 0)
			values[i] = NULL;
		else
			snprintf(space[i], 32, "%lld", (long long)a->i);
	}
}

static bool row_null(const struct db_row *row, int col)
{
	return PQgetisnull(row->handle, row->index, col);
}

static int64_t row_int(const struct db_row *row, int col)
{
	int64_t v = 0;

	if (!row_null(row, col))
		mo_parse_i64(PQgetvalue(row->handle, row->index, col),
			(size_t)PQgetlength(row->handle, row->index, col), &v);
	return v;
}

static double row_real(const struct db_row *row, int col)
{
	return row_null(row, col) ? 0 : strtod(PQgetvalue(row->handle, row->index, col), NULL);
}

static const char *row_text(const struct db_row *row, int col)
{
	return row_null(row, col) ? NULL : PQgetvalue(row->handle, row->index, col);
}

static const struct db_row_ops row_ops = { row_null, row_int, row_real, row_text };

static int each_row(PGresult *res, struct db_call *call, struct mo_err *err)
{
	struct db_row row = { &row_ops, res, 0 };
	int n = PQntuples(res);

	for (; call->each && row.index < n; row.index++)
		if (call->each(&row, call->ctx, err) < 0)
			return -1;
	uint64_t changed = 0;
	const char *text = PQcmdTuples(res);
	mo_parse_u64(text, strlen(text), &changed);
	call->changed = (int64_t)changed;
	return 0;
}

static int run(struct db_conn *c, struct db_call *call, struct mo_err *err)
{
	const char *values[ARGS_MAX];
	char space[ARGS_MAX][32], name[24];

	MO_ASSERT(call->nargs <= ARGS_MAX);
	if (mo_fault("store.sql"))
		return mo_fail(err, MO_EUNAVAIL, "Postgres: injected failure");
	if (prepare(c, call, name, err) < 0)
		return -1;
	bind(call->args, call->nargs, values, space);
	PGresult *res = PQexecPrepared(c->pg, name, (int)call->nargs, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(res);
	int rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
			 ? each_row(res, call, err)
			 : fail(c, res, call->sql, err);
	PQclear(res);
	return rc;
}

static bool broken(struct db_conn *c)
{
	return PQstatus(c->pg) != CONNECTION_OK;
}

static int take_now(const struct db_row *row, void *ctx, struct mo_err *err)
{
	(void)err;
	*(int64_t *)ctx = db_int(row, 0);
	return 0;
}

static int now(struct db_conn *c, int64_t *ret, struct mo_err *err)
{
	struct db_call call = {
		.sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
		.each = take_now,
		.ctx = ret
	};

	return run(c, &call, err);
}

const struct db_driver db_postgres = { "postgres", conn_open, conn_close, begin, commit, rollback,
	run, script, broken, now };
