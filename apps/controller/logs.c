/* Output of attempts: what is new in the executor's log becomes a chunk in the object store and a
 * row. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/domain/run.h"
#include "modelops/domain/step.h"
#include "modelops/store/runs.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_MAX = 1 << 20 };

/* Where appending goes on; read from the rows when this process first meets the attempt. */
struct log_place {
	int64_t chunks, bytes;
	int64_t next_at;       /* mono: not before this */
	int64_t failing_since; /* mono; 0: its end has not failed yet */
};

/* An ended attempt waits this long for an object store that does not take its output. */
static const int64_t patience = 5 * MO_SECOND;

struct place_query {
	const char *attempt_id;
	struct log_place *place;
};

static int read_place(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct place_query *q = ctx;

	return store_run_log_end(tx, q->attempt_id, &q->place->chunks, &q->place->bytes, err);
}

static int place_of(
	struct controller *ctl, const char *attempt_id, struct log_place **ret, struct mo_err *err)
{
	struct log_place *place = mo_map_get(&ctl->logs, attempt_id, strlen(attempt_id));

	if (!place) {
		place = calloc(1, sizeof(*place));
		if (!place)
			return mo_fail(err, MO_ENOMEM, "log of '%s'", attempt_id);
		struct place_query q = { attempt_id, place };
		if (store_read(ctl->store, read_place, &q, err) < 0) {
			free(place);
			return -1;
		}
		if (mo_map_set(&ctl->logs, attempt_id, strlen(attempt_id), place, NULL) < 0) {
			free(place);
			return mo_fail(err, MO_ENOMEM, "log of '%s'", attempt_id);
		}
	}
	*ret = place;
	return 0;
}

static int insert_chunk(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct run_log *row = ctx;

	row->at = store_now(tx);
	return store_run_log_put(tx, row, err);
}

/* The object first, then its row: a crash between them writes the same chunk again. */
static int write_chunk(struct controller *ctl, const struct run_step *step, struct log_place *place,
	const struct mo_buf *bytes, struct mo_err *err)
{
	char key[OBJSTORE_KEY_MAX];
	struct run_log row = { .tenant_id = step->tenant_id,
		.run_id = step->run_id,
		.step_id = step->id,
		.attempt_id = step->attempt_id,
		.chunk = place->chunks,
		.object_key = key,
		.size = (int64_t)bytes->len };

	snprintf(key, sizeof(key), "tenants/%s/logs/%s/%06lld", step->tenant_id, step->attempt_id,
		(long long)place->chunks);
	if (objstore_put_bytes(ctl->objects, key, bytes->data, bytes->len, err) < 0 ||
		ctl_write(ctl, insert_chunk, &row, err) < 0)
		return -1;
	place->chunks++;
	place->bytes += (int64_t)bytes->len;
	return 0;
}

int logs_collect(struct controller *ctl, const struct run_step *step, bool all, struct mo_err *err)
{
	struct log_place *place = NULL;
	mo_autobuf struct mo_buf bytes;

	mo_buf_init(&bytes, CHUNK_MAX);
	if (!step->attempt_id || place_of(ctl, step->attempt_id, &place, err) < 0)
		return step->attempt_id ? -1 : 0;
	if (!all && mo_mono() < place->next_at)
		return 0;
	place->next_at = mo_mono() + MO_SECOND;
	do {
		mo_buf_reset(&bytes);
		if (executor_log(ctl->ex, step->attempt_id, place->bytes, &bytes, err) < 0)
			return -1;
		if (bytes.len > 0 && write_chunk(ctl, step, place, &bytes, err) < 0)
			return -1;
	} while (all && bytes.len > 0);
	return 0;
}

int logs_finish(struct controller *ctl, const struct run_step *step, struct mo_err *ret_gap,
	struct mo_err *err)
{
	struct mo_err mine = { 0 };

	if (logs_collect(ctl, step, true, &mine) == 0)
		return 0;
	struct log_place *place =
		mo_map_get(&ctl->logs, step->attempt_id, strlen(step->attempt_id));
	if (place && !place->failing_since)
		place->failing_since = mo_mono();
	if (!place || mine.code == MO_EPRECOND || mo_mono() - place->failing_since < patience) {
		*err = mine;
		return -1;
	}
	*ret_gap = mine;
	return 0;
}

void logs_forget(struct controller *ctl, const char *attempt_id)
{
	free(mo_map_remove(&ctl->logs, attempt_id, strlen(attempt_id)));
}

void logs_free(struct controller *ctl)
{
	struct log_place *place = NULL;

	for (size_t pos = 0; (place = mo_map_next(&ctl->logs, &pos, NULL));)
		free(place);
	mo_map_free(&ctl->logs);
}
