/* Schema versions and leadership: what is not ours is refused, and a deposed leader changes
 * nothing. */
#include "fixture.h"

#include "modelops/base/buf.h"
#include "modelops/crypto/crypto.h"
#include "modelops/store/db.h"
#include "modelops/store/migrate.h"

#include <string.h>
#include <unistd.h>

static int newer(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return db_exec(tx,
		"INSERT INTO schema_version (version, name, checksum, applied_at) VALUES (99, "
		"'later', 'x', 1)",
		NULL, 0, NULL, err);
}

static int drop_newer(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return db_exec(tx, "DELETE FROM schema_version WHERE version = 99", NULL, 0, NULL, err);
}

static int tamper(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return db_exec(tx, "UPDATE schema_version SET checksum = 'x' || checksum WHERE version = 1",
		NULL, 0, NULL, err);
}

static int mend(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return db_exec(tx,
		"UPDATE schema_version SET checksum = substr(checksum, 2) WHERE version = 1", NULL,
		0, NULL, err);
}

static void refused(struct fix *f, const char *part)
{
	struct store *s = NULL;
	struct mo_err err = { 0 };
	struct store_cfg cfg = { .url = f->url, .readers = 1 };

	assert_int_equal(store_open(&cfg, &s, &err), -1);
	assert_string_equal(mo_err_slug(&err), "schema_unknown");
	assert_non_null(strstr(err.msg, part));
	assert_null(s);
}

static void test_unknown_schema_is_refused(void **state)
{
	struct fix *f = *state;
	struct store_schema before;

	fix_do(f, newer);
	refused(f, "99");
	assert_int_equal(store_migrate(f->store, &before, NULL), -1);
	fix_do(f, drop_newer);
	fix_do(f, tamper);
	refused(f, "tenancy");
	fix_do(f, mend);
	store_close(fix_open(f));
	assert_int_equal(store_migrate(f->store, &before, NULL), 0);
	assert_int_equal(before.found, before.known);
}

/* What only one kind of database runs is part of the checksum too. */
static int own_text_counts(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct migration *m = &migrations[0];
	mo_autobuf struct mo_buf b;
	char hex[65];
	int64_t n;

	mo_buf_init(&b, 1 << 20);
	mo_buf_puts(&b, m->sql);
	mo_buf_puts(&b, db_is_sqlite(tx) ? m->sqlite : m->postgres);
	const char *text = mo_buf_str(&b);
	crypto_sha256_hex(text, strlen(text), hex);
	if (db_int_of(tx, "SELECT count(*) FROM schema_version WHERE version = 1 AND checksum = ?1",
		    DB_ARGS(DB_T(hex)), &n, err) < 0)
		return -1;
	return n == 1 ? 0 : mo_fail(err, MO_EINTERNAL, "another checksum than that of all text");
}

static void test_checksum_covers_own_text(void **state)
{
	fix_do(*state, own_text_counts);
}

static int64_t epoch;

static int take_short(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_take(tx, "agent", "one", 1, &epoch, err);
}

static int take_long(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_take(tx, "agent", "two", 60000000, &epoch, err);
}

static int take_back(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_take(tx, "agent", "one", 60000000, &epoch, err);
}

static int deposed(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_check(tx, "agent", 1, err);
}

static int acting(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_leader_check(tx, "agent", 2, err);
}

static void test_one_leader(void **state)
{
	fix_do(*state, take_short);
	assert_int_equal(epoch, 1);
	usleep(2000);
	fix_do(*state, take_long);
	assert_int_equal(epoch, 2);
	fix_refused(*state, take_back, MO_ECONFLICT, NULL);
	fix_refused(*state, deposed, MO_EPRECOND, NULL);
	fix_do(*state, acting);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unknown_schema_is_refused, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_checksum_covers_own_text, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_one_leader, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
