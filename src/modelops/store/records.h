/* What other changes leave behind: events, audit log, changes for followers, idempotency keys. */
#ifndef MODELOPS_STORE_RECORDS_H
#define MODELOPS_STORE_RECORDS_H

#include "modelops/base/time.h"
#include "modelops/domain/event.h"
#include "modelops/store/store.h"

#include <stddef.h>

/* Adds an event for people: TYPE is a short constant ("StepQueued"), MESSAGE one sentence. Id and
 * time are made here. */
int store_event(struct store_tx *tx, const char *tenant, const char *noun, const char *noun_id,
	const char *type, const char *message, struct mo_err *err);
/* NOUN_ID NULL: all of the tenant. */
int store_event_list(struct store_tx *tx, const char *tenant, const char *noun_id,
	const struct store_page *page, struct mo_arena *a, struct event **ret, size_t *ret_n,
	struct mo_err *err);

/* Adds a line to the audit log; id and created_at of E are made here. */
int store_audit(struct store_tx *tx, const struct audit_entry *e, struct mo_err *err);
int store_audit_list(struct store_tx *tx, const char *tenant, const struct store_page *page,
	struct mo_arena *a, struct audit_entry **ret, size_t *ret_n, struct mo_err *err);

/* Tells followers that NOUN ID of TENANT changed. Changes of a revision or an instance are told as
 * noun "deployment" with the deployment's id. Nouns: tenant api_key role_binding deployment run
 * pool. */
int store_change(struct store_tx *tx, const char *noun, const char *tenant, const char *id,
	struct mo_err *err);
/* Changes after SEQ, oldest first, that no transaction still running can precede. *ret_seq is where
 * to go on. SEQ -1 answers nothing but the newest seq. Seq is a position: it grows, with holes, and
 * on Postgres the changes of one transaction share it (all of them come, even past LIMIT). */
int store_change_list(struct store_tx *tx, int64_t seq, int64_t limit, struct mo_arena *a,
	struct change **ret, size_t *ret_n, int64_t *ret_seq, struct mo_err *err);
/* Oldest seq still kept, 0 when there is none: a follower behind it must reload everything. */
int store_change_oldest(struct store_tx *tx, int64_t *ret_seq, struct mo_err *err);
/* Forgets changes and idempotency keys made before BEFORE. */
int store_records_trim(
	struct store_tx *tx, int64_t before, int64_t *ret_removed, struct mo_err *err);

/* How long a stored answer counts. */
#define STORE_IDEMPOTENCY_US MO_DAY

/* *ret is NULL when the key is new, or so old that it may be used anew. */
int store_idempotency_get(struct store_tx *tx, const char *tenant, const char *principal,
	const char *route, const char *key, struct mo_arena *a, struct idempotency_key **ret,
	struct mo_err *err);
/* In the transaction of the effect, with the reply: MO_ECONFLICT (slug already_exists) when another
 * request with the same key was faster. created_at is made here. */
int store_idempotency_insert(
	struct store_tx *tx, const struct idempotency_key *k, struct mo_err *err);

#endif
