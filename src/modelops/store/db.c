/* Statements of the nouns: run, insert, list, get, derived from column tables. */
#include "modelops/store/driver.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SQL_MAX = 8192, COLS_MAX = 40 };

bool db_is_null(const struct db_row *row, int col)
{
	return row->ops->is_null(row, col);
}

int64_t db_int(const struct db_row *row, int col)
{
	return row->ops->integer(row, col);
}

double db_real(const struct db_row *row, int col)
{
	return row->ops->real(row, col);
}

const char *db_text(const struct db_row *row, int col)
{
	return row->ops->text(row, col);
}

int db_run(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int (*each)(const struct db_row *, void *, struct mo_err *), void *ctx,
	int64_t *ret_changed, struct mo_err *err)
{
	struct db_call call = {
		.sql = sql, .args = args, .nargs = nargs, .each = each, .ctx = ctx
	};

	if (!sql)
		return mo_fail(err, MO_ENOMEM, "statement");
	if (tx->driver->run(tx->conn, &call, err) < 0)
		return -1;
	if (ret_changed)
		*ret_changed = call.changed;
	return 0;
}

int db_exec(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int64_t *ret_changed, struct mo_err *err)
{
	return db_run(tx, sql, args, nargs, NULL, NULL, ret_changed, err);
}

static int take_int(const struct db_row *row, void *ctx, struct mo_err *err)
{
	(void)err;
	*(int64_t *)ctx = db_int(row, 0);
	return 0;
}

int db_int_of(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int64_t *ret, struct mo_err *err)
{
	int64_t value = 0;

	if (db_run(tx, sql, args, nargs, take_int, &value, NULL, err) < 0)
		return -1;
	*ret = value;
	return 0;
}

/* The argument that stores column C of ROW. */
static struct db_arg column_arg(const struct db_col *c, const void *row)
{
	const char *field = (const char *)row + c->offset;

	switch (c->type) {
	case DB_TEXT:
		return DB_T(*(const char *const *)field);
	case DB_TIME:
		return DB_AT(*(const int64_t *)field);
	case DB_BOOL:
		return DB_I(*(const bool *)field);
	case DB_REAL:
		return DB_D(*(const double *)field);
	case DB_ENUM:
		return DB_T(enum_name(c->names, (int)*(const unsigned *)field));
	default:
		return DB_I(*(const int64_t *)field);
	}
}

static char *insert_sql(const void *table, const void *unused)
{
	const struct db_table *t = table;
	struct mo_buf b;

	(void)unused;
	mo_buf_init(&b, SQL_MAX);
	mo_buf_printf(&b, "INSERT INTO %s (", t->name);
	for (size_t i = 0; i < t->ncols; i++)
		mo_buf_printf(&b, "%s%s", i ? ", " : "", t->cols[i].name);
	mo_buf_puts(&b, ") VALUES (");
	for (size_t i = 0; i < t->ncols; i++)
		mo_buf_printf(&b, "%s?%zu", i ? ", " : "", i + 1);
	mo_buf_puts(&b, ")");
	if (b.failed)
		mo_buf_free(&b);
	return mo_buf_take(&b);
}

int db_insert(struct store_tx *tx, const struct db_table *t, const void *row, const char *key,
	struct mo_err *err)
{
	struct db_arg args[COLS_MAX];

	MO_ASSERT(t->ncols <= COLS_MAX);
	for (size_t i = 0; i < t->ncols; i++)
		args[i] = column_arg(&t->cols[i], row);
	const char *sql = store_intern(tx->store, t, NULL, insert_sql);
	struct mo_err mine = { 0 };
	if (db_exec(tx, sql, args, t->ncols, NULL, &mine) == 0)
		return 0;
	if (mo_streq(mine.slug, "unique_violation") && key) {
		mo_fail(&mine, MO_ECONFLICT, "%s '%s' already exists", t->noun, key);
		mo_advise(&mine, "already_exists", NULL);
	}
	if (err)
		*err = mine;
	return -1;
}

static char *select_sql(const void *table, const void *tail)
{
	const struct db_table *t = table;
	struct mo_buf b;

	mo_buf_init(&b, SQL_MAX);
	mo_buf_puts(&b, "SELECT ");
	for (size_t i = 0; i < t->ncols; i++)
		mo_buf_printf(&b, "%s%s", i ? ", " : "", t->cols[i].name);
	mo_buf_printf(&b, " FROM %s %s", t->name, (const char *)tail);
	if (b.failed)
		mo_buf_free(&b);
	return mo_buf_take(&b);
}

