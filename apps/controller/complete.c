/* The end of a successful attempt, all in one transaction: artifacts, model version, allocation,
 * SUCCEEDED. */
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/domain/artifact.h"
#include "modelops/domain/value.h"
#include "modelops/json/jw.h"
#include "modelops/store/artifacts.h"
#include "modelops/store/pools.h"
#include "modelops/store/records.h"
#include "modelops/store/runs.h"
#include "modelops/wire/value.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUTS_TEXT_MAX = 4 << 20 };

struct completion {
	struct controller *ctl;
	struct step_seen *seen;
	struct value with;
	struct artifact *dataset; /* or NULL */
	const char *metrics;      /* JSON object */
	struct new_version version;
	bool registers;
};

static const char *text_of(struct mo_arena *a, struct mo_buf *b)
{
	const char *text = b->failed ? NULL : mo_arena_memdup(a, mo_buf_str(b), b->len);

	mo_buf_free(b);
	return text;
}

static const char *metrics_text(struct mo_arena *a, const struct manifest *m)
{
	struct mo_buf b;
	struct jw w;

	mo_buf_init(&b, OUTPUTS_TEXT_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	for (size_t i = 0; i < m->nmetrics; i++)
		jw_kf64(&w, m->metrics[i].key, m->metrics[i].value);
	jw_end_obj(&w);
	return text_of(a, &b);
}

static void write_files(struct jw *w, const struct manifest *m)
{
	jw_key(w, "files");
	jw_arr(w);
	for (size_t i = 0; i < m->nfiles; i++) {
		jw_obj(w);
		jw_kstr(w, "path", m->files[i].path);
		jw_ki64(w, "size", m->files[i].size);
		jw_kstr(w, "sha256", m->files[i].sha256);
		jw_end_obj(w);
	}
	jw_end_arr(w);
}

/* What later steps and people read: run_steps.outputs. */
static const char *outputs_text(struct completion *c)
{
	const struct outputs *o = &c->seen->outputs;
	struct mo_buf b;
	struct jw w;

	mo_buf_init(&b, OUTPUTS_TEXT_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "attempt_id", c->seen->step->attempt_id);
	jw_kstr(&w, "object_prefix", o->prefix);
	jw_kstr(&w, "manifest_sha256", o->manifest_sha256);
	jw_ki64(&w, "size", o->size);
	jw_kstr(&w, "device", o->manifest.device);
	if (o->manifest.best_iteration >= 0)
		jw_ki64(&w, "best_iteration", o->manifest.best_iteration);
	jw_kraw(&w, "metrics", c->metrics);
	if (o->signature)
		jw_kraw(&w, "signature", o->signature);
	if (c->dataset) {
		jw_kstr(&w, "dataset_artifact_id", c->dataset->id);
		jw_kstr(&w, "dataset_sha256", c->dataset->sha256);
	}
	write_files(&w, &o->manifest);
	if (c->registers) {
		jw_kstr(&w, "model", c->version.model);
		jw_kstr(&w, "model_id", c->version.model_id);
		jw_kstr(&w, "model_version_id", c->version.id);
		jw_ki64(&w, "version", c->version.version);
	}
	jw_end_obj(&w);
	return text_of(&c->ctl->arena, &b);
}

static int add_artifacts(struct store_tx *tx, struct completion *c, struct mo_err *err)
{
	const struct run_step *step = c->seen->step;
	const struct outputs *o = &c->seen->outputs;

	for (size_t i = 0; i < o->manifest.nfiles; i++) {
		const struct manifest_file *f = &o->manifest.files[i];
		char id[MO_ID_MAX], key[OBJSTORE_KEY_MAX];
		snprintf(key, sizeof(key), "%.380s/%.128s", o->prefix, f->path);
		bool model = step->kind == STEP_TRAIN && mo_streq(f->path, PACKAGE_MODEL);
		struct artifact row = { .id = mo_id_new("art", id),
			.tenant_id = step->tenant_id,
			.project_id = step->project_id,
			.name = f->path,
			.kind = model ? ARTIFACT_MODEL : ARTIFACT_OUTPUT,
			.state = ARTIFACT_READY,
			.object_key = key,
			.size = f->size,
			.sha256 = f->sha256,
			.content_type = "application/octet-stream",
			.created_by = c->seen->live->run->created_by,
			.run_id = step->run_id,
			.step = step->name,
			.created_at = store_now(tx) };
		if (store_artifact_insert(tx, &row, err) < 0)
			return -1;
	}
	return 0;
}

static int find_dataset(struct store_tx *tx, struct completion *c, struct mo_err *err)
{
	const char *id = value_text(&c->with, "dataset", NULL);
	struct mo_err mine = { 0 };

	c->dataset = NULL;
	if (!id || store_artifact_get(tx, c->seen->step->tenant_id, id, &c->ctl->arena, &c->dataset,
			   &mine) == 0)
		return 0;
	if (mine.code == MO_ENOTFOUND) /* deleted meanwhile: the lineage then says less */
		return 0;
	*err = mine;
	return -1;
}

static int add_version(struct store_tx *tx, struct completion *c, struct mo_err *err)
{
	const struct value *reg = value_get(&c->with, "register");
	const struct run_step *step = c->seen->step;
	const struct outputs *o = &c->seen->outputs;
	const char *model = value_text(reg, "model", NULL);

	c->registers = step->kind == STEP_TRAIN && model;
	if (!c->registers)
		return 0;
	c->version = (struct new_version){ .tenant_id = step->tenant_id,
		.project_id = step->project_id,
		.run_id = step->run_id,
		.step = step->name,
		.model = model,
		.alias = value_text(reg, "alias", NULL),
		.object_prefix = o->prefix,
		.manifest_sha256 = o->manifest_sha256,
		.metrics = c->metrics,
		.signature = o->signature,
		.size = o->size,
		.dataset_artifact_id = c->dataset ? c->dataset->id : NULL,
		.dataset_sha256 = c->dataset ? c->dataset->sha256 : NULL };
	return model_add_version(tx, &c->ctl->arena, &c->version, err);
}

static int complete(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct completion *c = ctx;
	const struct run_step *step = c->seen->step;
	bool moved;

	if (find_dataset(tx, c, err) < 0 || add_version(tx, c, err) < 0)
		return -1;
	const char *outputs = outputs_text(c);
	if (!outputs)
		return mo_fail(err, MO_ENOMEM, "outputs of '%s'", step->name);
	if (store_step_move(tx, step->tenant_id, step->id, STEP_SUCCEEDED,
		    SETS(SET_TIME("finished_at", store_now(tx)), SET_TEXT("outputs", outputs),
			    SET_TEXT("device_used", c->seen->outputs.manifest.device),
			    SET_INT("progress_ppm", 1000000), SET_INT("eta_s", 0),
			    SET_TEXT("detail", NULL), SET_TEXT("reason", NULL)),
		    &moved, err) < 0)
		return -1;
	if (!moved)
		return mo_fail(
			err, MO_ECONFLICT, "step '%s' is not REGISTERING any more", step->name);
	if (add_artifacts(tx, c, err) < 0 ||
		store_allocation_release(tx, step->attempt_id, ALLOC_COMPLETED,
			ctl_store_time(tx, c->seen->exec.ended_at), err) < 0)
		return -1;
	return store_event(tx, step->tenant_id, "run", step->run_id, "StepSucceeded",
		mo_arena_printf(&c->ctl->arena, "Step '%s' succeeded.", step->name), err);
}

/* Steps without a job have their outputs already. */
static int complete_inline(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct completion *c = ctx;
	const struct run_step *step = c->seen->step;
	bool moved;

	if (store_step_move(tx, step->tenant_id, step->id, STEP_SUCCEEDED,
		    SETS(SET_TIME("finished_at", store_now(tx)), SET_INT("progress_ppm", 1000000),
			    SET_INT("eta_s", 0), SET_TEXT("detail", NULL)),
		    &moved, err) < 0 ||
		!moved)
		return moved ? -1 : mo_fail(err, MO_ECONFLICT, "step '%s' moved", step->name);
	return store_event(tx, step->tenant_id, "run", step->run_id, "StepSucceeded",
		mo_arena_printf(&c->ctl->arena, "Step '%s' succeeded.", step->name), err);
}

int step_complete(struct controller *ctl, struct step_seen *seen, struct mo_err *err)
{
	struct completion c = { .ctl = ctl, .seen = seen };

	if (!step_kind_runs_job(seen->step->kind))
		return ctl_write(ctl, complete_inline, &c, err);
	if (seen->step->inputs &&
		wire_value_parse(seen->step->inputs, &ctl->arena, &c.with, err) < 0)
		return -1;
	c.metrics = metrics_text(&ctl->arena, &seen->outputs.manifest);
	if (!c.metrics)
		return mo_fail(err, MO_ENOMEM, "metrics of '%s'", seen->step->name);
	return ctl_write(ctl, complete, &c, err);
}
