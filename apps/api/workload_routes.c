/* The workload door: what an attempt asks and tells. Its token names the attempt; nothing else is
 * in reach. */
#include "handlers.h"

#include "modelops/artifact/manifest.h"
#include "modelops/artifact/spec.h"
#include "modelops/base/time.h"
#include "modelops/domain/run.h"
#include "modelops/objstore/objstore.h"
#include "modelops/store/runs.h"
#include "modelops/wire/workload.h"

#include "content_digest.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

static const struct wire_ok fine = { .ok = true };

static int need_step(const struct api_req *r, struct mo_err *err)
{
	if (!strncmp(r->attempt, "att_", 4))
		return 0;
	return mo_fail(err, MO_EDENIED, "only the attempt of a step may do this");
}

/* The step of this attempt; the token was checked in an earlier transaction, so its state is
 * checked again. */
static int find_step(
	struct api_req *r, struct store_tx *tx, struct run_step **ret, struct mo_err *err)
{
	struct run_step *step = NULL;
	if (store_step_of_attempt(tx, r->tenant, r->attempt, r->arena, &step, err) < 0)
		return -1;
	if (step->state != STEP_ALLOCATED && step->state != STEP_RUNNING) {
		mo_fail(err, MO_EDENIED, "attempt '%s' is over", r->attempt);
		return mo_advise(err, "attempt_over", NULL);
	}
	*ret = step;
	return 0;
}

static int progress(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_progress *in = r->in;
	bool changed = false;
	int64_t eta = in->eta_s < 0 ? -1 : (int64_t)(in->eta_s + 0.5);
	if (store_step_progress(tx, r->attempt, in->progress_ppm, eta, in->message, &changed, err) <
		0)
		return -1;
	if (!changed) {
		mo_fail(err, MO_EDENIED, "attempt '%s' is over", r->attempt);
		return mo_advise(err, "attempt_over", NULL);
	}
	return req_answer(r, &fine, err);
}

int workload_progress(struct api_req *r, struct mo_err *err)
{
	return need_step(r, err) < 0 ? -1 : req_write(r, progress, err);
}

static int metrics(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_metrics *in = r->in;
	struct run_step *step = NULL;
	if (find_step(r, tx, &step, err) < 0)
		return -1;
	for (size_t i = 0; i < in->metric_count; i++) {
		struct run_metric row = {
			.tenant_id = step->tenant_id,
			.run_id = step->run_id,
			.step = step->name,
			.key = in->metrics[i].key,
			.iteration = in->metrics[i].iteration,
			.value = in->metrics[i].value,
			.at = store_now(tx),
		};
		if (store_run_metric_put(tx, &row, err) < 0)
			return -1;
	}
	return req_answer(r, &fine, err);
}

int workload_metrics(struct api_req *r, struct mo_err *err)
{
	return need_step(r, err) < 0 ? -1 : req_write(r, metrics, err);
}

static const char *log_key(struct api_req *r, int64_t chunk)
{
	return mo_arena_printf(
		r->arena, "tenants/%s/logs/%s/%06lld", r->tenant, r->attempt, (long long)chunk);
}

static int log_row(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct run_step *step = NULL;
	if (find_step(r, tx, &step, err) < 0)
		return -1;
	struct run_log row = {
		.tenant_id = step->tenant_id,
		.run_id = step->run_id,
		.step_id = step->id,
		.attempt_id = r->attempt,
		.chunk = query_number(&r->query, "chunk", 0),
		.object_key = log_key(r, query_number(&r->query, "chunk", 0)),
		.size = (int64_t)r->http->body.n,
		.at = store_now(tx),
	};
	if (!row.object_key)
		return mo_fail(err, MO_ENOMEM, "log");
	return store_run_log_put(tx, &row, err) < 0 ? -1 : req_answer(r, &fine, err);
}

int workload_logs(struct api_req *r, struct mo_err *err)
{
	int64_t chunk = query_number(&r->query, "chunk", 0);
	const char *key = log_key(r, chunk);
	if (need_step(r, err) < 0)
		return -1;
	if (chunk < 0 || chunk > 999999)
		return mo_fail_field(err, "chunk", "%lld is not 0 to 999999", (long long)chunk);
	if (!key)
		return mo_fail(err, MO_ENOMEM, "log");
	if (objstore_put_bytes(r->api->objects, key, r->http->body.p, r->http->body.n, err) < 0)
		return -1;
	return req_write(r, log_row, err);
}

static int outputs(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const struct wire_output *in = r->in;
	struct run_step *step = NULL;
	mo_autobuf struct mo_buf url;
	mo_buf_init(&url, 4096);
	if (find_step(r, tx, &step, err) < 0)
		return -1;
	const char *key = mo_arena_printf(r->arena, "tenants/%s/projects/%s/attempts/%s/%s",
		step->tenant_id, step->project_id, r->attempt, in->path);
	if (!key)
		return mo_fail(err, MO_ENOMEM, "output");
	const struct objstore_grant grant = { .method = "PUT",
		.key = key,
		.expires_at = mo_now() + r->api->cfg.presign_ttl,
		.size = in->size,
		.sha256 = in->sha256 };
	if (objstore_presign(r->api->objects, &grant, &url, err) < 0)
		return -1;
	struct wire_output_link link = {
		.url = mo_buf_str(&url), .method = "PUT", .headers = "{}"
	};
	return req_answer(r, &link, err);
}

int workload_outputs(struct api_req *r, struct mo_err *err)
{
	const struct wire_output *in = r->in;
	if (need_step(r, err) < 0)
		return -1;
	if (!spec_path_valid(in->path))
		return mo_fail_field(err, "path", "'%.80s' is no single safe file name", in->path);
	if (!sha256_text_valid(in->sha256))
		return mo_fail_field(
			err, "sha256", "'%.80s' is not 64 lower-case hex digits", in->sha256);
	return req_read(r, outputs, err);
}
