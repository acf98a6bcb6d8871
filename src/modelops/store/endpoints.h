/* What the gateway needs to know of a deployment, in one look. */
#ifndef MODELOPS_STORE_ENDPOINTS_H
#define MODELOPS_STORE_ENDPOINTS_H

#include "modelops/store/store.h"

#include <stddef.h>

struct endpoint_head {
	const char *id, *tenant_id, *project_id, *state;
};

/* A READY instance of a revision that takes traffic. */
struct endpoint_row {
	const char *id, *address;
	int64_t weight; /* per cent, > 0 */
};

/* *ret_head is NULL when the deployment is absent or being deleted. No tenant: the gateway compares
 * it with the caller's. */
int store_endpoint(struct store_tx *tx, const char *deployment, struct mo_arena *a,
	struct endpoint_head **ret_head, struct endpoint_row **ret_rows, size_t *ret_n,
	struct mo_err *err);

#endif
