/* What the store says of a key, a tenant or an attempt: the slow way of authentication, on a
 * worker. */
#ifndef MODELOPS_API_KEY_LOAD_H
#define MODELOPS_API_KEY_LOAD_H

#include "request.h"

struct store;

/* NAME is "key_..." or "tenant:NAME". An unknown one is success with found = false. */
int key_load(
	struct store *store, const char *name, struct key_entry *ret_entry, struct mo_err *err);

/* Checks TOKEN against the live attempt r->attempt and fills r->actor and r->tenant with its tenant
 * and project. MO_EAUTH for a token that is none of ours, MO_EDENIED for one of an attempt that is
 * over. */
int attempt_load(struct api_req *r, struct mo_str token, struct mo_err *err);

#endif
