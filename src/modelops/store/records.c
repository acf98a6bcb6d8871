/* Events, audit log, changes for followers, idempotency keys. */
#include "modelops/store/records.h"

#include "modelops/base/id.h"
#include "modelops/store/rows.h"

static const struct db_col event_cols[] = {
	DB_COL(event, id, DB_TEXT),
	DB_COL(event, tenant_id, DB_TEXT),
	DB_COL(event, noun, DB_TEXT),
	DB_COL(event, noun_id, DB_TEXT),
	DB_COL(event, type, DB_TEXT),
	DB_COL(event, message, DB_TEXT),
	DB_COL(event, created_at, DB_INT),
};
static const struct db_table events = DB_TABLE("events", "event", event, event_cols);

static const struct db_col audit_cols[] = {
	DB_COL(audit_entry, id, DB_TEXT),
	DB_COL(audit_entry, tenant_id, DB_TEXT),
	DB_COL(audit_entry, actor, DB_TEXT),
	DB_COL(audit_entry, action, DB_TEXT),
	DB_COL(audit_entry, noun, DB_TEXT),
	DB_COL(audit_entry, noun_id, DB_TEXT),
	DB_COL(audit_entry, request_id, DB_TEXT),
	DB_COL(audit_entry, created_at, DB_INT),
};
static const struct db_table audits = DB_TABLE("audit_log", "audit entry", audit_entry, audit_cols);

static const struct db_col change_cols[] = {
	DB_COL(change, seq, DB_INT),
	DB_COL(change, noun, DB_TEXT),
	DB_COL(change, id, DB_TEXT),
	DB_COL(change, tenant_id, DB_TEXT),
	DB_COL(change, created_at, DB_INT),
};
static const struct db_table changes = DB_TABLE("changes", "change", change, change_cols);
/* On Postgres the position in the feed is the transaction's id, see store_change_list. */
static const struct db_table settled_changes = DB_TABLE(
	"(SELECT xid::text::bigint AS seq, noun, id, tenant_id, created_at, xid FROM changes) AS c",
	"change", change, change_cols);

static const struct db_col key_cols[] = {
	DB_COL(idempotency_key, tenant_id, DB_TEXT),
	DB_COL(idempotency_key, principal, DB_TEXT),
	DB_COL(idempotency_key, route, DB_TEXT),
	DB_COL(idempotency_key, key, DB_TEXT),
	DB_COL(idempotency_key, body_sha256, DB_TEXT),
	DB_COL(idempotency_key, status, DB_INT),
	DB_COL(idempotency_key, etag, DB_INT),
	DB_COL(idempotency_key, response, DB_TEXT),
	DB_COL(idempotency_key, created_at, DB_INT),
};
static const struct db_table keys =
	DB_TABLE("idempotency_keys", "idempotency key", idempotency_key, key_cols);

int store_event(struct store_tx *tx, const char *tenant, const char *noun, const char *noun_id,
	const char *type, const char *message, struct mo_err *err)
{
	char id[MO_ID_MAX];
	struct event e = { .id = mo_id_new("evt", id),
		.tenant_id = tenant,
		.noun = noun,
		.noun_id = noun_id,
		.type = type,
		.message = message,
		.created_at = store_now(tx) };

	return db_insert(tx, &events, &e, id, err);
}

int store_event_list(struct store_tx *tx, const char *tenant, const char *noun_id,
	const struct store_page *page, struct mo_arena *a, struct event **ret, size_t *ret_n,
	struct mo_err *err)
{
	return db_page_where(
		tx, &events, "noun_id", noun_id, tenant, page, a, (void **)ret, ret_n, err);
}

int store_audit(struct store_tx *tx, const struct audit_entry *e, struct mo_err *err)
{
	char id[MO_ID_MAX];
	struct audit_entry row = *e;

	row.id = mo_id_new("aud", id);
	row.created_at = store_now(tx);
	return db_insert(tx, &audits, &row, id, err);
}

int store_audit_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct audit_entry **ret, size_t *ret_n, struct mo_err *err)
{
	return db_page_owned(tx, &audits, tenant, page, a, (void **)ret, ret_n, err);
}

int store_change(struct store_tx *tx, const char *noun, const char *tenant, const char *id,
	struct mo_err *err)
{
	return db_exec(tx,
		"INSERT INTO changes (noun, id, tenant_id, created_at) VALUES (?1, ?2, ?3, ?4)",
		DB_ARGS(DB_T(noun), DB_T(id), DB_T(tenant), DB_I(store_now(tx))), NULL, err);
}

