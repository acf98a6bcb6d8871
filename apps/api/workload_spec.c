/* GET /v1/workload/spec: what an attempt is to do, with a presigned link for each file it needs. */
#include "handlers.h"

#include "modelops/artifact/manifest.h"
#include "modelops/base/time.h"
#include "modelops/domain/artifact.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/model.h"
#include "modelops/domain/value.h"
#include "modelops/objstore/objstore.h"
#include "modelops/store/artifacts.h"
#include "modelops/store/deployments.h"
#include "modelops/store/models.h"
#include "modelops/store/runs.h"
#include "modelops/wire/value.h"
#include "modelops/wire/workload.h"

#include "rows.h"

#include <string.h>

enum { INPUTS_MAX = 64 };

struct wanted {
	struct wire_workload_spec spec;
	struct wire_workload_input inputs[INPUTS_MAX];
	const char *package; /* object prefix of a model package whose files are inputs, or NULL */
	const char *sha256;  /* of its manifest when it was registered, or NULL */
	struct artifact *dataset;
};

/* By the id that its name was when the run was made, and by nothing else. */
static int find_dataset(struct api_req *r, struct store_tx *tx, const struct value *with,
	struct wanted *w, struct mo_err *err)
{
	const char *id = value_text(with, "dataset", NULL);
	return id ? store_artifact_get(tx, r->tenant, id, r->arena, &w->dataset, err) : 0;
}

/* A model ref of an evaluate step: a step of this run that trained it, or "NAME", "NAME:VERSION",
 * "NAME@ALIAS". */
static int find_package(struct api_req *r, struct store_tx *tx, const struct run_step *step,
	const char *ref, struct wanted *w, struct mo_err *err)
{
	struct run_step *trained = NULL;
	struct model *model = NULL;
	struct model_alias *alias = NULL;
	struct model_version *version = NULL;
	struct mo_err none = { 0 };
	if (store_step_find(tx, r->tenant, step->run_id, ref, r->arena, &trained, &none) == 0 &&
		trained->attempt_id) {
		w->package = mo_arena_printf(r->arena, "tenants/%s/projects/%s/attempts/%s",
			step->tenant_id, step->project_id, trained->attempt_id);
		return w->package ? 0 : mo_fail(err, MO_ENOMEM, "spec");
	}
	char *name = mo_arena_strdup(r->arena, ref);
	char *mark = name ? strpbrk(name, ":@") : NULL, kind = mark ? *mark : '\0';
	int64_t number = 0;
	if (!name)
		return mo_fail(err, MO_ENOMEM, "spec");
	if (mark)
		*mark = '\0';
	if (store_model_find(tx, r->tenant, step->project_id, name, r->arena, &model, err) < 0)
		return -1;
	if (kind == '@' && store_model_alias_get(
				   tx, r->tenant, model->id, mark + 1, r->arena, &alias, err) < 0)
		return -1;
	if (kind == ':' && mo_parse_i64(mark + 1, strlen(mark + 1), &number) < 0)
		return mo_fail(err, MO_ENOTFOUND, "no model version '%.80s'", ref);
	if (alias)
		number = alias->version;
	struct store_page newest = { .limit = 1 };
	size_t n = 1;
	int rc = number ? store_model_version_find(
				  tx, r->tenant, model->id, number, r->arena, &version, err)
			: store_model_version_list(
				  tx, r->tenant, model->id, &newest, r->arena, &version, &n, err);
	if (rc < 0)
		return -1;
	if (n == 0)
		return mo_fail(err, MO_ENOTFOUND, "model '%s' has no version", model->name);
	w->package = version->object_prefix;
	w->sha256 = version->manifest_sha256;
	return 0;
}

static int step_spec(struct api_req *r, struct store_tx *tx, struct wanted *w, struct mo_err *err)
{
	struct run_step *step = NULL;
	struct value with = { .type = VALUE_MAP };
	if (store_step_of_attempt(tx, r->tenant, r->attempt, r->arena, &step, err) < 0 ||
		(step->inputs && wire_value_parse(step->inputs, r->arena, &with, err) < 0))
		return -1;
	const char *ref = step->kind == STEP_EVALUATE ? value_text(&with, "model", NULL) : NULL;
	w->spec.kind = enum_name(&step_kinds, (int)step->kind);
	w->spec.step = mo_arena_printf(r->arena,
		"{\"name\":\"%s\",\"device\":\"%s\",\"shares\":%lld,\"with\":%s}", step->name,
		enum_name(&step_devices, (int)step->device), (long long)step->shares,
		step->inputs ? step->inputs : "{}");
	if (!w->spec.step)
		return mo_fail(err, MO_ENOMEM, "spec");
	if (find_dataset(r, tx, &with, w, err) < 0)
		return -1;
	return ref ? find_package(r, tx, step, ref, w, err) : 0;
}

