/* On a worker: reads a deployment's endpoint. */
#include "gateway.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/store/endpoints.h"

#include <string.h>

enum { VIEW_MEMORY = 1 << 20, VIEW_BLOCK = 16384 };

struct view_job {
	const char *deployment;
	struct mo_arena arena;
	struct endpoint_head *head;
	struct endpoint_row *rows;
	size_t n;
};

static int read_view(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct view_job *j = ctx;

	mo_arena_reset(&j->arena);
	return store_endpoint(tx, j->deployment, &j->arena, &j->head, &j->rows, &j->n, err);
}

static int fill_view(const struct view_job *j, const struct workload_key *key,
	struct endpoint_view *v, struct mo_err *err)
{
	memset(v, 0, sizeof(*v));
	if (mo_str_copy(v->deployment, MO_ID_MAX, j->deployment) < 0)
		return mo_fail(err, MO_EINTERNAL, "deployment id '%s' is too long", j->deployment);
	if (!j->head)
		return 0;
	if (mo_str_copy(v->tenant, MO_ID_MAX, j->head->tenant_id) < 0 ||
		mo_str_copy(v->project, MO_ID_MAX, j->head->project_id) < 0)
		return mo_fail(
			err, MO_EINTERNAL, "ids of deployment '%s' are too long", j->deployment);
	v->found = true;
	for (size_t i = 0; i < j->n && v->n < ENDPOINT_TARGETS_MAX; i++) {
		struct endpoint_target_view *t = &v->targets[v->n];
		if (mo_str_copy(t->instance, MO_ID_MAX, j->rows[i].id) < 0 ||
			mo_str_copy(t->address, ENDPOINT_ADDRESS_MAX, j->rows[i].address) < 0)
			continue; /* an address no instance of ours writes */
		workload_instance_secret(key, t->instance, t->secret);
		t->weight = (unsigned)j->rows[i].weight;
		v->n++;
	}
	return 0;
}

int gateway_load_view(struct store *store, const char *deployment, const struct workload_key *key,
	struct endpoint_view *ret, struct mo_err *err)
{
	struct view_job j = { .deployment = deployment };

	mo_arena_init(&j.arena, VIEW_MEMORY, VIEW_BLOCK);
	int rc = store_read(store, read_view, &j, err);
	if (rc == 0)
		rc = fill_view(&j, key, ret, err);
	mo_arena_free(&j.arena);
	return rc;
}