/* Postgres: neither the order of seq nor that of transaction ids is the order of commit. But every
 * transaction below the snapshot's xmin has ended, so a follower that goes by transaction id and
 * stops there never passes a row that appears later (going by seq it would: the older transaction
 * may draw the larger number). A transaction's rows come together (WITH TIES), so its id alone is
 * the position. */
#define CHANGES_SETTLED "xid < pg_snapshot_xmin(pg_current_snapshot())"

/* Moves with the changes only: the lease of a leader, or another database of the server, is no
 * news. */
static int newest(struct store_tx *tx, int64_t *ret_seq, struct mo_err *err)
{
	const char *sql = db_is_sqlite(tx)
				  ? "SELECT max(seq) FROM changes"
				  : "SELECT xid::text::bigint FROM changes WHERE " CHANGES_SETTLED
				    " ORDER BY xid DESC LIMIT 1";

	return db_int_of(tx, sql, NULL, 0, ret_seq, err);
}

int store_change_list(struct store_tx *tx, int64_t seq, int64_t limit, struct mo_arena *a,
	struct change **ret, size_t *ret_n, int64_t *ret_seq, struct mo_err *err)
{
	const struct db_table *t = db_is_sqlite(tx) ? &changes : &settled_changes;
	const char *tail = db_is_sqlite(tx) ? "WHERE seq > ?1 ORDER BY seq LIMIT ?2"
					    : "WHERE xid > ?1::text::xid8 AND " CHANGES_SETTLED
					      " ORDER BY xid FETCH FIRST ?2 ROWS WITH TIES";

	*ret_n = 0;
	if (seq < 0)
		return newest(tx, ret_seq, err);
	if (db_list(tx, t, tail, DB_ARGS(DB_I(seq), DB_I(limit)), a, (void **)ret, ret_n, err) < 0)
		return -1;
	*ret_seq = *ret_n ? (*ret)[*ret_n - 1].seq : seq;
	return 0;
}

int store_change_oldest(struct store_tx *tx, int64_t *ret_seq, struct mo_err *err)
{
	return db_int_of(tx,
		db_is_sqlite(tx) ? "SELECT min(seq) FROM changes"
				 : "SELECT xid::text::bigint FROM changes ORDER BY xid LIMIT 1",
		NULL, 0, ret_seq, err);
}

int store_records_trim(
	struct store_tx *tx, int64_t before, int64_t *ret_removed, struct mo_err *err)
{
	int64_t a, b;

	/* The newest row stays: SQLite numbers the next one after it. */
	if (db_exec(tx,
		    "DELETE FROM changes WHERE created_at < ?1 AND seq < (SELECT max(seq) FROM "
		    "changes)",
		    DB_ARGS(DB_I(before)), &a, err) < 0 ||
		db_exec(tx, "DELETE FROM idempotency_keys WHERE created_at < ?1",
			DB_ARGS(DB_I(before)), &b, err) < 0)
		return -1;
	*ret_removed = a + b;
	return 0;
}

int store_idempotency_get(struct store_tx *tx, const char *tenant, const char *principal,
	const char *route, const char *key, struct mo_arena *a, struct idempotency_key **ret,
	struct mo_err *err)
{
	size_t n;

	return db_list(tx, &keys,
		"WHERE tenant_id = ?1 AND principal = ?2 AND route = ?3 AND key = ?4 AND "
		"created_at > ?5",
		DB_ARGS(DB_T(tenant), DB_T(principal), DB_T(route), DB_T(key),
			DB_I(store_now(tx) - STORE_IDEMPOTENCY_US)),
		a, (void **)ret, &n, err);
}

int store_idempotency_insert(
	struct store_tx *tx, const struct idempotency_key *k, struct mo_err *err)
{
	struct idempotency_key row = *k;

	row.created_at = store_now(tx);
	/* The agent removes old ones when it comes to it; the key is free before that. */
	if (db_exec(tx,
		    "DELETE FROM idempotency_keys WHERE tenant_id = ?1 AND principal = ?2 AND "
		    "route = ?3 AND key = ?4 AND created_at <= ?5",
		    DB_ARGS(DB_T(k->tenant_id), DB_T(k->principal), DB_T(k->route), DB_T(k->key),
			    DB_I(row.created_at - STORE_IDEMPOTENCY_US)),
		    NULL, err) < 0)
		return -1;
	return db_insert(tx, &keys, &row, k->key, err);
}