static int instance_spec(
	struct api_req *r, struct store_tx *tx, struct wanted *w, struct mo_err *err)
{
	struct instance *instance = NULL;
	struct revision *revision = NULL;
	struct model_version *version = NULL;
	if (store_instance_get(tx, r->tenant, r->attempt, r->arena, &instance, err) < 0 ||
		store_revision_get(tx, r->tenant, instance->revision_id, r->arena, &revision, err) <
			0 ||
		store_model_version_get(
			tx, r->tenant, revision->model_version_id, r->arena, &version, err) < 0)
		return -1;
	w->spec.kind = "serve";
	w->spec.step = "{}";
	w->package = version->object_prefix;
	w->sha256 = version->manifest_sha256;
	return 0;
}

static int collect(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct wanted *w = r->in;
	return strncmp(r->attempt, "att_", 4) ? instance_spec(r, tx, w, err)
					      : step_spec(r, tx, w, err);
}

static int add_input(struct api_req *r, struct wanted *w, const char *path, const char *key,
	int64_t size, const char *sha256, struct mo_err *err)
{
	mo_autobuf struct mo_buf url;
	mo_buf_init(&url, 4096);
	if (w->spec.input_count == INPUTS_MAX)
		return mo_fail(err, MO_ETOOBIG, "more than %d input files", INPUTS_MAX);
	const struct objstore_grant grant = {
		.method = "GET", .key = key, .expires_at = mo_now() + r->api->cfg.presign_ttl
	};
	if (objstore_presign(r->api->objects, &grant, &url, err) < 0)
		return -1;
	struct wire_workload_input *input = &w->inputs[w->spec.input_count++];
	*input = (struct wire_workload_input){
		.path = path,
		.url = mo_arena_strdup(r->arena, mo_buf_str(&url)),
		.size = size,
		.sha256 = sha256,
	};
	return input->url ? 0 : mo_fail(err, MO_ENOMEM, "spec");
}

/* The files that the package's manifest lists, and the manifest itself. */
static int add_package(struct api_req *r, struct wanted *w, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	struct manifest manifest;
	struct objstore_info info = { 0 };
	const char *key = mo_arena_printf(r->arena, "%s/%s", w->package, PACKAGE_MANIFEST);
	mo_buf_init(&text, MANIFEST_BYTES_MAX);
	if (!key)
		return mo_fail(err, MO_ENOMEM, "spec");
	if (objstore_get_bytes(r->api->objects, key, &text, err) < 0 ||
		manifest_parse(r->arena, text.data, text.len, &manifest, err) < 0 ||
		objstore_hash(r->api->objects, key, &info, err) < 0)
		return -1;
	/* The store is no witness of itself: what was registered is what is served. */
	if (w->sha256 && *w->sha256 && strcmp(w->sha256, info.sha256) != 0)
		return mo_fail(
			err, MO_ECONFLICT, "the model package was changed after it was registered");
	for (size_t i = 0; i < manifest.nfiles; i++) {
		const struct manifest_file *file = &manifest.files[i];
		const char *at = mo_arena_printf(r->arena, "%s/%s", w->package, file->path);
		if (!at)
			return mo_fail(err, MO_ENOMEM, "spec");
		if (add_input(r, w, file->path, at, file->size, file->sha256, err) < 0)
			return -1;
	}
	const char *sha256 = mo_arena_strdup(r->arena, info.sha256);
	return sha256 ? add_input(r, w, PACKAGE_MANIFEST, key, info.size, sha256, err)
		      : mo_fail(err, MO_ENOMEM, "spec");
}

int workload_spec(struct api_req *r, struct mo_err *err)
{
	struct wanted *w = mo_arena_zalloc(r->arena, sizeof(*w));
	if (!w)
		return mo_fail(err, MO_ENOMEM, "spec");
	r->in = w;
	w->spec.attempt_id = r->attempt;
	w->spec.inputs = w->inputs;
	if (req_read(r, collect, err) < 0)
		return -1;
	if (w->dataset && add_input(r, w, "dataset.csv", w->dataset->object_key, w->dataset->size,
				  w->dataset->sha256, err) < 0)
		return -1;
	if (w->package && add_package(r, w, err) < 0)
		return -1;
	return req_answer(r, &w->spec, err);
}
