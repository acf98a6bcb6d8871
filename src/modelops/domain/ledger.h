/* The ledger: append-only quantities, hash-chained per tenant. Pure: the store keeps the rows. */
#ifndef MODELOPS_DOMAIN_LEDGER_H
#define MODELOPS_DOMAIN_LEDGER_H

#include "modelops/base/err.h"
#include "modelops/domain/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_HASH_TEXT = 65 }; /* 64 lower-case hex digits and NUL */

/* prev_hash of a tenant's first entry. */
#define LEDGER_GENESIS "0000000000000000000000000000000000000000000000000000000000000000"

struct ledger_entry {
	const char *tenant_id;
	int64_t seq; /* 1.. per tenant, without holes */
	const char *window_id, *project_id, *resource_id, *metric, *price_class;
	int64_t quantity;
	int64_t start_at, end_at;
	const char *reason;
	bool billable;
	const char *evidence; /* JSON document, or NULL; not hashed */
	const char *prev_hash, *hash;
	int64_t created_at;
};

/* Last entry of a tenant's chain: { 0, LEDGER_GENESIS } before the first. */
struct ledger_head {
	int64_t seq;
	char hash[LEDGER_HASH_TEXT];
};

/* The empty chain. */
struct ledger_head ledger_head_empty(void);

/* Hash of E after PREV_HASH:
 * SHA-256(prev_hash "\n" tenant_id|seq|window_id|project_id|resource_id|metric|price_class|
 * quantity|start_at|end_at|reason|billable). MO_ENOMEM. */
int ledger_hash(const struct ledger_entry *e, const char *prev_hash,
	char ret_hash[LEDGER_HASH_TEXT], struct mo_err *err);

/* Makes the entry for window W after HEAD: seq, prev_hash and hash are set, *head moves on. Strings
 * of *ret_entry are borrowed from W, from PREV and from HEAD->hash; PREV keeps the old hash. */
int ledger_append(struct ledger_head *head, const struct usage_window *w,
	char prev[LEDGER_HASH_TEXT], struct ledger_entry *ret_entry, struct mo_err *err);

/* E is the right successor of HEAD (seq, prev_hash, hash); *head moves on. MO_ECONFLICT says what
 * is wrong at which seq. */
int ledger_verify(struct ledger_head *head, const struct ledger_entry *e, struct mo_err *err);

#endif
