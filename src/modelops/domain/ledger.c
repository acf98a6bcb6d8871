/* Hashing, appending to and verifying a tenant's ledger chain. */
#include "modelops/domain/ledger.h"

#include "modelops/base/buf.h"
#include "modelops/base/str.h"
#include "modelops/crypto/crypto.h"

#include <inttypes.h>
#include <string.h>

enum { CANONICAL_MAX = 4096 };

struct ledger_head ledger_head_empty(void)
{
	return (struct ledger_head){ 0, LEDGER_GENESIS };
}

int ledger_hash(const struct ledger_entry *e, const char *prev_hash,
	char ret_hash[LEDGER_HASH_TEXT], struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	mo_buf_init(&text, CANONICAL_MAX);
	mo_buf_printf(&text,
		"%s\n%s|%" PRId64 "|%s|%s|%s|%s|%s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%s|%d",
		prev_hash, e->tenant_id, e->seq, e->window_id, e->project_id, e->resource_id,
		e->metric, e->price_class, e->quantity, e->start_at, e->end_at, e->reason,
		e->billable);
	if (text.failed)
		return mo_fail(err, MO_ENOMEM, "ledger entry %" PRId64 " of tenant %s", e->seq,
			e->tenant_id);
	crypto_sha256_hex(text.data, text.len, ret_hash);
	return 0;
}

int ledger_append(struct ledger_head *head, const struct usage_window *w,
	char prev[LEDGER_HASH_TEXT], struct ledger_entry *ret_entry, struct mo_err *err)
{
	struct ledger_entry e = { .tenant_id = w->tenant_id,
		.seq = head->seq + 1,
		.window_id = w->id,
		.project_id = w->project_id,
		.resource_id = w->resource_id,
		.metric = w->metric,
		.price_class = w->price_class,
		.quantity = w->quantity,
		.start_at = w->start_at,
		.end_at = w->end_at,
		.reason = w->reason,
		.billable = reason_billed(w->reason),
		.created_at = w->created_at };
	char hash[LEDGER_HASH_TEXT];
	if (ledger_hash(&e, head->hash, hash, err) < 0)
		return -1;
	memcpy(prev, head->hash, LEDGER_HASH_TEXT);
	memcpy(head->hash, hash, LEDGER_HASH_TEXT);
	head->seq = e.seq;
	e.prev_hash = prev;
	e.hash = head->hash;
	*ret_entry = e;
	return 0;
}

int ledger_verify(struct ledger_head *head, const struct ledger_entry *e, struct mo_err *err)
{
	char hash[LEDGER_HASH_TEXT];
	if (e->seq != head->seq + 1)
		return mo_fail(err, MO_ECONFLICT, "entry %" PRId64 " follows entry %" PRId64,
			e->seq, head->seq);
	if (!mo_streq(e->prev_hash, head->hash))
		return mo_fail(err, MO_ECONFLICT,
			"entry %" PRId64 " names %s as the entry before, not %s", e->seq,
			e->prev_hash, head->hash);
	if (ledger_hash(e, head->hash, hash, err) < 0)
		return -1;
	if (!mo_streq(e->hash, hash))
		return mo_fail(err, MO_ECONFLICT, "entry %" PRId64 " hashes to %s, but says %s",
			e->seq, hash, e->hash);
	head->seq = e->seq;
	memcpy(head->hash, hash, LEDGER_HASH_TEXT);
	return 0;
}