struct rows {
	const struct db_table *table;
	struct mo_arena *arena;
	char *data; /* in the arena; grown by doubling */
	size_t n, cap;
};

static int column_read(const struct db_col *c, const struct db_row *row, int i, void *out,
	struct mo_arena *a, struct mo_err *err)
{
	char *field = (char *)out + c->offset;
	const char *text;

	switch (c->type) {
	case DB_TEXT:
		text = db_text(row, i);
		*(const char **)field = mo_arena_strdup(a, text);
		if (text && !*(const char **)field)
			return mo_fail(err, MO_ENOMEM, "rows do not fit into the request's memory");
		return 0;
	case DB_BOOL:
		*(bool *)field = db_int(row, i) != 0;
		return 0;
	case DB_REAL:
		*(double *)field = db_real(row, i);
		return 0;
	case DB_ENUM: {
		int value = enum_parse(c->names, db_text(row, i));
		if (value < 0)
			return mo_fail(err, MO_EINTERNAL, "column %s holds unknown value '%s'",
				c->name, db_text(row, i));
		*(unsigned *)field = (unsigned)value;
		return 0;
	}
	default:
		*(int64_t *)field = db_int(row, i);
		return 0;
	}
}

static int grow(struct rows *r, struct mo_err *err)
{
	size_t cap = r->cap ? r->cap * 2 : 4;
	char *data = mo_arena_alloc(r->arena, cap * r->table->size);

	if (!data)
		return mo_fail(err, MO_ENOMEM, "rows do not fit into the request's memory");
	if (r->n)
		memcpy(data, r->data, r->n * r->table->size);
	r->data = data;
	r->cap = cap;
	return 0;
}

static int take_row(const struct db_row *row, void *ctx, struct mo_err *err)
{
	struct rows *r = ctx;

	if (r->n == r->cap && grow(r, err) < 0)
		return -1;
	char *out = r->data + r->n * r->table->size;
	memset(out, 0, r->table->size);
	for (size_t i = 0; i < r->table->ncols; i++)
		if (column_read(&r->table->cols[i], row, (int)i, out, r->arena, err) < 0)
			return -1;
	r->n++;
	return 0;
}

int db_list(struct store_tx *tx, const struct db_table *t, const char *tail,
	const struct db_arg *args, size_t nargs, struct mo_arena *a, void **ret_rows, size_t *ret_n,
	struct mo_err *err)
{
	struct rows r = { .table = t, .arena = a };

	if (!tail)
		return mo_fail(err, MO_ENOMEM, "statement");
	const char *sql = store_intern(tx->store, t, tail, select_sql);
	if (db_run(tx, sql, args, nargs, take_row, &r, NULL, err) < 0)
		return -1;
	*ret_rows = r.data;
	*ret_n = r.n;
	return 0;
}

int db_get(struct store_tx *tx, const struct db_table *t, const char *tail,
	const struct db_arg *args, size_t nargs, const char *key, struct mo_arena *a,
	void **ret_row, struct mo_err *err)
{
	void *rows;
	size_t n;

	if (db_list(tx, t, tail, args, nargs, a, &rows, &n, err) < 0)
		return -1;
	if (n == 0)
		return mo_fail(err, MO_ENOTFOUND, "no %s '%.80s'", t->noun, key ? key : "");
	*ret_row = rows;
	return 0;
}

const char *db_sql(struct store_tx *tx, struct mo_err *err, const char *fmt, ...)
{
	char text[SQL_MAX];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	MO_ASSERT(n > 0 && (size_t)n < sizeof(text));
	const char *sql = store_intern_text(tx->store, text);
	if (!sql)
		mo_fail(err, MO_ENOMEM, "statement");
	return sql;
}

const char *db_states_in(
	struct store_tx *tx, const struct state_table *t, unsigned states, struct mo_err *err)
{
	char text[512] = "";
	size_t n = 0;

	for (int i = 0; i < t->names.count; i++)
		if (states >> i & 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s'%s'", n ? ", " : "",
				state_name(t, i));
	MO_ASSERT(n < sizeof(text));
	return db_sql(tx, err, "%s", n ? text : "''");
}

int db_lock(struct store_tx *tx, const char *name, struct mo_err *err)
{
	if (db_is_sqlite(tx))
		return 0; /* writers are alone anyway */
	return db_exec(tx, "SELECT pg_advisory_xact_lock(hashtextextended(?1, 0))",
		DB_ARGS(DB_T(name)), NULL, err);
}
