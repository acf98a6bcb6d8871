/* Inside the store: columns as tables, typed arguments, statements. Nouns are written on this;
 * nobody else includes it. */
#ifndef MODELOPS_STORE_DB_H
#define MODELOPS_STORE_DB_H

#include "modelops/domain/enums.h"
#include "modelops/domain/state.h"
#include "modelops/store/store.h"

#include <stddef.h>

enum db_type {
	DB_TEXT, /* const char *; NULL is NULL */
	DB_INT,  /* int64_t */
	DB_TIME, /* int64_t; 0 is NULL */
	DB_BOOL, /* bool as 0 or 1 */
	DB_REAL, /* double */
	DB_ENUM, /* int-sized enum, stored by name; the absent value is NULL */
};

struct db_col {
	const char *name;
	enum db_type type;
	size_t offset;
	const struct enum_names *names;
};

#define DB_COL(s, f, type)       { #f, type, offsetof(struct s, f), NULL }
#define DB_COL_ENUM(s, f, names) { #f, DB_ENUM, offsetof(struct s, f), &(names) }

/* A table and the struct its rows become. */
struct db_table {
	const char *name;
	const char *noun; /* for messages */
	const struct db_col *cols;
	size_t ncols, size;
};

#define DB_TABLE(table, noun, s, cols) \
	{ table, noun, cols, sizeof(cols) / sizeof((cols)[0]), sizeof(struct s) }

/* One argument of a statement, for ?1, ?2, ... */
struct db_arg {
	enum db_type type; /* DB_TEXT, DB_INT or DB_REAL */
	const char *text;
	int64_t i;
	double d;
};

#define DB_T(s) ((struct db_arg){ .type = DB_TEXT, .text = (s) })
#define DB_I(n) ((struct db_arg){ .type = DB_INT, .i = (n) })
#define DB_D(x) ((struct db_arg){ .type = DB_REAL, .d = (x) })
/* A time that may be absent: 0 is NULL. */
#define DB_AT(t) ((struct db_arg){ .type = DB_TIME, .i = (t) })

/* Arguments in place: DB_ARGS(DB_T(id), DB_I(3)) expands to the array and its count. */
#define DB_ARGS(...) \
	(const struct db_arg[]){ __VA_ARGS__ }, \
		sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg)

/* One result row, valid inside the callback. */
struct db_row;
bool db_is_null(const struct db_row *row, int col);
int64_t db_int(const struct db_row *row, int col);      /* 0 for NULL */
double db_real(const struct db_row *row, int col);      /* 0 for NULL */
const char *db_text(const struct db_row *row, int col); /* NULL for NULL; valid in the callback */

/* Runs SQL (text with ?1..; a constant or a string that lives as long as the process) and calls
 * EACH (may be NULL) for every row; EACH returns -1 to fail. *ret_changed (may be NULL) gets the
 * number of rows changed. */
int db_run(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int (*each)(const struct db_row *row, void *ctx, struct mo_err *err), void *ctx,
	int64_t *ret_changed, struct mo_err *err);

/* db_run for a statement that only changes rows. */
int db_exec(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int64_t *ret_changed, struct mo_err *err);

/* One integer: the first column of the first row; 0 when there is no row or it is NULL. */
int db_int_of(struct store_tx *tx, const char *sql, const struct db_arg *args, size_t nargs,
	int64_t *ret, struct mo_err *err);

/* Inserts the struct at ROW into T. A unique clash is MO_ECONFLICT: "NOUN 'KEY' already exists".
 * KEY may be NULL. */
int db_insert(struct store_tx *tx, const struct db_table *t, const void *row, const char *key,
	struct mo_err *err);

/* Rows of "SELECT columns FROM table TAIL" as an array in A (NULL when there are none). TAIL is a
 * string constant. */
int db_list(struct store_tx *tx, const struct db_table *t, const char *tail,
	const struct db_arg *args, size_t nargs, struct mo_arena *a, void **ret_rows, size_t *ret_n,
	struct mo_err *err);

/* The first such row; MO_ENOTFOUND "no NOUN 'KEY'" when there is none. */
int db_get(struct store_tx *tx, const struct db_table *t, const char *tail,
	const struct db_arg *args, size_t nargs, const char *key, struct mo_arena *a,
	void **ret_row, struct mo_err *err);

/* "'A','B'": the states of T in the bit set STATES, as SQL. TEXT is an interned string: same set,
 * same pointer. */
const char *db_states_in(
	struct store_tx *tx, const struct state_table *t, unsigned states, struct mo_err *err);

/* printf into a string interned for the life of the store, so that its statement is prepared once.
 * Only for texts with few variants (states, columns), never for values. NULL when memory is out
 * (ERR filled). */
const char *db_sql(struct store_tx *tx, struct mo_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Until the transaction ends no other one passes db_lock with the same NAME: for read-then-write
 * rules that span rows
 * ("pool:ID", "ledger:TENANT"). Free on SQLite, where writers are alone. */
int db_lock(struct store_tx *tx, const char *name, struct mo_err *err);

bool db_is_sqlite(const struct store_tx *tx);

#endif
