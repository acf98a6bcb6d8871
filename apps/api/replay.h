/* Stored answers of writes: what is kept of them and how they are given again, byte for byte. */
#ifndef MODELOPS_API_REPLAY_H
#define MODELOPS_API_REPLAY_H

#include "modelops/domain/event.h"

#include "request.h"

/* The body of R's reply as it may be stored: r->secret in it is starred out. In the arena; NULL
 * when memory is out. */
const char *replay_text(const struct api_req *r);

/* Makes OLD's answer the reply of R; the starred secret of an API key is derived again. */
int replay_answer(struct api_req *r, const struct idempotency_key *old, struct mo_err *err);

/* The secret of the key KEY_ID when it must be repeatable: derived from the workload key, so that
 * it is stored nowhere. */
void replay_secret(const struct api *api, const char *key_id, unsigned char ret_secret[32]);

#endif
